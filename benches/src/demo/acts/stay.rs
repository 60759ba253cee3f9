//! The host stays up, and people go on writing, until Ctrl-C.

use tokio_util::sync::CancellationToken;

use super::super::{
    stage::Stage,
    tell::{heading, say},
};
use crate::{
    homeserver::Target,
    load::{self, Mishaps, Plan},
    pace::Pace,
    setup::HS_TOKEN,
};

/// Slow enough to read along.
const RATE: f64 = 0.5;

/// Waits for Ctrl-C.
///
/// # Errors
/// When signals cannot be listened to, or the traffic generator failed.
pub(in super::super) async fn stay(stage: &Stage) -> anyhow::Result<()> {
    heading("Yours to play with, until Ctrl-C");
    say("Somebody writes every two seconds. Edit the rules, copy components, answer tickets.");
    let stop = CancellationToken::new();
    let plan = Plan {
        target: Target { address: stage.setup.appservice, token: HS_TOKEN.to_owned() },
        cast: stage.cast.clone(),
        seed: 8,
        senders: 1,
        batch: 100,
        pace: Pace::Rate(RATE),
        events: None,
        stop: stop.clone(),
        mishaps: Mishaps::default(),
        client_api: Some(stage.homeserver.clone()),
    };
    let running = tokio::spawn(async move { load::run(&plan).await });
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    running.await??;
    Ok(())
}
