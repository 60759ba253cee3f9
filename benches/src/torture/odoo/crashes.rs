//! The crash matrix: the host dies before and after each write and each step over the network, in both directions, while
//! both are under way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use patchbay_test_support::odoo::Fault;
use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::{
    agents::Agents,
    customers::Customers,
    settle::settle,
    stage::Stage,
    verdicts::{self, Both},
};
use crate::torture::{counts::Counts, outcome::Outcome, rig::Places};

/// A host that has not come to its point by then will not.
const PATIENCE: Duration = Duration::from_secs(60);
const ROOMS: usize = 12;
/// Customers' messages a second.
const RATE: f64 = 20.0;
/// Between two answers of agents.
const PAUSE: Duration = Duration::from_millis(100);

/// Who sees to it that the host dies.
#[derive(Clone, Copy)]
enum Who {
    /// Itself, at this point.
    Host,
    /// Whoever kills it while Odoo has its request and has done nothing.
    BeforeOdoo,
    /// The same, and Odoo has done it.
    AfterOdoo,
}

/// Where it dies: into Odoo, in the order of a step's life; then out of it, from the question to the receipt.
const POINTS: [(&str, Who); 14] = [
    ("before-begin", Who::Host),
    ("after-begin", Who::Host),
    ("before-effect", Who::BeforeOdoo),
    ("after-effect", Who::AfterOdoo),
    ("before-end", Who::Host),
    ("after-end", Who::Host),
    ("before-receipt", Who::Host),
    ("after-receipt", Who::Host),
    ("before-poll", Who::Host),
    ("before-page", Who::Host),
    ("after-page", Who::Host),
    ("before-act", Who::Host),
    ("after-act", Who::Host),
    ("after-acted", Who::Host),
];

/// Runs it.
pub(super) async fn run(places: &Places, counts: &Counts, outcome: &mut Outcome) -> anyhow::Result<()> {
    let (mut lost, mut doubled, mut reordered, mut tickets) = (0, 0, 0, 0);
    for (point, who) in POINTS.into_iter().step_by(counts.odoo_every.max(1)) {
        let field = field(places, point, who, counts.odoo_crashes).await?;
        for way in [field.into, field.out] {
            lost += way.lost + way.invented + way.misplaced;
            doubled += way.doubled;
            reordered += way.reordered;
        }
        tickets += field.tickets_too_many;
        outcome.figure(point, field);
    }
    outcome.demand("crashes: nothing is lost, misplaced or invented", lost == 0, format!("{lost} messages"));
    outcome.demand("crashes: nothing is doubled", doubled == 0, format!("{doubled} messages"));
    outcome.demand("crashes: nothing is reordered", reordered == 0, format!("{reordered} messages"));
    outcome.demand("crashes: each room has one ticket", tickets == 0, format!("{tickets} too many"));
    Ok(())
}

async fn field(places: &Places, point: &str, who: Who, crashes: u32) -> anyhow::Result<Both> {
    let mut stage = Stage::build(places, &format!("odoo-{point}"), ROOMS).await?;
    let customers = Customers::start(&stage, RATE);
    let agents = Agents::start(Arc::clone(&stage.odoo), &stage.cast, PAUSE);
    let mut rng = SmallRng::seed_from_u64(u64::from(crashes));
    stage.host.kill().await?;
    for _ in 0..crashes {
        let n = rng.random_range(1..=6);
        let crash = format!("{point}:{n}");
        match who {
            Who::Host => stage.host.set_env(&[("PATCHBAY_CRASH", &crash)]),
            _ => stage.host.set_env(&[]),
        }
        stage.host.respawn()?;
        match who {
            Who::Host => {
                ensure!(stage.host.died(PATIENCE).await?, "the host never came to `{crash}`");
            }
            Who::BeforeOdoo => at_odoo(&mut stage, Fault::Hang).await?,
            Who::AfterOdoo => at_odoo(&mut stage, Fault::CommitThenHang).await?,
        }
    }
    stage.odoo.faults().clear();
    stage.host.set_env(&[]);
    stage.host.restart().await?;
    let (sent, replies) = (customers.stop().await?, agents.stop().await?);
    settle(&stage, &sent, &replies).await;
    let both = verdicts::judge(&stage, &sent, &replies)?;
    stage.odoo.forgive();
    stage.host.stop().await?;
    Ok(Both { crashes, ..both })
}

/// Kills the host while Odoo has a message of its.
async fn at_odoo(stage: &mut Stage, fault: Fault) -> anyhow::Result<()> {
    stage.odoo.faults().next_of("message_post", fault);
    let begun = Instant::now();
    while !stage.odoo.faults().spent() {
        ensure!(begun.elapsed() < PATIENCE, "no message came to Odoo");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Odoo has taken it; whether it has carried it out is for Odoo to say.
    tokio::time::sleep(Duration::from_millis(20)).await;
    stage.host.kill().await
}
