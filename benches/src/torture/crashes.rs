//! The crash matrix of the journal: the host dies before and after each write and each step over the network, while an
//! adapter works at a CRM that knows idempotency keys and at one that does not. Judged by what the CRM did.

use std::time::{Duration, Instant};

use anyhow::ensure;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde::Serialize;

use super::{
    counts::Counts,
    outcome::Outcome,
    rig::{Places, Rig, Running, Wanted},
};
use crate::{
    journal::{self, SentEvent},
    judge::{self, Verdict},
    load::Mishaps,
    pace::Pace,
    receiver::{Manner, Moment, Receiver},
    setup::{ChainSetup, RECEIVER_SECRET},
    traffic::Due,
};

/// The tenant, and its adapter.
const TENANT: &str = "acme";
const ADAPTER: &str = "desk";
/// Events a second: enough that something is always under way.
const RATE: f64 = 60.0;
/// A host that has not come to its point by then will not.
const PATIENCE: Duration = Duration::from_secs(30);
/// Nothing new at the CRM for so long: that was all.
const QUIET: Duration = Duration::from_secs(20);

/// Where the host dies, in the order of a step's life.
const POINTS: [(&str, Who); 8] = [
    ("before-begin", Who::Host),
    ("after-begin", Who::Host),
    ("before-effect", Who::Receiver(Moment::BeforeTheEffect)),
    ("after-effect", Who::Receiver(Moment::AfterTheEffect)),
    ("before-end", Who::Host),
    ("after-end", Who::Host),
    ("before-receipt", Who::Host),
    ("after-receipt", Who::Host),
];

/// Between these the effect is there and nobody has written that down: all that a CRM without keys can double.
const DOUBLING: [&str; 2] = ["after-effect", "before-end"];

/// Who sees to it.
#[derive(Clone, Copy)]
enum Who {
    Host,
    Receiver(Moment),
}

/// What one field of the matrix came to.
#[derive(Debug, Serialize)]
struct Field {
    crashes: u32,
    sent: usize,
    lost: usize,
    doubled: usize,
    reordered: usize,
    invented: usize,
}

/// Runs it. The host has to be one that can be made to die at a point.
///
/// # Errors
/// When the host does not start again, or never comes to a point.
pub async fn run(places: &Places, counts: &Counts) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::new("crashes");
    let (mut lost, mut reordered, mut doubled, mut unexplained, mut explained) = (0, 0, 0, 0, 0);
    for knows_keys in [true, false] {
        for (point, who) in points(knows_keys, counts.every) {
            let crashes = counts.crashes;
            let field = field(places, point, who, knows_keys, crashes).await?;
            lost += field.lost + field.invented;
            reordered += field.reordered;
            match (knows_keys, DOUBLING.contains(&point)) {
                (true, _) => doubled += field.doubled,
                (false, true) => explained += field.doubled,
                (false, false) => unexplained += field.doubled,
            }
            outcome.figure(&format!("{point}, {}", if knows_keys { "keys" } else { "no keys" }), &field);
        }
    }
    outcome.demand("nothing is lost or invented", lost == 0, format!("{lost} messages"));
    outcome.demand("nothing is reordered", reordered == 0, format!("{reordered} messages"));
    outcome.demand("with a key nothing is doubled", doubled == 0, format!("{doubled} messages"));
    let what = "without one, nothing is doubled but what had an effect that nobody could write down";
    outcome.demand(what, unexplained == 0, format!("{unexplained} elsewhere, {explained} there"));
    Ok(outcome)
}

/// Every nth point: others without keys than with them, so that both together see all.
fn points(knows_keys: bool, every: usize) -> impl Iterator<Item = (&'static str, Who)> {
    let skipped = if every > 1 && !knows_keys { 1 } else { 0 };
    POINTS.into_iter().skip(skipped).step_by(every.max(1))
}

async fn field(
    places: &Places,
    point: &str,
    who: Who,
    knows_keys: bool,
    crashes: u32,
) -> anyhow::Result<Field> {
    let receiver = Receiver::start(Manner { knows_keys, answers_after: Duration::ZERO }).await?;
    // Without keys one request at a time: whatever else was under way when the host died would be doubled too, and hide
    // what is doubled by mistake.
    let concurrency = if knows_keys { 64 } else { 1 };
    let chain = ChainSetup::outside(receiver.address, concurrency).patient();
    let chains = vec![(TENANT.to_owned(), chain)];
    let name = format!("crashes-{point}-{}", if knows_keys { "keys" } else { "none" });
    let wanted = Wanted { env: vec![RECEIVER_SECRET], ..Wanted::new(&name, 60, chains) };
    let mut rig = Rig::start(places, wanted).await?;
    let mut plan = rig.plan(Pace::Rate(RATE), 3);
    plan.mishaps = Mishaps { retry_scale: 0.01, ..Mishaps::default() };
    let load = Running::start(plan);
    let mut rng = SmallRng::seed_from_u64(u64::from(crashes));
    rig.host.kill().await?;
    for _ in 0..crashes {
        let n = rng.random_range(1..=8);
        let crash = format!("{point}:{n}");
        match who {
            Who::Host => rig.host.set_env(&[RECEIVER_SECRET, ("PATCHBAY_CRASH", &crash)]),
            Who::Receiver(_) => rig.host.set_env(&[RECEIVER_SECRET]),
        }
        // What was left from before may bring it to its point at once: nobody waits until it is ready.
        rig.host.respawn()?;
        if let Who::Receiver(moment) = who {
            receiver.kill_at(moment, n, rig.host.pid());
        }
        ensure!(rig.host.died(PATIENCE).await?, "the host never came to `{crash}`");
    }
    receiver.spare();
    rig.host.set_env(&[RECEIVER_SECRET]);
    rig.host.restart().await?;
    let load = load.stop().await?;
    until_all_is_there(&receiver, &load.sent).await;
    rig.host.admin().settled().await?;
    let lines = receiver.lines(&load.sent, ADAPTER);
    journal::write(&rig.dir.join("sent.ndjson"), &load.sent)?;
    journal::write(&rig.dir.join("effects.ndjson"), &receiver.log())?;
    let Verdict { lost, doubled, reordered, invented, .. } = judge::events(&load.sent, &lines);
    rig.host.stop().await?;
    Ok(Field {
        crashes,
        sent: load.sent.len(),
        lost: lost.len(),
        doubled: doubled.len(),
        reordered: reordered.len(),
        invented: invented.len(),
    })
}

/// Waits until every answered event that is owed a message has one, or nothing more comes.
async fn until_all_is_there(receiver: &Receiver, sent: &[SentEvent]) {
    let owed = sent.iter().filter(|event| event.due == Due::Line && event.answered_at.is_some()).count();
    let (mut seen, mut moved) = (0, Instant::now());
    while seen < owed && moved.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = receiver.messages();
        if now != seen {
            (seen, moved) = (now, Instant::now());
        }
    }
}
