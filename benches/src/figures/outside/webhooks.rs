//! Signed webhooks of a CRM at a steady rate, while Matrix events flow beside them: how long their sender waits.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use receiver::{Key, now, sign};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Aim, Amount, Row, TENANT, run, wanted};
use crate::{
    measure::Latency,
    pace::{self, Pace},
    receiver::{Manner, Receiver},
    setup::RECEIVER_SECRET,
    torture::{
        Places, Rig,
        rig::{Running, Wanted},
    },
};

/// Webhooks a second, and events beside them.
const RATE: f64 = 200.0;
const EVENTS: f64 = 500.0;
const ROOMS: usize = 100;
/// The contract's promise to whoever sends.
const AIM: f64 = 300.0;

/// Who sends them.
struct Sender {
    client: Client,
    door: String,
    key: Key,
    tickets: Vec<String>,
}

/// See the module.
///
/// # Errors
/// When the host does not start or answer, or does not keep every one.
pub async fn webhooks(places: &Places, amount: Amount) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: Duration::ZERO }).await?;
    let rig = Rig::start(places, Wanted { hooks: true, ..wanted(&receiver, ROOMS) }).await?;
    run(&rig, &receiver, 1, ROOMS as u64 * 10).await?;
    let tickets: BTreeSet<String> = receiver.log().into_iter().map(|effect| effect.ticket).collect();
    let sender = Arc::new(Sender {
        client: Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?,
        door: door(&rig).await?.get("url").and_then(Value::as_str).context("no door")?.to_owned(),
        key: Key::new(RECEIVER_SECRET.1),
        tickets: tickets.into_iter().filter(|ticket| !ticket.is_empty()).collect(),
    });
    let most = (amount.steady.as_secs_f64() * RATE) as u64;
    send(&sender, "warm", most / 10).await?;
    let beside = Running::start(rig.plan(Pace::Rate(EVENTS), 2));
    let times = send(&sender, "w", most).await?.quantiles();
    let events = beside.stop().await?.answers.quantiles();
    rig.host.admin().settled().await?;
    let door = door(&rig).await?;
    let count = |what: &str| door.get(what).and_then(Value::as_u64).unwrap_or_default() as f64;
    let (kept, unheard) = (count("kept"), count("unheard"));
    ensure!(kept + unheard == (most + most / 10) as f64, "not every webhook was kept: {door}");
    rig.host.stop().await?;
    let row = |what: &str, found: f64, unit, aim| {
        let name = format!("{RATE:.0} signed webhooks/s beside {EVENTS:.0} events/s: {what}");
        Row::new(name, found, unit, aim, false)
    };
    Ok(vec![
        row("answer p50, queue included", times.p50, "ms", Aim::None),
        row("answer p99, queue included", times.p99, "ms", Aim::AtMost(AIM)),
        row("longest answer", times.max, "ms", Aim::None),
        row("kept without asking the adapter", unheard, "", Aim::AtMost(0.0)),
        row("transactions' answer p99", events.p99, "ms", Aim::None),
    ])
}

/// Sends so many at the rate; answers how long each took from the moment that it was due.
async fn send(sender: &Arc<Sender>, name: &str, most: u64) -> anyhow::Result<Latency> {
    let mut due = pace::arrivals(RATE, 1, Some(most), CancellationToken::new())?;
    let (mut under_way, mut n) = (JoinSet::new(), 0_usize);
    while let Some(at) = due.recv().await {
        n += 1;
        let (sender, id) = (Arc::clone(sender), format!("{name}-{n}"));
        under_way.spawn(async move { sender.send(n, &id, at).await });
    }
    let mut times = Latency::with_capacity(n);
    while let Some(took) = under_way.join_next().await {
        times.add(took??);
    }
    Ok(times)
}

async fn door(rig: &Rig) -> anyhow::Result<Value> {
    let doors = rig.host.admin().json(&format!("/admin/v1/hooks?tenant={TENANT}")).await?;
    doors.pointer("/hooks/0").cloned().context("no door")
}

// === impl Sender ===

impl Sender {
    async fn send(&self, n: usize, id: &str, due: Instant) -> anyhow::Result<Duration> {
        let ticket = self.tickets.get(n % self.tickets.len().max(1)).context("no ticket")?;
        let author = json!({ "id": "eve", "name": "Eve" });
        let body =
            json!({ "type": "message", "ticket": ticket, "author": author, "text": format!("Answer {id}") });
        let (body, seconds) = (body.to_string(), now());
        let answer = self
            .client
            .post(&self.door)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", sign(&self.key, id, seconds, body.as_bytes()))
            .body(body)
            .send()
            .await?;
        let took = due.elapsed();
        ensure!(answer.status() == 200, "{id} was answered with {}", answer.status());
        Ok(took)
    }
}
