//! Deliveries of a backlog to a CRM that answers after 50 ms, and how that compares to what it allows: in each
//! conversation one at a time.

use std::{collections::HashMap, time::Duration};

use anyhow::Context;

use super::{ANSWERS_AFTER, Aim, Amount, Row, rig, run};
use crate::{
    receiver::{Manner, Receiver},
    torture::Places,
};

/// Events for each conversation before any is counted: people are known then, and tickets open.
const WARM_UP: u64 = 30;

/// See the module.
///
/// # Errors
/// When the host does not start or answer.
pub async fn rate(places: &Places, conversations: usize, amount: Amount) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: ANSWERS_AFTER }).await?;
    let rig = rig(places, &receiver, conversations).await?;
    let rooms = conversations as u64;
    run(&rig, &receiver, 1, rooms * WARM_UP).await?;
    let before = receiver.effects();
    run(&rig, &receiver, 2, rooms * (amount.events / 600)).await?;
    let log = receiver.log();
    let done = log.get(before..).unwrap_or_default();
    rig.host.stop().await?;
    let (first, last) = done.first().zip(done.last()).context("nothing was delivered")?;
    let took = Duration::from_micros(last.micros - first.micros) + ANSWERS_AFTER;
    // What is done to no ticket is somebody new: it belongs to the conversation in which they speak, whichever that is.
    let mut tickets: HashMap<&str, u32> = HashMap::new();
    for effect in done.iter().filter(|effect| !effect.ticket.is_empty()) {
        *tickets.entry(&effect.ticket).or_default() += 1;
    }
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
