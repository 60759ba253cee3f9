//! Every captured transaction of a real homeserver, delivered twice and once more shuffled: nothing changes after the
//! first time.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::Method;
use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
use serde_json::Value;

use super::{
    outcome::Outcome,
    rig::{Places, Rig, Wanted},
};
use crate::{
    cast::{Cast, Room},
    homeserver::{Link, Target},
    journal::{DeskLine, MatrixSend},
    setup::{ChainSetup, HS_TOKEN},
};

/// The captures' own names.
const SERVER: &str = "localhost";
const BOT: &str = "_crm_bot";
const PREFIX: &str = "_crm_";
const TENANT: &str = "acme";

/// A captured request.
struct Captured {
    path: String,
    body: Bytes,
}

/// What the host has after a pass.
#[derive(Debug, PartialEq)]
struct State {
    lines: Vec<DeskLine>,
    sends: Vec<MatrixSend>,
    tickets: Value,
    parked: Value,
    stored: f64,
}

// === impl State ===

impl State {
    /// How much there was, and which parts are another in `later`.
    fn against(&self, later: &Self) -> String {
        let parts = [
            ("lines", self.lines == later.lines),
            ("sends", self.sends == later.sends),
            ("tickets", self.tickets == later.tickets),
            ("parked", self.parked == later.parked),
            ("stored", self.stored.to_bits() == later.stored.to_bits()),
        ];
        let other: Vec<&str> = parts.iter().filter(|(_, same)| !same).map(|(part, _)| *part).collect();
        let count = format!(
            "{} then {} lines, {} then {} sends",
            self.lines.len(),
            later.lines.len(),
            self.sends.len(),
            later.sends.len()
        );
        if other.is_empty() { count } else { format!("{count}; not the same: {}", other.join(", ")) }
    }
}

/// Runs it over the captures in `fixtures`, the file `transactions.json` of the repository.
///
/// # Errors
/// When the captures cannot be read, the host does not start, or a transaction is not accepted.
pub async fn run(places: &Places, fixtures: &Path) -> anyhow::Result<Outcome> {
    let text = fs::read_to_string(fixtures).with_context(|| fixtures.display().to_string())?;
    let captures: Vec<Value> = serde_json::from_str(&text)?;
    let (transactions, events, rooms) = read(&captures);
    let rooms = rooms
        .iter()
        .map(|id| Arc::new(Room { id: id.as_str().into(), tenant: TENANT.into(), users: Vec::new() }))
        .collect();
    let chains = vec![(TENANT.to_owned(), ChainSetup::first_party())];
    let cast = Cast { server: SERVER.into(), rooms };
    let wanted = Wanted { cast, bot: BOT, prefix: PREFIX, ..Wanted::new("replay", 0, chains) };
    let rig = Rig::start(places, wanted).await?;
    let mut outcome = Outcome::new("replay");
    outcome.figure("transactions", transactions.len());
    outcome.figure("different events", events.len());

    let first = pass(&rig, &transactions).await?;
    let second = pass(&rig, &transactions).await?;
    let mut shuffled: Vec<&Captured> = transactions.iter().collect();
    shuffled.shuffle(&mut SmallRng::seed_from_u64(11));
    let third = pass(&rig, shuffled).await?;

    let found = format!("{} stored of {} different ones", first.stored, events.len());
    outcome.demand("each event is stored once", first.stored == events.len() as f64, found);
    let lines: Vec<&str> = first.lines.iter().filter_map(|line| line.event_id.as_deref()).collect();
    let different: BTreeSet<&str> = lines.iter().copied().collect();
    let found = format!("{} lines of {} events", lines.len(), different.len());
    outcome.demand(
        "each event makes at most one line",
        lines.len() == different.len() && !lines.is_empty(),
        found,
    );
    let foreign = different.iter().filter(|id| !events.contains(**id)).count();
    outcome.demand("every line is of a captured event", foreign == 0, format!("{foreign} are not"));
    outcome.demand("the second time changes nothing", first == second, first.against(&second));
    outcome.demand("shuffled, it changes nothing", first == third, first.against(&third));
    rig.host.stop().await?;
    Ok(outcome)
}

/// Delivers all, and waits until the host has nothing to do.
async fn pass<'a>(rig: &Rig, transactions: impl IntoIterator<Item = &'a Captured>) -> anyhow::Result<State> {
    let mut link = Link::new(Target { address: rig.setup.appservice, token: HS_TOKEN.to_owned() });
    for Captured { path, body } in transactions {
        let answer = link.request(Method::PUT, path, body.clone()).await?;
        ensure!(answer.is_accepted(), "{path} was answered with {}", answer.status);
    }
    let admin = rig.host.admin();
    let mut desk = rig.desk();
    admin.settled().await?;
    desk.read().await?;
    let lines = desk.lines().to_vec();
    let tickets = admin.json(&format!("/admin/v1/tickets?tenant={TENANT}")).await?;
    let parked = admin.json("/admin/v1/parked").await?;
    let stored = admin.metric("patchbay_events_total").await?.iter().map(|(_, n)| n).sum();
    Ok(State { lines, sends: rig.client_api.sends(), tickets, parked, stored })
}

/// The transactions, the event IDs in them and their rooms.
fn read(captures: &[Value]) -> (Vec<Captured>, BTreeSet<String>, BTreeSet<String>) {
    let (mut transactions, mut events, mut rooms) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for request in captures.iter().filter_map(|capture| capture.get("request")) {
        let path = request.get("path").and_then(Value::as_str).unwrap_or_default();
        let Some(body) = request.get("body").filter(|_| path.contains("/transactions/")) else { continue };
        for event in body.get("events").and_then(Value::as_array).into_iter().flatten() {
            let field = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
            events.extend(field("event_id"));
            rooms.extend(field("room_id"));
        }
        transactions.push(Captured { path: path.to_owned(), body: body.to_string().into() });
    }
    (transactions, events, rooms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captures_hold_transactions_with_events_in_rooms() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/matrix/transactions.json");
        let captures: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let (transactions, events, rooms) = read(&captures);
        assert!(transactions.len() > 50 && events.len() > 30 && rooms.len() > 1);
    }
}
