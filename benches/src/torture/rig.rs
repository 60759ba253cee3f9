//! What every scenario needs: a cast, a played homeserver, a configuration directory and a host that runs on it.

use std::{fs, net::SocketAddr, path::PathBuf};

use anyhow::Context;
use patchbay_types::config::Synchronous;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    cast::{Cast, CastSize},
    desk::Desk,
    homeserver::{ClientApi, Target},
    host::{Host, free_address},
    journal::{self, DeskLine, SentEvent},
    judge::{self, Verdict},
    load::{self, Load, Mishaps, Plan},
    pace::Pace,
    setup::{AS_TOKEN, BOT, ChainSetup, HS_TOKEN, PREFIX, Setup},
};

/// Where things lie.
#[derive(Debug, Clone)]
pub struct Places {
    /// The program `patchbay`.
    pub host: PathBuf,
    /// Built components.
    pub components: PathBuf,
    /// What is written goes below it, a directory for each scenario.
    pub work: PathBuf,
}

/// A host under torture.
pub struct Rig {
    /// The scenario's directory.
    pub dir: PathBuf,
    /// Who takes part.
    pub cast: Cast,
    /// The played homeserver's client-server API.
    pub client_api: ClientApi,
    /// The host's configuration.
    pub setup: Setup,
    /// The host.
    pub host: Host,
}

/// What a rig is to be like.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// Who takes part.
    pub cast: Cast,
    /// Tenants with their chains.
    pub chains: Vec<(String, ChainSetup)>,
    /// Power-loss safe, or not.
    pub synchronous: Synchronous,
    /// The registration's own user, without its server.
    pub bot: &'a str,
    /// Localparts of its ghosts begin so.
    pub prefix: &'a str,
    /// CRMs may send webhooks.
    pub hooks: bool,
    /// More TOML at the end of `patchbay.toml`.
    pub more: String,
    /// Environment of the host.
    pub env: Vec<(&'a str, &'a str)>,
}

/// A load that runs beside the scenario.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<Load>>,
}

// === impl Rig ===

impl Rig {
    /// A fresh directory and a host that runs on it.
    ///
    /// # Errors
    /// When the directory cannot be written or the host does not start.
    pub async fn start(places: &Places, wanted: Wanted<'_>) -> anyhow::Result<Self> {
        let dir = places.work.join(wanted.name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let cast = wanted.cast;
        let bot = format!("@{}:{}", wanted.bot, cast.server);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let client_api = ClientApi::start(anywhere, &cast, AS_TOKEN, &bot).await?;
        let setup = Setup {
            dir: dir.join("config"),
            components: places.components.clone(),
            appservice: free_address()?,
            admin: free_address()?,
            hooks: wanted.hooks.then(free_address).transpose()?,
            homeserver: client_api.address,
            synchronous: wanted.synchronous,
            bot: wanted.bot.to_owned(),
            prefix: wanted.prefix.to_owned(),
            chains: wanted.chains,
            more: wanted.more,
        };
        setup.write(&cast)?;
        let host = Host::start(&places.host, &setup, &wanted.env).await?;
        Ok(Self { dir, cast, client_api, setup, host })
    }

    /// A plan for this host over the whole cast: at `pace`, until it is stopped.
    #[must_use]
    pub fn plan(&self, pace: Pace, seed: u64) -> Plan {
        Plan {
            target: Target { address: self.setup.appservice, token: HS_TOKEN.to_owned() },
            cast: self.cast.clone(),
            seed,
            senders: 1,
            batch: 100,
            pace,
            events: None,
            stop: CancellationToken::new(),
            mishaps: Mishaps::default(),
            client_api: Some(self.client_api.clone()),
        }
    }

    /// The desks of all tenants, unread.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk::new(self.host.admin().clone(), self.setup.chains.iter().map(|(tenant, _)| tenant.clone()))
    }

    /// Waits until everything answered has arrived, keeps both logs in the scenario's directory, and judges by them.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn judge(&self, sent: &[SentEvent]) -> anyhow::Result<(Vec<DeskLine>, Verdict)> {
        let mut desk = self.desk();
        desk.read_until_delivered(sent).await?;
        desk.read_until_quiet().await?;
        desk.begin_again();
        while desk.read().await? > 0 {}
        let lines = desk.lines().to_vec();
        journal::write(&self.dir.join("sent.ndjson"), sent)?;
        journal::write(&self.dir.join("lines.ndjson"), &lines)?;
        journal::write(&self.dir.join("sends.ndjson"), &self.client_api.sends())?;
        let verdict = judge::events(sent, &lines);
        Ok((lines, verdict))
    }
}

// === impl Wanted ===

impl<'a> Wanted<'a> {
    /// A host with these tenants, who share `rooms` rooms.
    #[must_use]
    pub fn new(name: &'a str, rooms: usize, chains: Vec<(String, ChainSetup)>) -> Self {
        let tenants = chains.iter().map(|(tenant, _)| tenant.clone()).collect();
        let cast = Cast::new(1, "load.example", &CastSize { tenants, rooms, users: rooms * 2 });
        let (synchronous, more, env) = (Synchronous::Full, String::new(), Vec::new());
        Self { name, cast, chains, synchronous, bot: BOT, prefix: PREFIX, hooks: false, more, env }
    }
}

// === impl Running ===

impl Running {
    /// Starts a load beside the scenario.
    #[must_use]
    pub fn start(plan: Plan) -> Self {
        let stop = plan.stop.clone();
        Self { stop, task: tokio::spawn(async move { load::run(&plan).await }) }
    }

    /// Ends it; answers what the sender knows.
    ///
    /// # Errors
    /// When the generator failed.
    pub async fn stop(self) -> anyhow::Result<Load> {
        self.stop.cancel();
        self.task.await.context("the generator panicked")?
    }
}
