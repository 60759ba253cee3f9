//! `patchbay-load`: plays the homeserver against a running host and tells how fast it was and what it cost.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use patchbay_benches::{
    admin::Admin,
    cast::{Cast, CastSize},
    homeserver::{ClientApi, Target},
    journal,
    load::{self, Mishaps, Plan},
    measure::{Report, Usage, Watch},
    pace::Pace,
    setup::{AS_TOKEN, BOT, ChainSetup, HS_TOKEN, Setup},
    stand_in::{Flaw, StandIn},
};
use patchbay_types::config::Synchronous;
use tokio_util::sync::CancellationToken;

/// Plays a homeserver: its transactions, and its client-server API.
///
/// Three steps: `config` writes a directory for `patchbay serve --config`, `run` plays against that host, and
/// `stand-in` is what to run instead of the host to see what the generator alone can do.
#[derive(Parser)]
#[command(name = "patchbay-load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a configuration directory whose tenants own the rooms of `run`.
    Config(ConfigArgs),
    /// Delivers events and tells what it cost.
    Run(RunArgs),
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
struct CastArgs {
    /// The same seed gives the same rooms and events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Tenants, named t0, t1 and so on.
    #[arg(long, default_value_t = 1)]
    tenants: usize,
    /// Rooms, over all tenants.
    #[arg(long, default_value_t = 100)]
    rooms: usize,
    /// Users, over all rooms.
    #[arg(long, default_value_t = 200)]
    users: usize,
}

#[derive(Args)]
struct ConfigArgs {
    /// The directory.
    dir: PathBuf,
    #[command(flatten)]
    cast: CastArgs,
    /// Where `cargo xtask guests` left the components.
    #[arg(long, default_value = "target/guests")]
    components: PathBuf,
    /// Where the host is to listen for homeservers.
    #[arg(long, default_value = "127.0.0.1:9108")]
    appservice: SocketAddr,
    /// Where the host is to listen for its operator.
    #[arg(long, default_value = "127.0.0.1:9109")]
    admin: SocketAddr,
    /// Where `run` plays the client-server API.
    #[arg(long, default_value = "127.0.0.1:9110")]
    homeserver: SocketAddr,
    /// `synchronous = "normal"` instead of `full`.
    #[arg(long)]
    normal: bool,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    cast: CastArgs,
    /// Where the host listens for homeservers.
    #[arg(long, default_value = "127.0.0.1:9108")]
    target: SocketAddr,
    /// Where to play the client-server API.
    #[arg(long, default_value = "127.0.0.1:9110")]
    homeserver: SocketAddr,
    /// Where the host listens for its operator: with --data, lines at the desk are counted too.
    #[arg(long, requires = "data")]
    admin: Option<SocketAddr>,
    /// The host's data directory, for its admin token.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The host's process, for CPU and memory.
    #[arg(long)]
    pid: Option<u32>,
    /// Events.
    #[arg(long, default_value_t = 20_000)]
    events: u64,
    /// Events before the clock starts.
    #[arg(long, default_value_t = 1_000)]
    warm_up: u64,
    /// Events in a transaction.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    batch: u64,
    /// Transactions in flight; Synapse has one.
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// Events a second; without it, as fast as they are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Synapse waits 2, 4, 8 s after a failure; this shortens it.
    #[arg(long, default_value_t = 1.0)]
    retry_scale: f64,
    /// Transaction IDs begin again at 1 after so many transactions; 0: never.
    #[arg(long, default_value_t = 0)]
    restart_every: u64,
    /// After so many transactions an old one comes again; 0: never.
    #[arg(long, default_value_t = 0)]
    repeat_every: u64,
    /// Writes the sender's log, for `patchbay-checker --sent`.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Writes the desk's lines, for `patchbay-checker --lines`.
    #[arg(long, requires = "admin")]
    lines: Option<PathBuf>,
    /// Writes what the host had sent, for `patchbay-checker --sends`.
    #[arg(long)]
    sends: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Config(args) => config(&args),
        Command::Run(args) => run(args).await,
        Command::StandIn { listen, flaw } => {
            let target = StandIn::start(listen, flaw).await?;
            println!("listening at {}", target.address);
            Ok(tokio::signal::ctrl_c().await?)
        }
    }
}

// === impl CastArgs ===

impl CastArgs {
    fn cast(&self) -> Cast {
        let tenants = (0..self.tenants.max(1)).map(|n| format!("t{n}")).collect();
        Cast::new(self.seed, "load.example", &CastSize { tenants, rooms: self.rooms, users: self.users })
    }
}

fn config(args: &ConfigArgs) -> anyhow::Result<()> {
    let setup = Setup {
        dir: args.dir.clone(),
        components: args.components.clone(),
        appservice: args.appservice,
        admin: args.admin,
        homeserver: args.homeserver,
        synchronous: if args.normal { Synchronous::Normal } else { Synchronous::Full },
        chains: (0..args.cast.tenants).map(|n| (format!("t{n}"), ChainSetup::first_party())).collect(),
    };
    setup.write(&args.cast.cast())?;
    println!("patchbay serve --config {}", args.dir.display());
    Ok(())
}

async fn run(args: RunArgs) -> anyhow::Result<()> {
    let cast = args.cast.cast();
    let bot = format!("@{BOT}:{}", cast.server);
    let client_api = ClientApi::start(args.homeserver, &cast, AS_TOKEN, &bot).await?;
    let admin = match (args.admin, &args.data) {
        (Some(admin), Some(data)) => Some(Admin::new(admin, data)?),
        _ => None,
    };
    let plan = Plan {
        target: Target { address: args.target, token: HS_TOKEN.to_owned() },
        cast,
        seed: args.cast.seed,
        senders: args.in_flight,
        batch: usize::try_from(args.batch)?,
        pace: args.rate.map_or(Pace::Closed, Pace::Rate),
        events: Some(args.events),
        stop: CancellationToken::new(),
        mishaps: Mishaps {
            retry_scale: args.retry_scale,
            restart_every: args.restart_every,
            repeat_every: args.repeat_every,
            redact_waiting: args.retry_scale < 1.0,
        },
        client_api: Some(client_api.clone()),
    };
    if args.warm_up > 0 {
        let warm_up = Plan {
            events: Some(args.warm_up),
            pace: Pace::Closed,
            seed: plan.seed + 1_000_000,
            ..plan.clone()
        };
        load::run(&warm_up).await?;
    }
    let before = match &admin {
        Some(admin) => admin.settled(None).await?.last().map_or(0, |line| line.id),
        None => 0,
    };
    let watch = args.pid.map(Watch::start).transpose()?;
    let begun = std::time::Instant::now();
    let load = load::run(&plan).await?;
    let lines = match &admin {
        Some(admin) => Some(admin.delivered(&load.sent, before).await?),
        None => None,
    };
    let seconds = begun.elapsed().as_secs_f64();
    let usage = watch.map_or(Ok(Usage::default()), |watch| watch.usage())?;
    let report = Report::new("load", &load, usage, lines.as_deref().map(|lines| (lines, seconds)));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    if let Some(path) = &args.log {
        journal::write(path, &load.sent)?;
    }
    if let (Some(path), Some(lines)) = (&args.lines, &lines) {
        journal::write(path, lines)?;
    }
    if let Some(path) = &args.sends {
        journal::write(path, &client_api.sends())?;
    }
    Ok(())
}
