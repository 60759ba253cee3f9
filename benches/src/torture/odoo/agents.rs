//! What agents answer: in each ticket, one after the other, each with words of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Context;
use patchbay_test_support::odoo::Odoo;
use patchbay_types::{Clock, SystemClock};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{customers, stage::MODEL};
use crate::{cast::Cast, journal::SentReply};

/// Agents who answer until they are stopped.
pub(super) struct Agents {
    stop: CancellationToken,
    task: JoinHandle<Vec<SentReply>>,
}

// === impl Agents ===

impl Agents {
    /// They answer every `pause`, in the tickets that there are, in turn.
    pub(super) fn start(odoo: Arc<Odoo>, cast: &Cast, pause: Duration) -> Self {
        let stop = CancellationToken::new();
        let (cast, ended) = (cast.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let (mut sent, mut n) = (Vec::new(), 0_u64);
            let mut known: HashMap<i64, String> = HashMap::new();
            let mut turn = 0_usize;
            while !ended.is_cancelled() {
                tokio::time::sleep(pause).await;
                if turn.is_multiple_of(8) {
                    learn(&odoo, &cast, &mut known);
                }
                turn += 1;
                let mut tickets: Vec<_> = known.iter().collect();
                tickets.sort_unstable();
                let Some((ticket, room)) = tickets.get(turn % tickets.len().max(1)) else { continue };
                n += 1;
                let text = format!("agent-{ticket}-{n}-");
                odoo.agent_comment(MODEL, **ticket, &format!("<p>{text}</p>")).await;
                let answered_at = Some(SystemClock.now());
                sent.push(SentReply { text, room: (*room).clone(), n, answered_at });
            }
            sent
        });
        Self { stop, task }
    }

    /// They stop; what they answered.
    pub(super) async fn stop(self) -> anyhow::Result<Vec<SentReply>> {
        self.stop.cancel();
        self.task.await.context("the agents panicked")
    }
}

/// Whose tickets there are, by what customers said in them.
fn learn(odoo: &Odoo, cast: &Cast, known: &mut HashMap<i64, String>) {
    for ticket in odoo.records(MODEL) {
        let Some(id) = ticket.get("id").and_then(serde_json::Value::as_i64) else { continue };
        if known.contains_key(&id) {
            continue;
        }
        let said =
            odoo.comments(MODEL, id).into_iter().find_map(|message| customers::found_in(&message.body));
        if let Some(room) = said.and_then(|(number, _)| cast.rooms.get(number)) {
            known.insert(id, room.id.to_string());
        }
    }
}
