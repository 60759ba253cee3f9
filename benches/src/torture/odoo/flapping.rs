//! Odoo and the homeserver go up and down by turns, with connections reset in the middle of an answer, while both directions
//! are under way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use patchbay_test_support::proxy::Break;

use super::{agents::Agents, customers::Customers, settle::settle, stage::Stage, verdicts};
use crate::torture::{counts::Counts, outcome::Outcome, rig::Places};

const ROOMS: usize = 24;
const RATE: f64 = 10.0;
const PAUSE: Duration = Duration::from_millis(200);
/// How long each side is up, and down.
const TURN: Duration = Duration::from_secs(5);
/// Between two connections that are reset in the middle.
const RESET: Duration = Duration::from_millis(700);

/// Runs it.
pub(super) async fn run(places: &Places, counts: &Counts, outcome: &mut Outcome) -> anyhow::Result<()> {
    let stage = Stage::build(places, "odoo-flapping", ROOMS).await?;
    let customers = Customers::start(&stage, RATE);
    let agents = Agents::start(Arc::clone(&stage.odoo), &stage.cast, PAUSE);
    stage.to_odoo.flap(TURN, TURN);
    // Not in step: now the one is down, now the other, now both.
    tokio::time::sleep(TURN / 2).await;
    stage.to_homeserver.flap(TURN, TURN);
    let begun = Instant::now();
    let (mut n, mut odoo, mut homeserver) = (0_usize, 0, 0);
    while begun.elapsed() < counts.flapping {
        tokio::time::sleep(RESET).await;
        n += 1;
        let how =
            if n.is_multiple_of(2) { Break::Sent(200 + n % 700) } else { Break::Answered(20 + n % 300) };
        // One at a time: what waits for a connection to break would break those behind the end of the test.
        for (proxy, seen) in [(&stage.to_odoo, &mut odoo), (&stage.to_homeserver, &mut homeserver)] {
            if proxy.connections() > *seen {
                *seen = proxy.connections();
                proxy.break_next(how);
            }
        }
    }
    stage.to_odoo.stop_flapping();
    stage.to_homeserver.stop_flapping();
    let (sent, replies) = (customers.stop().await?, agents.stop().await?);
    settle(&stage, &sent, &replies).await;
    let both = verdicts::judge(&stage, &sent, &replies)?;
    stage.odoo.forgive();
    stage.host.stop().await?;
    let wrong = |count: fn(&verdicts::Way) -> usize| count(&both.into) + count(&both.out);
    let lost = wrong(|way| way.lost + way.invented + way.misplaced);
    let (doubled, reordered) = (wrong(|way| way.doubled), wrong(|way| way.reordered));
    outcome.figure(&format!("flapping for {:?}", counts.flapping), both);
    outcome.demand("flapping: nothing is lost, misplaced or invented", lost == 0, format!("{lost} messages"));
    outcome.demand("flapping: nothing is doubled", doubled == 0, format!("{doubled} messages"));
    outcome.demand("flapping: nothing is reordered", reordered == 0, format!("{reordered} messages"));
    Ok(())
}
