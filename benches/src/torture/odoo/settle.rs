//! Waiting until all that is owed is there, or nothing more comes.

use std::time::{Duration, Instant};

use super::{stage::Stage, verdicts};
use crate::journal::{SentEvent, SentReply};

/// Nothing new on either side for so long: that was all. What failed often waits for a minute and more.
const QUIET: Duration = Duration::from_secs(120);

/// Waits.
pub(super) async fn settle(stage: &Stage, sent: &[SentEvent], replies: &[SentReply]) {
    let owed = sent.iter().filter(|event| event.answered_at.is_some()).count();
    let (mut seen, mut moved) = ((0, 0), Instant::now());
    while moved.elapsed() < QUIET {
        let there = verdicts::lines(stage).len();
        let sends = stage.client_api.sends();
        let said =
            sends.iter().filter(|send| send.text.as_deref().is_some_and(|text| text.starts_with("agent-")));
        let now = (there, said.count());
        if now.0 >= owed && now.1 >= replies.len() {
            return;
        }
        if now != seen {
            (seen, moved) = (now, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
