//! A CRM that is down while events come: what waits costs disk, and no memory; and what happens when it is up again.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Aim, Row, TENANT, rig};
use crate::{
    load::{self, Plan},
    measure::usage,
    pace::Pace,
    receiver::{Manner, Receiver},
    setup::replace,
    torture::{Places, Rig},
};

/// Afterwards, deliveries are counted for so long.
const DRAIN: Duration = Duration::from_secs(15);
/// So many events are made at once: a million would not fit beside the host.
const PART: u64 = 20_000;
/// What waits for so long to be decided waits for something that will not come.
const DECIDED: Duration = Duration::from_secs(600);

/// See the module; `events` come meanwhile.
///
/// # Errors
/// When the host does not start or answer.
pub async fn outage(places: &Places, events: u64) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: Duration::ZERO }).await?;
    let rig = rig(places, &receiver, 1000).await?;
    let data = rig.setup.dir.join("data");
    receiver.be_down(true);
    let empty = size(&data)?;
    let mut seed = 0;
    let first = feed(&rig, &mut seed, events / 10).await?;
    let (early, _) = usage::memory(rig.host.pid())?;
    let watch = usage::Watch::start(rig.host.pid())?;
    let rest = feed(&rig, &mut seed, events - events / 10).await?;
    let (late, peak) = (usage::memory(rig.host.pid())?.0, watch.usage()?.peak_mib);
    let (waiting, disk) = (waiting(&rig).await?, size(&data)? - empty);
    ensure!(receiver.effects() == 0, "a CRM that is down has done something");
    let asked = receiver.requests();

    receiver.be_down(false);
    let begun = Instant::now();
    // A new generation is tried at once: nobody has to wait for the end of a pause.
    let path = rig.setup.tenant_path(TENANT);
    let file = fs::read_to_string(&path)? + "\n# The CRM is up again.\n";
    replace(&path, file.as_bytes())?;
    while receiver.effects() == 0 {
        ensure!(begun.elapsed() < Duration::from_secs(60), "nobody noticed that the CRM is up again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let noticed = begun.elapsed();
    let (drained, draining) = drain(&rig, &receiver).await?;
    rig.host.stop().await?;
    let row = |what: &str, found: f64, unit| {
        Row::new(format!("{events} events while the CRM is down: {what}"), found, unit, Aim::None, false)
    };
    Ok(vec![
        row("accepted", (first + rest) as f64, "events"),
        row("deliveries that wait", waiting as f64, ""),
        row("requests to it meanwhile", asked as f64, ""),
        row("disk", disk / 1_048_576.0, "MiB"),
        row("disk for each that waits", disk / 1024.0 / waiting.max(1) as f64, "KiB"),
        row("memory after a tenth", early, "MiB"),
        Row { aim: Aim::AtMost(early * 1.1), ..row("memory after all", late, "MiB") },
        row("memory at most in between", peak, "MiB"),
        row("memory while it drains", draining, "MiB"),
        row("from its return to the first request", noticed.as_secs_f64(), "s"),
        row("messages drained", drained, "/s"),
    ])
}

/// Sends so many events, part by part, and waits until each is decided; answers how many were accepted.
async fn feed(rig: &Rig, seed: &mut u64, events: u64) -> anyhow::Result<usize> {
    let (mut left, mut accepted) = (events, 0);
    while left > 0 {
        let part = left.min(PART);
        *seed += 1;
        let plan = Plan { events: Some(part), ..rig.plan(Pace::Closed, *seed) };
        accepted += load::run(&plan).await?.accepted();
        left -= part;
    }
    let begun = Instant::now();
    while status(rig).await?.pointer("/events/count").and_then(Value::as_u64) != Some(0) {
        ensure!(begun.elapsed() < DECIDED, "events still wait to be decided");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(accepted)
}

/// Messages a second from the first to the last in what follows, and the host's memory then.
async fn drain(rig: &Rig, receiver: &Receiver) -> anyhow::Result<(f64, f64)> {
    let before = receiver.effects();
    let begun = Instant::now();
    let mut memory = 0.0_f64;
    while begun.elapsed() < DRAIN && waiting(rig).await? > 0 {
        memory = memory.max(usage::memory(rig.host.pid())?.0);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let log = receiver.log();
    // People and tickets come first, and are no messages.
    let messages: Vec<_> =
        log.iter().skip(before).filter(|effect| effect.kind.starts_with("message.")).collect();
    let (first, last) = messages.first().zip(messages.last()).context("nothing was drained")?;
    let took = Duration::from_micros(last.micros - first.micros).as_secs_f64();
    Ok((messages.len() as f64 / took.max(1e-3), memory))
}

/// Deliveries that are not done.
async fn waiting(rig: &Rig) -> anyhow::Result<u64> {
    let status = status(rig).await?;
    let deliveries = status.get("deliveries").and_then(Value::as_array).context("no deliveries")?;
    Ok(deliveries.iter().filter_map(|row| row.pointer("/1/count").and_then(Value::as_u64)).sum())
}

async fn status(rig: &Rig) -> anyhow::Result<Value> {
    rig.host.admin().json("/admin/v1/status").await
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
