//! What reaching outside costs: an exchange beside the same one without a host, deliveries to a CRM that takes its time,
//! and an outage.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::json;

use super::{Aim, Amount, Row};
use crate::{
    load::{self, Plan},
    measure::{Latency, Quantiles, usage},
    pace::Pace,
    receiver::{Effect, Manner, Receiver},
    setup::{ChainSetup, RECEIVER_SECRET, replace},
    torture::{Places, Rig, rig::Wanted},
};

/// The tenant.
const TENANT: &str = "acme";
/// The CRM answers after so long.
const ANSWERS_AFTER: Duration = Duration::from_millis(50);
/// Nothing new at the CRM for so long: that was all.
const QUIET: Duration = Duration::from_secs(3);
/// After an outage, deliveries are counted for so long.
const DRAIN: Duration = Duration::from_secs(15);

/// An exchange with a CRM that answers at once: through sandbox, journal and egress, and without any of them.
///
/// # Errors
/// When the host does not start or answer.
pub async fn exchange(places: &Places, amount: Amount) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: Duration::ZERO }).await?;
    let rig = rig(places, &receiver, 1).await?;
    let events = amount.events / 60;
    run(&rig, &receiver, 10).await?;
    let before = receiver.log().len();
    run(&rig, &receiver, events).await?;
    let through = gaps(receiver.log().get(before..).unwrap_or_default());
    rig.host.stop().await?;
    let alone = alone(&receiver, events).await?;
    let row = |what: &str, found: f64| Row::new(format!("exchange: {what}"), found, "ms", Aim::None, false);
    Ok(vec![
        row("without a host, p50", alone.p50),
        row("without a host, p99", alone.p99),
        row("delivered, p50", through.p50),
        row("delivered, p99", through.p99),
        row("added by host, sandbox, journal and egress, p50", through.p50 - alone.p50),
        row("added by host, sandbox, journal and egress, p99", through.p99 - alone.p99),
    ])
}

/// Deliveries of a backlog to a CRM that answers after 50 ms, and how that compares to what it allows: one at a time for
/// each conversation.
///
/// # Errors
/// When the host does not start or answer.
pub async fn rate(places: &Places, conversations: usize, amount: Amount) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: ANSWERS_AFTER }).await?;
    let rig = rig(places, &receiver, conversations).await?;
    let rooms = conversations as u64;
    run(&rig, &receiver, rooms * 8).await?;
    let before = receiver.log().len();
    run(&rig, &receiver, rooms * (amount.events / 600)).await?;
    let log = receiver.log();
    let done = log.get(before..).unwrap_or_default();
    rig.host.stop().await?;
    let (Some(first), Some(last)) = (done.first(), done.last()) else {
        anyhow::bail!("nothing was delivered")
    };
    let took = Duration::from_micros(last.micros - first.micros) + ANSWERS_AFTER;
    let mut tickets: HashMap<&str, u32> = HashMap::new();
    done.iter().for_each(|effect| *tickets.entry(&effect.ticket).or_default() += 1);
    // The conversation with most to say decides how soon all can be done.
    let longest = tickets.values().max().copied().unwrap_or_default();
    let allowed = ANSWERS_AFTER.as_secs_f64() * f64::from(longest);
    let name = format!("a CRM that answers after 50 ms, {conversations} conversations");
    let per_second = done.len() as f64 / took.as_secs_f64();
    let share = 100.0 * allowed / took.as_secs_f64();
    Ok(vec![
        Row::new(format!("{name}: deliveries"), per_second, "/s", Aim::None, false),
        Row::new(format!("{name}: of what it allows"), share, "%", Aim::AtLeast(90.0), false),
    ])
}

/// A CRM that is down while `events` come, and what happens when it is up again.
///
/// # Errors
/// When the host does not start or answer.
pub async fn outage(places: &Places, events: u64) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: Duration::ZERO }).await?;
    let rig = rig(places, &receiver, 1000).await?;
    receiver.be_down(true);
    let plan = |seed: u64, events: u64| Plan { events: Some(events), ..rig.plan(Pace::Closed, seed) };
    let first = load::run(&plan(1, events / 10)).await?;
    let (early, _) = usage::memory(rig.host.pid())?;
    let rest = load::run(&plan(2, events - events / 10)).await?;
    decided(&rig).await?;
    let (late, _) = usage::memory(rig.host.pid())?;
    let disk = size(&rig.setup.dir.join("data"))?;
    ensure!(receiver.messages() == 0, "a CRM that is down has done something");
    let asked = receiver.requests();

    receiver.be_down(false);
    let begun = Instant::now();
    // A new generation is tried at once: nobody has to wait for the end of a pause.
    let path = rig.setup.tenant_path(TENANT);
    let file = fs::read_to_string(&path)? + "\n# The CRM is up again.\n";
    replace(&path, file.as_bytes())?;
    while receiver.log().is_empty() {
        ensure!(begun.elapsed() < Duration::from_secs(60), "nobody noticed that the CRM is up again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let noticed = begun.elapsed();
    let (from, at) = (receiver.log().len(), Instant::now());
    tokio::time::sleep(DRAIN).await;
    let drained = (receiver.log().len() - from) as f64 / at.elapsed().as_secs_f64();
    let (draining, _) = usage::memory(rig.host.pid())?;
    rig.host.stop().await?;
    let accepted = (first.accepted() + rest.accepted()) as f64;
    let row = |what: &str, found: f64, unit| {
        Row::new(format!("{events} events while the CRM is down: {what}"), found, unit, Aim::None, false)
    };
    Ok(vec![
        row("accepted", accepted, "events"),
        row("requests to it meanwhile", asked as f64, "requests"),
        row("disk", disk / 1048576.0, "MiB"),
        row("memory after a tenth", early, "MiB"),
        Row { aim: Aim::AtMost(early * 1.1), ..row("memory after all", late, "MiB") },
        row("memory while it drains", draining, "MiB"),
        row("from its return to the first delivery", noticed.as_secs_f64(), "s"),
        row("drained", drained, "/s"),
    ])
}

async fn rig(places: &Places, receiver: &Receiver, rooms: usize) -> anyhow::Result<Rig> {
    let chains = vec![(TENANT.to_owned(), ChainSetup::outside(receiver.address, 64))];
    Rig::start(places, Wanted { env: vec![RECEIVER_SECRET], ..Wanted::new("outside", rooms, chains) }).await
}

/// Sends events as fast as they are taken, and waits until the CRM has what came of them.
async fn run(rig: &Rig, receiver: &Receiver, events: u64) -> anyhow::Result<()> {
    let plan = Plan { events: Some(events), ..rig.plan(Pace::Closed, events) };
    load::run(&plan).await?;
    let (mut seen, mut moved) = (0, Instant::now());
    while moved.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = receiver.log().len();
        if now != seen {
            (seen, moved) = (now, Instant::now());
        }
    }
    Ok(())
}

/// Waits until every event is decided.
async fn decided(rig: &Rig) -> anyhow::Result<()> {
    loop {
        let status = rig.host.admin().json("/admin/v1/status").await?;
        if status.pointer("/events/count").and_then(serde_json::Value::as_u64) == Some(0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// From one thing done to the next.
fn gaps(log: &[Effect]) -> Quantiles {
    let mut times = Latency::default();
    for pair in log.windows(2) {
        if let [before, after] = pair {
            times.add(Duration::from_micros(after.micros - before.micros));
        }
    }
    times.quantiles()
}

/// The same envelopes, posted one after the other by nobody but a client.
async fn alone(receiver: &Receiver, events: u64) -> anyhow::Result<Quantiles> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://{}/", receiver.address);
    let before = receiver.log().len();
    for n in 0..events {
        let envelope =
            json!({ "id": format!("alone-{n}"), "type": "message.append", "data": { "ticket": "R-1" } });
        client.post(&url).json(&envelope).send().await?.bytes().await?;
    }
    Ok(gaps(receiver.log().get(before..).unwrap_or_default()))
}

/// Bytes of all files of a directory.
fn size(dir: &Path) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let entry = entry?;
        let kind = entry.metadata()?;
        sum += if kind.is_dir() { size(&entry.path())? } else { kind.len() as f64 };
    }
    Ok(sum)
}
