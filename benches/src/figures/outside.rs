//! What the world outside costs: an exchange beside the same one without a host, deliveries to a CRM that takes its time,
//! an outage, and webhooks that come beside events.

mod exchange;
mod outage;
mod rate;
mod webhooks;

use std::time::{Duration, Instant};

use super::{Aim, Amount, Row};
use crate::{
    load::{self, Plan},
    pace::Pace,
    receiver::Receiver,
    setup::{ChainSetup, RECEIVER_SECRET},
    torture::{Places, Rig, rig::Wanted},
};

pub use exchange::exchange;
pub use outage::outage;
pub use rate::rate;
pub use webhooks::webhooks;

/// The tenant.
const TENANT: &str = "acme";
/// The CRM answers after so long.
const ANSWERS_AFTER: Duration = Duration::from_millis(50);
/// Nothing new at the CRM for so long: that was all.
const QUIET: Duration = Duration::from_secs(3);

/// All of it, each row handed to `show` as soon as it is known.
///
/// # Errors
/// When the host does not start or answer.
pub async fn all(places: &Places, amount: Amount, mut show: impl FnMut(Row)) -> anyhow::Result<()> {
    exchange(places, amount).await?.into_iter().for_each(&mut show);
    for conversations in [1, 8, 64] {
        rate(places, conversations, amount).await?.into_iter().for_each(&mut show);
    }
    webhooks(places, amount).await?.into_iter().for_each(&mut show);
    outage(places, amount.outage).await?.into_iter().for_each(&mut show);
    Ok(())
}

/// A host whose one adapter posts to `receiver`, up to 64 deliveries at once.
async fn rig(places: &Places, receiver: &Receiver, rooms: usize) -> anyhow::Result<Rig> {
    Rig::start(places, wanted(receiver, rooms)).await
}

fn wanted(receiver: &Receiver, rooms: usize) -> Wanted<'static> {
    let chains = vec![(TENANT.to_owned(), ChainSetup::outside(receiver.address, 64))];
    Wanted { env: vec![RECEIVER_SECRET], ..Wanted::new("outside", rooms, chains) }
}

/// Sends events as fast as they are taken, and waits until the CRM has what came of them.
async fn run(rig: &Rig, receiver: &Receiver, seed: u64, events: u64) -> anyhow::Result<()> {
    let plan = Plan { events: Some(events), ..rig.plan(Pace::Closed, seed) };
    load::run(&plan).await?;
    let (mut seen, mut moved) = (0, Instant::now());
    while moved.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = receiver.effects();
        if now != seen {
            (seen, moved) = (now, Instant::now());
        }
    }
    Ok(())
}
