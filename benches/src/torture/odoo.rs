//! The whole way with an Odoo: customers write in Matrix, agents answer in Odoo, and the host dies, or one of the sides goes
//! up and down. Judged by what stands in Odoo and what the homeserver took, each against what the other side said.

mod agents;
mod crashes;
mod customers;
mod flapping;
mod settle;
mod stage;
mod verdicts;

use super::{counts::Counts, outcome::Outcome, rig::Places};

/// Runs it. The host has to be one that can be made to die at a point.
///
/// # Errors
/// When the host does not start again, or never comes to a point.
pub async fn run(places: &Places, counts: &Counts) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::new("odoo");
    crashes::run(places, counts, &mut outcome).await?;
    if !counts.flapping.is_zero() {
        flapping::run(places, counts, &mut outcome).await?;
    }
    Ok(outcome)
}
