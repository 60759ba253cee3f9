//! The desks of several tenants, read as they grow.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use crate::{
    admin::Admin,
    journal::{DeskLine, SentEvent},
    traffic::Due,
};

/// Nothing new for so long while something is missing: it will not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing new for so long while nothing is missing: that was all.
const QUIET: Duration = Duration::from_millis(500);
/// Nothing new for so long while something is missing: it may have come under a lower number than what was read, since
/// lines are numbered before they are committed. All is read again, once.
const AGAIN: Duration = Duration::from_secs(2);
/// How often we look.
const GLANCE: Duration = Duration::from_millis(5);

/// What was read so far of some tenants' desks.
pub struct Desk {
    admin: Admin,
    tenants: Vec<(String, u64)>,
    lines: Vec<DeskLine>,
}

// === impl Desk ===

impl Desk {
    /// Nothing read yet.
    pub fn new(admin: Admin, tenants: impl IntoIterator<Item = String>) -> Self {
        Self { admin, tenants: tenants.into_iter().map(|tenant| (tenant, 0)).collect(), lines: Vec::new() }
    }

    /// All lines read so far: in the order of their numbers for each tenant, as far as they came in that order.
    #[must_use]
    pub fn lines(&self) -> &[DeskLine] {
        &self.lines
    }

    /// Reads what is new; answers how many lines that were.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn read(&mut self) -> anyhow::Result<usize> {
        let before = self.lines.len();
        for (tenant, after) in &mut self.tenants {
            let new = self.admin.lines(tenant, *after).await?;
            *after = new.last().map_or(*after, |line| line.id);
            self.lines.extend(new);
        }
        Ok(self.lines.len() - before)
    }

    /// Reads until every answered event of `sent` that is owed a line has one. It gives up when nothing has come for a
    /// while: what is missing then is for the checker to tell.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn read_until_delivered(&mut self, sent: &[SentEvent]) -> anyhow::Result<()> {
        let owed = sent.iter().filter(|event| event.due == Due::Line && event.answered_at.is_some());
        let mut missing: HashSet<&str> = owed.map(|event| event.event_id.as_str()).collect();
        let (mut from, mut moved, mut again) = (0, Instant::now(), true);
        loop {
            for id in self.lines.iter().skip(from).filter_map(|line| line.event_id.as_deref()) {
                missing.remove(id);
            }
            from = self.lines.len();
            if missing.is_empty() || moved.elapsed() > PATIENCE {
                return Ok(());
            }
            if again && moved.elapsed() > AGAIN {
                (again, from) = (false, 0);
                self.begin_again();
            }
            if self.read().await? == 0 {
                tokio::time::sleep(GLANCE).await;
            } else {
                moved = Instant::now();
            }
        }
    }

    /// Reads everything once more from the beginning, at the next look.
    pub fn begin_again(&mut self) {
        self.lines.clear();
        for (_, after) in &mut self.tenants {
            *after = 0;
        }
    }

    /// Reads until nothing new has come for a moment.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn read_until_quiet(&mut self) -> anyhow::Result<()> {
        let mut moved = Instant::now();
        while moved.elapsed() < QUIET {
            if self.read().await? == 0 {
                tokio::time::sleep(GLANCE).await;
            } else {
                moved = Instant::now();
            }
        }
        Ok(())
    }
}
