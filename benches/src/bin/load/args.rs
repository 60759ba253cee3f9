//! What can be said on the command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use patchbay_benches::{
    cast::{Cast, CastSize},
    stand_in::Flaw,
};

/// Plays a homeserver: its transactions, and its client-server API.
///
/// Three steps: `config` writes a directory for `patchbay serve --config`, `run` plays against that host, and
/// `stand-in` is what to run instead of the host to see what the generator alone can do.
#[derive(Parser)]
#[command(name = "patchbay-load", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Writes a configuration directory whose tenants own the rooms of `run`.
    Config(ConfigArgs),
    /// Delivers events and tells what it cost.
    Run(Box<RunArgs>),
    /// Listens like a host that only answers, or like one with a known flaw.
    StandIn {
        /// Where.
        #[arg(long, default_value = "127.0.0.1:9108")]
        listen: SocketAddr,
        /// What is wrong with it.
        #[arg(long, value_enum, default_value = "null")]
        flaw: Flaw,
    },
}

/// Who takes part: the same for `config` and `run`.
#[derive(Args, Clone)]
pub(crate) struct CastArgs {
    /// The same seed gives the same rooms and events.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Tenants, named t0, t1 and so on.
    #[arg(long, default_value_t = 1)]
    pub(crate) tenants: usize,
    /// Rooms, over all tenants.
    #[arg(long, default_value_t = 100)]
    pub(crate) rooms: usize,
    /// Users, over all rooms.
    #[arg(long, default_value_t = 200)]
    pub(crate) users: usize,
}

#[derive(Args)]
pub(crate) struct ConfigArgs {
    /// The directory.
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) cast: CastArgs,
    /// Where `cargo xtask guests` left the components.
    #[arg(long, default_value = "target/guests")]
    pub(crate) components: PathBuf,
    /// Where the host is to listen for homeservers.
    #[arg(long, default_value = "127.0.0.1:9108")]
    pub(crate) appservice: SocketAddr,
    /// Where the host is to listen for its operator.
    #[arg(long, default_value = "127.0.0.1:9109")]
    pub(crate) admin: SocketAddr,
    /// Where `run` plays the client-server API.
    #[arg(long, default_value = "127.0.0.1:9110")]
    pub(crate) homeserver: SocketAddr,
    /// `synchronous = "normal"` instead of `full`.
    #[arg(long)]
    pub(crate) normal: bool,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) cast: CastArgs,
    /// Where the host listens for homeservers.
    #[arg(long, default_value = "127.0.0.1:9108")]
    pub(crate) target: SocketAddr,
    /// Where to play the client-server API.
    #[arg(long, default_value = "127.0.0.1:9110")]
    pub(crate) homeserver: SocketAddr,
    /// Where the host listens for its operator: with --data, lines at the desk are counted too.
    #[arg(long, requires = "data")]
    pub(crate) admin: Option<SocketAddr>,
    /// The host's data directory, for its admin token.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// The host's process, for CPU and memory.
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Events.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) events: u64,
    /// Events before the clock starts.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) warm_up: u64,
    /// Events in a transaction.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub(crate) batch: u64,
    /// Transactions in flight; Synapse has one.
    #[arg(long, default_value_t = 1)]
    pub(crate) in_flight: usize,
    /// Events a second; without it, as fast as they are answered.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Synapse waits 2, 4, 8 s after a failure; this shortens it.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) retry_scale: f64,
    /// Transaction IDs begin again at 1 after so many transactions; 0: never.
    #[arg(long, default_value_t = 0)]
    pub(crate) restart_every: u64,
    /// After so many transactions an old one comes again; 0: never.
    #[arg(long, default_value_t = 0)]
    pub(crate) repeat_every: u64,
    /// Writes the sender's log, for `patchbay-checker --sent`.
    #[arg(long)]
    pub(crate) log: Option<PathBuf>,
    /// Writes the desk's lines, for `patchbay-checker --lines`.
    #[arg(long, requires = "admin")]
    pub(crate) lines: Option<PathBuf>,
    /// Writes what the host had sent, for `patchbay-checker --sends`.
    #[arg(long)]
    pub(crate) sends: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

// === impl CastArgs ===

impl CastArgs {
    /// The cast of this size.
    pub(crate) fn cast(&self) -> Cast {
        let tenants = (0..self.tenants.max(1)).map(|n| format!("t{n}")).collect();
        Cast::new(self.seed, "load.example", &CastSize { tenants, rooms: self.rooms, users: self.users })
    }
}
