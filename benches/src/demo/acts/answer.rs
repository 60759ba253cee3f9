//! An agent answers, and a ghost says it in the room.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::super::{
    stage::Stage,
    tell::{heading, say},
};

const WORDS: &str = "We are on it";
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers in the ticket with the newest activity, and waits until the homeserver has got it.
///
/// # Errors
/// When there is no ticket, or the answer does not arrive.
pub(in super::super) async fn answer(stage: &mut Stage) -> anyhow::Result<()> {
    heading("An agent answers");
    let tickets = stage.host.admin().json("/admin/v1/tickets").await?;
    let part = |key: &str| tickets.pointer(&format!("/tickets/0/{key}")).and_then(Value::as_str);
    let (tenant, ticket) = part("tenant").zip(part("ticket")).context("there is no ticket")?;
    let name = format!("{tenant}/{ticket}");
    stage.operate(&["reply", &name, WORDS, "--as", "Ann from ACME"])?;
    let begun = Instant::now();
    loop {
        let sends = stage.homeserver.sends();
        if let Some(send) = sends.iter().find(|send| send.text.as_deref() == Some(WORDS)) {
            say(format!("At the homeserver: {} says “{WORDS}” in {}", send.sender, send.room));
            return Ok(());
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "the answer did not reach the homeserver; the host's log says why"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
