//! Each evil guest on each slot of one tenant, while another tenant's load runs: what becomes of the guest, and what
//! the other tenant feels of it.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use patchbay_types::Digest;
use serde::{Deserialize, Serialize};

use super::{
    counts::Counts,
    outcome::Outcome,
    rig::{Places, Rig, Running, Wanted},
};
use crate::{
    cast::Cast,
    desk::Desk,
    journal::SentEvent,
    judge,
    load::Plan,
    measure::{Latency, Quantiles},
    pace::Pace,
    plugins::{self, Tenant},
    setup::{ChainSetup, replace},
};

/// The tenant with the evil guest, and the one beside it.
const EVIL: &str = "evil";
const GOOD: &str = "good";
/// Events a second that meet the evil guest.
const MEETINGS: f64 = 20.0;
/// The other tenant's p99 may grow by this, in milliseconds: a time slice or two of two busy cores.
const FELT: f64 = 20.0;

/// One evil deed in one place, as the corpus' index names it.
#[derive(Debug, Clone, Deserialize)]
struct Deed {
    name: String,
    world: String,
    at: String,
    file: String,
}

/// What became of it.
#[derive(Debug, Clone, Serialize)]
struct Row {
    guest: String,
    slot: String,
    at: String,
    happened: String,
    others_answer_p99: f64,
    others_end_to_end_p99: f64,
}

/// Runs it with the components in `corpus`, which has an index `corpus.json`.
///
/// # Errors
/// When the corpus cannot be read, or the host does not start or ends by itself.
pub async fn run(places: &Places, corpus: &Path, counts: &Counts) -> anyhow::Result<Outcome> {
    let index = corpus.join("corpus.json");
    let index = fs::read(&index).with_context(|| index.display().to_string())?;
    let mut deeds: Vec<Deed> = serde_json::from_slice(&index)?;
    deeds.truncate(counts.deeds);
    let chains = [EVIL, GOOD].map(|tenant| (tenant.to_owned(), ChainSetup::first_party())).to_vec();
    let more = "\n[plugins]\nsettle = \"50ms\"\n".to_owned();
    let rig = Rig::start(places, Wanted { more, ..Wanted::new("evil", 20, chains) }).await?;
    let mut bench = Bench { rig, counts: *counts, seed: 1, sent: Vec::new() };

    let (quiet, quiet_through) = bench.measure(false).await?;
    let mut rows = Vec::new();
    for deed in &deeds {
        rows.push(bench.endure(corpus, deed).await?);
    }
    let (after, after_through) = bench.measure(false).await?;

    let mut outcome = Outcome::new("evil");
    outcome.figure("counts", counts);
    outcome.figure("others without evil", format!("answer {quiet}; end to end {quiet_through}"));
    outcome.figure("others afterwards", format!("answer {after}; end to end {after_through}"));
    let unfelt = rows.iter().filter(|row| row.others_answer_p99 <= quiet.p99 + FELT).count();
    let found = format!("{unfelt} of {}", rows.len());
    if counts.deeds == usize::MAX {
        outcome.demand("others' answer p99 grows by 20 ms at most", unfelt == rows.len(), found);
    } else {
        // Whatever else a machine does is felt as well: a suite must not fail by it.
        outcome.figure("others' answer p99 grew by 20 ms at most", found);
    }
    let unmet = rows.iter().filter(|row| row.happened.ends_with("calls: none")).count();
    outcome.demand("every guest that serves was called", unmet == 0, format!("{unmet} were not"));
    let good: Vec<SentEvent> = bench.sent.iter().filter(|event| event.tenant == GOOD).cloned().collect();
    let mut desk = bench.desk();
    desk.read_until_delivered(&good).await?;
    desk.read_until_quiet().await?;
    let verdict = judge::events(&good, desk.lines());
    outcome.demand("the other tenant lost, doubled and reordered nothing", verdict.is_clean(), &verdict);
    outcome.demand("the host survived", true, format!("{} deeds", rows.len()));
    for row in rows {
        let name = format!("{} in {}, at {}", row.guest, row.slot, row.at);
        outcome.figure(&name, row);
    }
    bench.rig.host.stop().await?;
    Ok(outcome)
}

struct Bench {
    rig: Rig,
    counts: Counts,
    seed: u64,
    sent: Vec<SentEvent>,
}

// === impl Bench ===

impl Bench {
    /// Puts the guest in place, lets events meet it, and puts things right again.
    async fn endure(&mut self, corpus: &Path, deed: &Deed) -> anyhow::Result<Row> {
        let component = format!("{}-{}-{}", deed.name, deed.world, deed.at);
        let bytes = fs::read(corpus.join(&deed.file)).with_context(|| deed.file.clone())?;
        replace(&self.rig.setup.component_path(&component), &bytes)?;
        let mut chain = ChainSetup::first_party();
        let slot = match deed.world.as_str() {
            "mapper" => {
                chain.mapper = component;
                "mapper"
            }
            "router" => {
                (chain.router, chain.router_settings) = (component, String::new());
                "router"
            }
            _ => {
                chain.adapter = component;
                // An adapter may take half a minute, which is longer than it is endured here.
                chain.time = Some("500ms");
                "adapters.desk"
            }
        };
        let before = self.calls(slot).await?;
        self.install(&chain).await?;
        let digest = Digest::of(&bytes).to_string();
        let settled = |tenant: &Tenant| tenant.serves(&digest) || tenant.state == "rejected";
        let now = plugins::wait_for(self.rig.host.admin(), EVIL, settled).await?;
        let (answer, through) = self.measure(true).await?;
        let happened = if now.serves(&digest) {
            let calls = self.calls(slot).await?;
            let new =
                calls.iter().map(|(outcome, n)| (outcome, n - before.get(outcome).copied().unwrap_or(0.0)));
            let new: Vec<String> =
                new.filter(|(_, n)| *n > 0.0).map(|(outcome, n)| format!("{n} {outcome}")).collect();
            format!("serves; calls: {}", if new.is_empty() { "none".to_owned() } else { new.join(", ") })
        } else {
            let reason =
                now.slots.iter().find(|found| found.slot == slot).and_then(|found| found.reason.clone());
            format!("refused: {}", reason.or(now.reason).unwrap_or_default())
        };
        self.install(&ChainSetup::first_party()).await?;
        let good = self.rig.setup.component_path("adapter-desk");
        let good = Digest::of(&fs::read(good)?).to_string();
        plugins::wait_for(self.rig.host.admin(), EVIL, |t| t.state == "active" && t.serves(&good)).await?;
        Ok(Row {
            guest: deed.name.clone(),
            slot: slot.to_owned(),
            at: deed.at.clone(),
            happened,
            others_answer_p99: answer.p99,
            others_end_to_end_p99: through.p99,
        })
    }

    async fn install(&self, chain: &ChainSetup) -> anyhow::Result<()> {
        let file = chain.tenant_file(&self.rig.cast, EVIL);
        replace(&self.rig.setup.tenant_path(EVIL), file.as_bytes())
    }

    /// What the other tenant's events wait, while some of the evil one's come too.
    async fn measure(&mut self, meet: bool) -> anyhow::Result<(Quantiles, Quantiles)> {
        self.seed += 1;
        let good = Running::start(self.plan(GOOD, f64::from(self.counts.rate) / 2.0));
        let evil = meet.then(|| Running::start(self.plan(EVIL, MEETINGS)));
        tokio::time::sleep(self.counts.endured).await;
        let good = good.stop().await?;
        if let Some(evil) = evil {
            self.sent.extend(evil.stop().await?.sent);
        }
        let mut desk = self.desk();
        desk.read_until_delivered(&good.sent).await?;
        let through = Latency::end_to_end(&good.sent, desk.lines()).quantiles();
        let answer = good.answers.quantiles();
        self.sent.extend(good.sent);
        Ok((answer, through))
    }

    /// The other tenant's desk, unread.
    fn desk(&self) -> Desk {
        Desk::new(self.rig.host.admin().clone(), [GOOD.to_owned()])
    }

    fn plan(&self, tenant: &str, rate: f64) -> Plan {
        let cast = Cast {
            server: self.rig.cast.server.clone(),
            rooms: self.rig.cast.rooms_of(tenant).cloned().collect(),
        };
        // The seed makes the event IDs too: with the same one the second tenant's events would be the first one's again.
        let seed = 2 * self.seed + u64::from(tenant == EVIL);
        Plan { cast, ..self.rig.plan(Pace::Rate(rate), seed) }
    }

    /// Calls into the evil tenant's slot, by outcome.
    async fn calls(&self, slot: &str) -> anyhow::Result<BTreeMap<String, f64>> {
        let mut calls = BTreeMap::new();
        for (labels, n) in self.rig.host.admin().metric("patchbay_plugin_calls_total").await? {
            if label(&labels, "tenant") == Some(EVIL) && label(&labels, "slot") == Some(slot) {
                *calls.entry(label(&labels, "outcome").unwrap_or("?").to_owned()).or_default() += n;
            }
        }
        Ok(calls)
    }
}

/// One label's value out of `{name="value",…}`.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = labels.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_by_its_name() {
        let labels = r#"{tenant="evil",slot="adapters.desk",outcome="trap"}"#;
        assert_eq!(label(labels, "slot"), Some("adapters.desk"));
        assert_eq!(label(labels, "none"), None);
    }
}
