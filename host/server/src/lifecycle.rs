//! From start to end: listen, open, serve; and on a signal the same way back: take nothing new, finish what is under
//! way, write the last commit.

use std::time::Duration;

use patchbay_api::admin::Readiness;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Loaded,
    contradictions,
    listener::{Listener, Patience},
    runtimes::Runtimes,
    signals,
    wiring::{self, Host, Surroundings},
};

/// Requests under way at the end are given so long.
const REQUESTS: Duration = Duration::from_secs(10);
/// The pipeline bounds its own drain; this is in case it does not.
const PIPELINE: Duration = Duration::from_secs(30);
/// Whatever else there is to wait for.
const SPARE: Duration = Duration::from_secs(5);

/// What `/readyz` says is missing.
const START: &str = "the start-up pass over components and tenants";
const STOPPING: &str = "the host is stopping";

/// Runs the host until a signal.
///
/// # Errors
/// When it cannot start, or something that it cannot do without fails; in one sentence.
pub(crate) fn run(loaded: &Loaded) -> anyhow::Result<()> {
    let runtimes = Runtimes::start()?;
    let (plugins, threads) = (runtimes.plugins(), runtimes.threads);
    runtimes.run(async move {
        let stop = CancellationToken::new();
        signals::watch(stop.clone())?;
        let listen = loaded.host.listen;
        let appservice = Listener::bind(listen.appservice, "listen.appservice").await?;
        let admin = Listener::bind(listen.admin, "listen.admin").await?;
        let hooks = match listen.hooks {
            Some(at) => Some(Listener::bind(at, "listen.hooks").await?),
            None => None,
        };
        for warning in contradictions::of_host(&loaded.host) {
            tracing::warn!("{warning}");
        }
        let ready = Readiness::default();
        ready.lacks(START);
        let surroundings =
            Surroundings { guests: plugins.clone(), threads, hooks: hooks.as_ref().map(|hooks| hooks.at) };
        let host = wiring::build(loaded, &ready, surroundings).await?;
        live(host, Listeners { appservice, hooks, admin }, &ready, &plugins, stop).await
    })
}

/// What the host listens on.
struct Listeners {
    appservice: Listener,
    hooks: Option<Listener>,
    admin: Listener,
}

async fn live(
    host: Host,
    listeners: Listeners,
    ready: &Readiness,
    plugins: &tokio::runtime::Handle,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let Host {
        appservice: homeservers,
        hooks: crms,
        admin: operators,
        pipeline,
        plugins: control,
        store,
        metrics,
        forgetting,
    } = host;
    let Listeners { appservice, hooks, admin } = listeners;
    // The operator's side outlives the others, to tell that the host is stopping.
    let end = CancellationToken::new();
    tracing::info!(at = %appservice.at, "listening for homeservers on {}", appservice.at);
    tracing::info!(at = %admin.at, "listening for operators on {}", admin.at);
    let homeservers = tokio::spawn(appservice.serve(homeservers, Patience::KNOWN, stop.clone()));
    let operators = tokio::spawn(admin.serve(operators, Patience::KNOWN, end.clone()));
    let chores = [
        tokio::spawn(crate::metrics::upkeep(metrics, end.clone())),
        tokio::spawn(forgetting.run(end.clone())),
    ];

    let mut reloading = None;
    let mut working = None;
    let mut hooked = None;
    if let Some(started) = stop.run_until_cancelled(control.start()).await {
        started?;
        reloading = Some(control.watch(stop.clone())?);
        let (pipeline, stop) = (pipeline.clone(), stop.clone());
        working = Some(plugins.spawn({
            let stop = stop.clone();
            async move { pipeline.run(stop).await }
        }));
        // Only now: before the tenants are there, every webhook would be sent away. Until then senders wait to be let in.
        hooked = hooks.map(|hooks| {
            tracing::info!(at = %hooks.at, "listening for webhooks on {}", hooks.at);
            tokio::spawn(hooks.serve(crms, Patience::STRANGER, stop))
        });
        ready.has(START);
        tracing::info!("ready");
    }
    let failed = until_stopped(&stop, &homeservers, hooked.as_ref(), &operators).await;

    ready.lacks(STOPPING);
    stop.cancel();
    ended("requests of homeservers", REQUESTS, homeservers).await;
    if let Some(hooked) = hooked {
        ended("webhooks", REQUESTS, hooked).await;
    }
    if let Some(working) = working {
        ended("the pipeline", PIPELINE, working).await;
    }
    if let Some(reloading) = reloading {
        ended("hot reload", SPARE, reloading).await;
    }
    end.cancel();
    ended("requests of operators", SPARE, operators).await;
    for chore in chores {
        ended("a chore", SPARE, chore).await;
    }
    drop((pipeline, control));
    store.close().await;
    tracing::info!("ended; what was accepted and is not done yet is taken up at the next start");
    failed
}

/// Waits for the signal; a listener that ends before is a failure of the host.
async fn until_stopped<T>(
    stop: &CancellationToken,
    homeservers: &JoinHandle<T>,
    crms: Option<&JoinHandle<T>>,
    operators: &JoinHandle<T>,
) -> anyhow::Result<()> {
    let mut look = tokio::time::interval(Duration::from_secs(1));
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        anyhow::ensure!(!homeservers.is_finished(), "the listener for homeservers ended by itself");
        anyhow::ensure!(
            !crms.is_some_and(JoinHandle::is_finished),
            "the listener for webhooks ended by itself"
        );
        anyhow::ensure!(!operators.is_finished(), "the listener for operators ended by itself");
    }
    Ok(())
}

/// Waits for a task's end, but not for ever; says what did not end well.
async fn ended<T>(what: &str, deadline: Duration, mut task: JoinHandle<T>) {
    match timeout(deadline, &mut task).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(%error, "{what}: ended in a panic"),
        Err(_) => {
            tracing::warn!(deadline = ?deadline, "{what}: not done in time; left as it is");
            task.abort();
        }
    }
}
