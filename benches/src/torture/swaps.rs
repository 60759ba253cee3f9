//! Components replaced under load: one by one as `cp` does, and the whole chain at once by its tenant's file.

use std::{fs, time::Instant};

use anyhow::Context;
use patchbay_types::Digest;
use serde_json::json;

use super::{
    counts::Counts,
    outcome::Outcome,
    rig::{Places, Rig, Running, Wanted},
    stamps::{Chain, History, patch},
};
use crate::{
    journal::REPLY_MARK,
    measure::{Quantiles, memory},
    pace::Pace,
    plugins,
    setup::{ChainSetup, replace},
};

/// The tenant whose components are swapped.
const TENANT: &str = "acme";

/// Runs it.
///
/// # Errors
/// When the host does not start, ends by itself, or leaves a swap undone.
pub async fn run(places: &Places, counts: &Counts) -> anyhow::Result<Outcome> {
    let chains = vec![
        (TENANT.to_owned(), ChainSetup::stamped().patient()),
        ("globex".to_owned(), ChainSetup::stamped().patient()),
    ];
    let more = "\n[plugins]\nsettle = \"50ms\"\n".to_owned();
    let rig = Rig::start(places, Wanted { more, ..Wanted::new("swaps", 40, chains) }).await?;
    let mut outcome = Outcome::new("swaps");
    outcome.figure("counts", counts);

    let rate = Pace::Rate(f64::from(counts.rate));
    let quiet = Running::start(rig.plan(rate, 1));
    tokio::time::sleep(counts.measured).await;
    let quiet = quiet.stop().await?;

    let load = Running::start(rig.plan(rate, 2));
    let mut swapper = Swapper::new(&rig)?;
    let begun = Instant::now();
    let mut early = None;
    for n in 1..=counts.swaps {
        swapper.swap(n).await?;
        if n == counts.swaps.div_ceil(10) {
            early = Some(memory(rig.host.pid())?.0);
        }
    }
    let took = begun.elapsed().as_secs_f64();
    let (late, peak) = memory(rig.host.pid())?;
    let busy = load.stop().await?;

    let (answer_quiet, answer_busy) = (quiet.answers.quantiles(), busy.answers.quantiles());
    let mut sent = quiet.sent;
    sent.extend(busy.sent);
    let (lines, verdict) = rig.judge(&sent).await?;
    let sends = rig.client_api.sends();
    let shown = swapper.history.compare(&lines, &sends);

    note_speed(&mut outcome, counts, took, answer_quiet, answer_busy);
    outcome.demand("zero lost, doubled, reordered, invented", verdict.is_clean(), &verdict);
    let early = early.unwrap_or(late);
    let found = format!("{early:.1} MiB after a tenth, {late:.1} MiB at the end, {peak:.1} MiB at most");
    if counts.swaps >= 1000 {
        outcome.demand("memory at the end ≤ 1.1 × after a tenth of the swaps", late <= early * 1.1, found);
    } else {
        // A few swaps in, caches are still filling.
        outcome.figure("memory", found);
    }
    let mixed = shown.mixed.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
    let found = format!("{} events with both stamps, {} mixed {mixed}", shown.pairs, shown.mixed.len());
    outcome.demand("mapped and routed by one generation", shown.mixed.is_empty() && shown.pairs > 0, found);
    let (m, r, a) = (shown.mappers.len(), shown.routers.len(), shown.adapters.len());
    let each = usize::try_from(counts.swaps / 4)?;
    let found = format!("{m} mappers, {r} routers, {a} adapters at work");
    outcome.demand("each swap's component was seen at work", m > each && a > each && r > each / 2, found);
    let twice = doubled_replies(&sends);
    outcome.demand("each automatic answer was sent once", twice == 0, format!("{twice} doubled"));
    rig.host.stop().await?;
    Ok(outcome)
}

fn note_speed(outcome: &mut Outcome, counts: &Counts, took: f64, quiet: Quantiles, busy: Quantiles) {
    outcome.figure("swaps", format!("{} in {took:.1} s", counts.swaps));
    outcome.figure("answer without swaps", quiet.to_string());
    outcome.figure("answer with swaps", busy.to_string());
    outcome.figure("answer p99 in ms", json!({ "without": quiet.p99, "with": busy.p99 }));
}

fn doubled_replies(sends: &[crate::journal::MatrixSend]) -> usize {
    let texts =
        || sends.iter().filter_map(|send| send.text.as_deref()).filter(|text| text.starts_with(REPLY_MARK));
    texts().count() - texts().collect::<std::collections::HashSet<_>>().len()
}

/// Makes stamped components and puts them in place.
struct Swapper<'a> {
    rig: &'a Rig,
    built: [Vec<u8>; 3],
    chain: ChainSetup,
    history: History,
}

// === impl Swapper ===

impl<'a> Swapper<'a> {
    fn new(rig: &'a Rig) -> anyhow::Result<Self> {
        let chain = ChainSetup::stamped().patient();
        let read = |name: &str| {
            let path = rig.setup.component_path(name);
            fs::read(&path).with_context(|| path.display().to_string())
        };
        let built = [read(&chain.mapper)?, read(&chain.router)?, read(&chain.adapter)?];
        Ok(Self { rig, built, chain, history: History::new() })
    }

    /// One swap: the mapper, the router, the adapter, or all three in one generation.
    async fn swap(&mut self, n: u32) -> anyhow::Result<()> {
        let mut next = self.history.now();
        let (mapper, router, adapter) = match n % 4 {
            1 => (true, false, false),
            2 => (false, true, false),
            3 => (false, false, true),
            _ => (true, true, true),
        };
        let fresh = |letter: char| format!("stamp-{letter}-{n:08}");
        let old = self.chain.clone();
        if mapper && router {
            // New names in the tenant's file: one rename changes the whole chain.
            let named = |kind: &str| format!("stamp-{kind}-{n}");
            (self.chain.mapper, self.chain.router, self.chain.adapter) =
                (named("mapper"), named("router"), named("adapter"));
        }
        let mut digest = None;
        for (wanted, slot, name, stamp, letter) in [
            (mapper, 0, &self.chain.mapper, &mut next.mapper, 'm'),
            (router, 1, &self.chain.router, &mut next.router, 'r'),
            (adapter, 2, &self.chain.adapter, &mut next.adapter, 'a'),
        ] {
            if wanted {
                *stamp = fresh(letter);
                let bytes = self.component(slot, stamp)?;
                digest = Some(Digest::of(&bytes));
                replace(&self.rig.setup.component_path(name), &bytes)?;
            }
        }
        self.history.push(next);
        if mapper && router {
            let file = self.chain.tenant_file(&self.rig.cast, TENANT);
            replace(&self.rig.setup.tenant_path(TENANT), file.as_bytes())?;
        }
        let digest = digest.context("nothing was swapped")?.to_string();
        plugins::wait_for(self.rig.host.admin(), TENANT, |tenant| tenant.serves(&digest)).await?;
        if mapper && router && n > 4 {
            for name in [&old.mapper, &old.router, &old.adapter] {
                fs::remove_file(self.rig.setup.component_path(name))?;
            }
        }
        Ok(())
    }

    fn component(&self, slot: usize, stamp: &str) -> anyhow::Result<Vec<u8>> {
        let Chain { mapper, router, adapter } = Chain::built();
        let before = [mapper, router, adapter];
        let (bytes, before) = self.built.get(slot).zip(before.get(slot)).context("three slots")?;
        patch(bytes, before, stamp)
    }
}
