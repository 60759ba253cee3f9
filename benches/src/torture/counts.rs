//! How much torture: the full measure takes minutes, the small one runs with the tests.

use std::time::Duration;

use serde::Serialize;

/// How often and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Swaps of a component under load; memory is first looked at after a tenth of them.
    pub swaps: u32,
    /// Kills under load.
    pub kills: u32,
    /// Of them, at least so many with work undone.
    pub undone: u32,
    /// Kills in each sabotaged run, which has to fail.
    pub sabotaged_kills: u32,
    /// Crashes at each point of the journal's matrix.
    pub crashes: u32,
    /// Every nth of its points.
    pub every: usize,
    /// Crashes at each point of the matrix with an Odoo.
    pub odoo_crashes: u32,
    /// Every nth of its points.
    pub odoo_every: usize,
    /// How long Odoo and the homeserver go up and down; nothing: not at all. What failed waits for minutes afterwards, too
    /// long for the suite.
    pub flapping: Duration,
    /// Events a second while components are swapped and hosts killed.
    pub rate: u32,
    /// How long a quiet time is measured.
    pub measured: Duration,
    /// Evil deeds, of all that the corpus has.
    pub deeds: usize,
    /// How long each of them is endured.
    pub endured: Duration,
}

// === impl Counts ===

impl Counts {
    /// Enough to notice that something broke.
    #[must_use]
    pub fn small() -> Self {
        Self {
            swaps: 12,
            kills: 6,
            undone: 1,
            sabotaged_kills: 4,
            crashes: 1,
            every: 2,
            odoo_crashes: 1,
            odoo_every: 4,
            flapping: Duration::ZERO,
            rate: 200,
            measured: Duration::from_secs(3),
            deeds: 6,
            endured: Duration::from_secs(1),
        }
    }

    /// What the promises are held to.
    #[must_use]
    pub fn full() -> Self {
        Self {
            swaps: 1000,
            kills: 100,
            undone: 30,
            sabotaged_kills: 10,
            crashes: 20,
            every: 1,
            odoo_crashes: 20,
            odoo_every: 1,
            flapping: Duration::from_secs(600),
            rate: 1000,
            measured: Duration::from_secs(10),
            deeds: usize::MAX,
            endured: Duration::from_secs(3),
        }
    }
}
