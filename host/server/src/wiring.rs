//! The host as a diagram: what is built, from what, in which order. The arrows between the crates meet here alone.
//!
//! ```text
//! homeserver ─▶ appservice ─▶ store ◀─▶ pipeline ─▶ chains ◀─ reloader ◀─ the watched directory
//!                               ▲          ▲ ▲                   ▲
//! CRM ────────▶ hooks ──────────┼──────────┘ │                   │
//! operator ───▶ admin ──────────┴────────────┴───────────────────┘
//! ```

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use patchbay_api::{
    admin::{self, AdminState, AdminToken, Readiness},
    appservice::{Appservice, Registered, Registrations},
    hooks::{HookKey, Hooks, HooksDeps},
    media::MediaDoor,
};
use patchbay_egress::Egress;
use patchbay_matrix::{Client, ClientOptions, Ephemeral, Ghosts, Links, http_client};
use patchbay_pipeline::{Homeserver, MediaDeps, Outside, Pipeline, PipelineDeps, Spool};
use patchbay_plugin::{
    Chains, Runtime, RuntimeConfig,
    reload::{ReloadConfig, Reloader},
};
use patchbay_storage::{OpenOptions, Store};
use patchbay_types::{Clock, RegistrationId, SystemClock};
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    config::Loaded, data_dir::DataDir, generations::Generations, metrics, plugin_control::Plugins,
    reception::Reception, retention::Forgetting, secrets::Tokens, work::Steered,
};

/// A homeserver that sends no further byte of a body for so long is not going to.
const BODY_IDLE: Duration = Duration::from_secs(30);

/// A homeserver may take a while to make a room; longer than this it does not answer at all.
const HOMESERVER_TIMEOUT: Duration = Duration::from_secs(60);

/// Typing and receipts that may wait to be looked at; further ones are dropped.
const SIGNALS: usize = 1024;

/// Everything that runs, built and not yet started.
pub(crate) struct Host {
    /// What homeservers ask.
    pub(crate) appservice: Router,
    /// What CRMs call.
    pub(crate) hooks: Router,
    /// What operators and monitors ask.
    pub(crate) admin: Router,
    /// What makes events into effects.
    pub(crate) pipeline: Arc<Pipeline>,
    /// What the pipeline runs, and what swaps it.
    pub(crate) plugins: Arc<Plugins>,
    /// Where everything is kept.
    pub(crate) store: Store,
    /// What counts.
    pub(crate) metrics: PrometheusHandle,
    /// What forgets.
    pub(crate) forgetting: Forgetting,
}

/// What the host is built for.
pub(crate) struct Surroundings {
    /// Where guests compute.
    pub(crate) guests: Handle,
    /// How many threads that is.
    pub(crate) threads: usize,
    /// Where the host listens for webhooks, if it does.
    pub(crate) hooks: Option<SocketAddr>,
}

/// Builds the host.
///
/// # Errors
/// When a part of it cannot be had, in one sentence.
pub(crate) async fn build(
    loaded: &Loaded,
    ready: &Readiness,
    surroundings: Surroundings,
) -> anyhow::Result<Host> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // First, since others count from the moment they are made.
    let counters = metrics::start()?;
    let tokens = tokens(loaded)?;
    let data = DataDir::open(loaded.data())?;
    let store = open_store(loaded, &data).await?;
    // Behind the store's lock, so that two hosts never make two keys.
    let token = AdminToken::new(&data.admin_token()?);

    let chains = Arc::new(Chains::default());
    let reloader = reloader(loaded, &data, &store, &chains, &clock)?;
    let plugins = Arc::new(Plugins::new(Arc::clone(&reloader), Arc::clone(&chains)));
    let hook_key = data.hook_key()?;
    let public = loaded.host.hooks.public_url.as_ref().filter(|_| surroundings.hooks.is_some());
    let links = public.map(|public| Links::new(&hook_key, public.url().as_str()));
    let homeservers = homeservers(loaded, &tokens)?;
    let pipeline = Pipeline::new(PipelineDeps {
        store: store.clone(),
        chains: Arc::clone(&chains),
        clock: Arc::clone(&clock),
        registrations: loaded.host.registrations.clone(),
        homeservers: homeservers.clone(),
        outside: Outside {
            egress: Egress::new(&loaded.host.egress, &loaded.dir)
                .map_err(|error| anyhow!("{}: {error}", loaded.file().display()))?,
            dir: loaded.dir.clone(),
        },
        media: MediaDeps {
            spool: Spool::open(data.path()).context("files cannot lie in the data directory")?,
            links: links.clone(),
        },
        limits: loaded.host.limits,
        threads: surroundings.threads,
    });

    let (ephemeral, signals) = mpsc::channel(SIGNALS);
    pipeline.listen(signals);
    let appservice = appservice(loaded, &tokens, &store, &chains, (&clock, ephemeral))?;
    let guests = surroundings.guests.clone();
    let hooks = Hooks::new(HooksDeps {
        key: HookKey::new(&hook_key),
        reception: Arc::new(Reception {
            chains: Arc::clone(&chains),
            pipeline: Arc::clone(&pipeline),
            guests: surroundings.guests,
        }),
        store: store.clone(),
        clock: Arc::clone(&clock),
        config: loaded.host.hooks.clone(),
        listens: surroundings.hooks,
    });
    let admin = admin::router(AdminState {
        token,
        store: store.clone(),
        plugins: Arc::clone(&plugins) as _,
        archive: Arc::clone(&plugins) as _,
        work: Arc::new(Steered(Arc::clone(&pipeline), guests)),
        ready: ready.clone(),
        metrics: metrics::rendered(counters.clone()),
        hooks: hooks.clone(),
        clock: Arc::clone(&clock),
    });
    let media = links.map(|links| {
        let ways = homeservers.into_iter().map(|(id, homeserver)| (id, homeserver.client)).collect();
        let tenants = Arc::clone(&chains);
        let may_open = move |tenant: &_| tenants.get(tenant).is_some_and(|chain| chain.config.media.links);
        MediaDoor::new(links, ways, Arc::new(may_open), Arc::clone(&clock)).router()
    });
    let forgetting = Forgetting::new(store.clone(), chains, reloader, clock);
    Ok(Host {
        appservice: appservice.router(),
        hooks: hooks.router().merge(media.unwrap_or_default()),
        admin,
        pipeline,
        plugins,
        store,
        metrics: counters,
        forgetting,
    })
}

fn tokens(loaded: &Loaded) -> anyhow::Result<BTreeMap<RegistrationId, Tokens>> {
    let mut all = BTreeMap::new();
    for registration in &loaded.host.registrations {
        let tokens = Tokens::of(registration, &loaded.dir);
        all.insert(registration.id.clone(), tokens.with_context(|| loaded.file().display().to_string())?);
    }
    Ok(all)
}

async fn open_store(loaded: &Loaded, data: &DataDir) -> anyhow::Result<Store> {
    let synchronous = loaded.host.database.synchronous;
    Ok(Store::open(OpenOptions { synchronous, ..OpenOptions::new(data.path()) }).await?)
}

fn reloader(
    loaded: &Loaded,
    data: &DataDir,
    store: &Store,
    chains: &Arc<Chains>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<Reloader>> {
    let plugins = loaded.host.plugins;
    let runtime = Runtime::new(RuntimeConfig { cache: data.cache(), cache_key: data.cache_key()?, plugins })
        .map_err(|error| anyhow!("the plugin runtime does not start: {error}"))?;
    let log = Generations::new(store.clone(), Handle::current());
    let config = ReloadConfig { dir: loaded.dir.clone(), data_dir: data.path().to_owned(), plugins };
    Ok(Reloader::new(config, runtime, Arc::clone(chains), Box::new(log), Arc::clone(clock))?)
}

fn homeservers(
    loaded: &Loaded,
    tokens: &BTreeMap<RegistrationId, Tokens>,
) -> anyhow::Result<BTreeMap<RegistrationId, Homeserver>> {
    let http =
        http_client::build(HOMESERVER_TIMEOUT).context("the machine's certificates cannot be loaded")?;
    let mut all = BTreeMap::new();
    for registration in &loaded.host.registrations {
        let token = tokens.get(&registration.id).context("each registration has its tokens")?;
        let options = ClientOptions::new(&registration.homeserver, token.as_token.expose());
        let ghosts =
            Ghosts::new(registration).map_err(|error| anyhow!("{}: {error}", loaded.file().display()))?;
        let homeserver = Homeserver { ghosts, client: Client::new(http.clone(), options) };
        all.insert(registration.id.clone(), homeserver);
    }
    Ok(all)
}

fn appservice(
    loaded: &Loaded,
    tokens: &BTreeMap<RegistrationId, Tokens>,
    store: &Store,
    chains: &Arc<Chains>,
    (clock, ephemeral): (&Arc<dyn Clock>, mpsc::Sender<(RegistrationId, Ephemeral)>),
) -> anyhow::Result<Appservice> {
    let wrong = |error| anyhow!("{}: {error}", loaded.file().display());
    let mut registered = Vec::new();
    for registration in &loaded.host.registrations {
        let token = tokens.get(&registration.id).context("each registration has its tokens")?;
        registered.push(Registered::new(registration, token.hs_token.expose()).map_err(wrong)?);
    }
    let tenants = Arc::clone(chains);
    Ok(Appservice {
        registrations: Arc::new(Registrations::new(registered).map_err(wrong)?),
        store: store.clone(),
        clock: Arc::clone(clock),
        ephemeral,
        is_tenant: Arc::new(move |tenant| tenants.get(tenant).is_some()),
        body_limit: usize::try_from(loaded.host.limits.body.0).unwrap_or(usize::MAX),
        body_idle: BODY_IDLE,
    })
}
