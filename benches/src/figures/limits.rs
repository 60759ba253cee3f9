//! The limits that no host can pass here: an answer that keeps nothing, and a store that keeps without being asked over
//! HTTP and without a plugin.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use patchbay_storage::{NewEvent, OpenOptions, Store, Transaction};
use patchbay_types::{Clock, RegistrationId, RoomId, SystemClock, config::Synchronous};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::{
    cast::{Cast, CastSize},
    homeserver::Target,
    load::{self, Mishaps, Plan},
    measure::{Latency, Report, Watch},
    pace::Pace,
    traffic::Source,
};

/// A server that only answers, as a process of its own: `program` is `patchbay-load`.
///
/// # Errors
/// When it does not start.
pub async fn null(program: &Path, batch: usize, events: u64) -> anyhow::Result<Report> {
    let mut command = Command::new(program);
    command
        .args(["stand-in", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().with_context(|| program.display().to_string())?;
    let mut said = BufReader::new(child.stdout.take().context("its output")?).lines();
    let line = said.next_line().await?.context("it said nothing")?;
    let address = line.rsplit(' ').next().context("no address")?.parse()?;
    let plan = Plan {
        target: Target { address, token: "none".to_owned() },
        cast: cast(),
        seed: 1,
        senders: 1,
        batch,
        pace: Pace::Closed,
        events: Some(events),
        stop: tokio_util::sync::CancellationToken::new(),
        mishaps: Mishaps::default(),
        client_api: None,
    };
    load::run(&Plan { events: Some(events / 10), ..plan.clone() }).await?;
    let watch = Watch::start(child.id().context("it ended")?)?;
    let load = load::run(&plan).await?;
    let usage = watch.usage()?;
    child.kill().await?;
    Ok(Report::new(&format!("answers only, batch {batch}"), &load, usage, None))
}

/// What the store alone makes of it.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Events kept in a second.
    pub per_second: f64,
    /// 99 of 100 transactions took less, in milliseconds.
    pub p99: f64,
}

/// The store alone, one transaction after another.
///
/// # Errors
/// When the store does not open or does not keep.
pub async fn storage(
    dir: &Path,
    synchronous: Synchronous,
    batch: usize,
    events: u64,
) -> anyhow::Result<Stored> {
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    let store = Store::open(OpenOptions { synchronous, ..OpenOptions::new(dir) }).await?;
    let mut source = Source::new(1, &cast());
    let now = SystemClock.now();
    let mut transactions = Vec::new();
    for n in 0..events / batch.max(1) as u64 {
        let new = (0..batch).filter_map(|_| source.next(now)).map(|event| {
            let mut body = String::new();
            event.render(now, &mut body);
            let room_id = Some(RoomId::from(&*event.room.id));
            NewEvent { key: event.id.to_string(), room_id, body, fault: None }
        });
        transactions.push(Transaction {
            registration: RegistrationId::from("load"),
            txn_id: n.to_string(),
            received_at: now,
            events: new.collect(),
            unreadable: None,
        });
    }
    let (begun, mut times) = (Instant::now(), Latency::with_capacity(transactions.len()));
    for transaction in transactions {
        let begun = Instant::now();
        store.accept(transaction).await?;
        times.add(begun.elapsed());
    }
    let took: Duration = begun.elapsed();
    store.close().await;
    std::fs::remove_dir_all(dir)?;
    Ok(Stored { per_second: events as f64 / took.as_secs_f64(), p99: times.quantiles().p99 })
}

fn cast() -> Cast {
    Cast::new(1, "load.example", &CastSize { tenants: vec!["acme".to_owned()], rooms: 100, users: 200 })
}
