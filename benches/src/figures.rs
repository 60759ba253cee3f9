//! The figures that the README quotes: the whole way, at several batch sizes, durable and less so, quiet and while a
//! component is swapped; beside each its aim, and the limits that no host can pass.

pub mod limits;
pub mod outside;
pub mod table;

use std::time::Duration;

use anyhow::Context;
use patchbay_types::{Digest, config::Synchronous};

use crate::{
    load::{self, Plan},
    measure::{Report, Watch},
    pace::Pace,
    plugins,
    setup::{ChainSetup, replace},
    torture::{Places, Rig, rig::Wanted},
};

pub use table::{Aim, Row};

/// The tenant.
const TENANT: &str = "acme";
/// Rooms that the events are spread over.
const ROOMS: usize = 100;
/// Runs that others disturbed are repeated so often.
const ATTEMPTS: u32 = 3;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Events of a run at batch 10 and more; a tenth of them one by one.
    pub events: u64,
    /// How long the fixed rate is kept.
    pub steady: Duration,
    /// Events while the CRM is down.
    pub outage: u64,
}

// === impl Amount ===

impl Amount {
    /// Figures to quote.
    #[must_use]
    pub fn full() -> Self {
        Self { events: 60_000, steady: Duration::from_secs(20), outage: 1_000_000 }
    }

    /// No figures at all: whether everything runs, whatever the build.
    #[must_use]
    pub fn tiny() -> Self {
        Self { events: 1200, steady: Duration::from_secs(2), outage: 2000 }
    }

    /// Figures to look at.
    #[must_use]
    pub fn quick() -> Self {
        Self { events: 10_000, steady: Duration::from_secs(5), outage: 20_000 }
    }
}

/// As fast as it takes them: a transaction of `batch` events follows the answer to the one before.
///
/// # Errors
/// When the host does not start or answer.
pub async fn closed(
    places: &Places,
    synchronous: Synchronous,
    batch: usize,
    amount: Amount,
) -> anyhow::Result<Report> {
    let name = format!("{}, batch {batch}, one in flight", word(synchronous));
    let events = if batch == 1 { amount.events / 10 } else { amount.events };
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let rig = rig(places, synchronous).await?;
        let plan =
            |seed: u64, events: u64| Plan { events: Some(events), batch, ..rig.plan(Pace::Closed, seed) };
        let report = measured(&rig, &name, plan(1, events / 10), plan(2, events)).await?;
        rig.host.stop().await?;
        let noisy = report.noisy;
        last = Some(report);
        if !noisy {
            break;
        }
    }
    last.context("no run")
}

/// A thousand events a second; with `swaps`, the mapper is replaced once a second.
///
/// # Errors
/// When the host does not start or answer, or a swap does not happen.
pub async fn steady(places: &Places, swaps: bool, amount: Amount) -> anyhow::Result<Report> {
    let name = if swaps { "1,000 events/s, a swap each second" } else { "1,000 events/s" };
    let rig = rig(places, Synchronous::Full).await?;
    let rate = Pace::Rate(1000.0);
    let events = amount.steady.as_secs() * 1000;
    let plan = |seed: u64, events: u64| Plan { events: Some(events), ..rig.plan(rate, seed) };
    let swapping = async {
        if !swaps {
            std::future::pending::<()>().await;
        }
        let mut n = 0;
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            n += 1;
            if let Err(error) = swap(&rig, n).await {
                return error;
            }
        }
    };
    let report = tokio::select! {
        report = measured(&rig, name, plan(1, 2000), plan(2, events)) => report?,
        failed = swapping => return Err(failed),
    };
    rig.host.stop().await?;
    Ok(report)
}

async fn rig(places: &Places, synchronous: Synchronous) -> anyhow::Result<Rig> {
    let chains = vec![(TENANT.to_owned(), ChainSetup::first_party())];
    let more = "\n[plugins]\nsettle = \"50ms\"\n".to_owned();
    Rig::start(places, Wanted { synchronous, more, ..Wanted::new("figures", ROOMS, chains) }).await
}

async fn measured(rig: &Rig, name: &str, warm_up: Plan, plan: Plan) -> anyhow::Result<Report> {
    let mut desk = rig.desk();
    let warm = load::run(&warm_up).await?;
    desk.read_until_delivered(&warm.sent).await?;
    desk.read_until_quiet().await?;
    let (watch, begun) = (Watch::start(rig.host.pid())?, std::time::Instant::now());
    let load = load::run(&plan).await?;
    // Reading the desk is work for the host too: it is asked what it got only after the clock was stopped.
    rig.host.admin().settled().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let usage = watch.usage()?;
    desk.read_until_delivered(&load.sent).await?;
    Ok(Report::new(name, &load, usage, Some((desk.lines(), seconds))))
}

/// Gives the mapper other bytes, and waits until they serve.
async fn swap(rig: &Rig, n: u32) -> anyhow::Result<()> {
    let chain = ChainSetup::first_party();
    let path = rig.setup.component_path(&chain.mapper);
    let bytes = with_section(&std::fs::read(rig.setup.components.join(format!("{}.wasm", chain.mapper)))?, n);
    let digest = Digest::of(&bytes).to_string();
    replace(&path, &bytes)?;
    plugins::wait_for(rig.host.admin(), TENANT, |tenant| tenant.serves(&digest)).await?;
    Ok(())
}

/// The same component with a custom section at its end that means nothing: id 0, size, name, content.
fn with_section(component: &[u8], n: u32) -> Vec<u8> {
    let content = n.to_le_bytes();
    let name = b"again";
    let sizes = [0, (1 + name.len() + content.len()) as u8, name.len() as u8];
    [component, &sizes, name, &content].concat()
}

fn word(synchronous: Synchronous) -> &'static str {
    match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    }
}
