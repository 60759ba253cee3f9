//! The proof that the checker sees what it is there to see: a host built to break a promise has to fail.

use std::path::PathBuf;

use super::{
    counts::Counts,
    kill::{self, Killed},
    outcome::Outcome,
    rig::Places,
};

/// The environment variable that a host built with the feature `sabotage` looks at.
const VARIABLE: &str = "PATCHBAY_SABOTAGE";

/// What is broken, and what the checker then has to find.
const MODES: [(&str, &str, Symptom); 3] = [
    ("dedup", "without de-duplication, something is doubled", |killed| killed.events.doubled.len()),
    ("early-answer", "answered before the commit, something is lost", |killed| killed.events.lost.len()),
    ("lanes", "with lanes not serialised, something is reordered", |killed| killed.events.reordered.len()),
];

type Symptom = fn(&Killed) -> usize;

/// Runs the kills of each mode on `sabotaged`, a host built with the feature.
///
/// # Errors
/// When the host does not start again or ends by itself.
pub async fn run(places: &Places, sabotaged: PathBuf, counts: &Counts) -> anyhow::Result<Outcome> {
    let places = Places { host: sabotaged, ..places.clone() };
    let mut outcome = Outcome::new("sabotage");
    outcome.figure("counts", counts);
    for (mode, demand, symptom) in MODES {
        let name = format!("sabotage-{mode}");
        let killed =
            kill::kill(&places, &name, counts.sabotaged_kills, counts.rate, &[(VARIABLE, mode)]).await?;
        let found = symptom(&killed);
        outcome.figure(mode, killed.events.to_string().lines().next().unwrap_or_default());
        outcome.demand(demand, found > 0, format!("{found} events"));
    }
    // The same program without sabotage: what was found is the sabotage's doing.
    let killed = kill::kill(&places, "sabotage-none", counts.sabotaged_kills, counts.rate, &[]).await?;
    outcome.demand("the same program without sabotage is clean", killed.events.is_clean(), &killed.events);
    Ok(outcome)
}
