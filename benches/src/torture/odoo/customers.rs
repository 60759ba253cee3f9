//! What customers write: one message after the other in each room, each with words of its own, delivered as a homeserver
//! delivers.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use anyhow::Context;
use patchbay_types::{Clock, SystemClock};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::stage::Stage;
use crate::{
    homeserver::Sender,
    journal::SentEvent,
    traffic::{Due, Event, Kind, Transaction},
};

/// Waits between attempts are cut to this part.
const SCALE: f64 = 0.01;

/// Customers who write until they are stopped.
pub(super) struct Customers {
    stop: CancellationToken,
    task: JoinHandle<Vec<SentEvent>>,
}

// === impl Customers ===

impl Customers {
    /// They write so many messages a second, over all rooms in turn.
    pub(super) fn start(stage: &Stage, rate: f64) -> Self {
        let stop = CancellationToken::new();
        let (cast, target, ended) = (stage.cast.clone(), stage.target(), stop.clone());
        let task = tokio::spawn(async move {
            let mut sender = Sender::new(target, Arc::new(AtomicU64::new(0)), SCALE, ended.clone());
            let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
            let (mut sent, mut n) = (Vec::new(), 0_u64);
            let rooms = cast.rooms.iter().enumerate().cycle();
            for (number, room) in rooms {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = ended.cancelled() => break,
                }
                n += 1;
                let words = words(number, n);
                let author = room.users.first().cloned().unwrap_or_else(|| "@user0:load.example".into());
                let event = Event {
                    id: format!("${words}").into(),
                    room: Arc::clone(room),
                    n,
                    kind: Kind::Text,
                    due: Due::Line,
                    sender: author,
                    at: SystemClock.now(),
                    content: format!(r#"{{"body":"{words}","msgtype":"m.text"}}"#),
                    redacts: None,
                    redacted_by: None,
                };
                let mut note = SentEvent {
                    event_id: event.id.to_string(),
                    room: room.id.to_string(),
                    tenant: room.tenant.to_string(),
                    n,
                    kind: Kind::Text,
                    due: Due::Line,
                    txn: n,
                    sent_at: event.at,
                    answered_at: None,
                };
                let mut transaction = Transaction::new(vec![event], false, note.sent_at);
                let delivery = sender.deliver(&mut transaction, None).await;
                note.answered_at = delivery.as_ref().map(|delivery| delivery.at);
                sent.push(note);
            }
            sent
        });
        Self { stop, task }
    }

    /// They stop; what they wrote.
    pub(super) async fn stop(self) -> anyhow::Result<Vec<SentEvent>> {
        self.stop.cancel();
        self.task.await.context("the customers panicked")
    }
}

/// Words that no other message has, and that name their room.
fn words(room: usize, n: u64) -> String {
    format!("customer-{room}-{n}-")
}

/// The words in a message of Odoo's, with the room's number.
pub(super) fn found_in(html: &str) -> Option<(usize, String)> {
    let from = html.find("customer-")?;
    let rest = html.get(from..)?;
    let mut parts = rest.splitn(4, '-');
    let (_, room, n) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((room, words(room, n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_again_in_what_odoo_makes_of_them() {
        assert_eq!(found_in("<p>customer-3-17-</p>"), Some((3, "customer-3-17-".to_owned())));
        assert_eq!(found_in("<p>hello</p>"), None);
    }
}
