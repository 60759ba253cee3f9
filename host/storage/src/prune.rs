//! Retention: bodies go first, keys later, in steps small enough that nobody waits for one.
//!
//! A pass walks each table from its oldest row and stops where rows are younger than every limit. What still waits, or
//! is set aside and not resolved, is kept whatever its age: it is all that a replay has.

use patchbay_types::{Millis, TenantId};
use serde::Serialize;

use crate::{error::StorageError, read::Columns, store::Store, writer::Statement};

/// Rows looked at in one step.
const STEP: u32 = 500;

/// What may be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Whose; none stands for every tenant that is not named, and for what is nobody's.
    pub tenant: Option<TenantId>,
    /// Bodies, traces and payloads from before then are dropped.
    pub bodies_before: Millis,
    /// Rows that serve as keys and links from before then are dropped.
    pub keys_before: Millis,
}

/// How much was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Pruned {
    /// Bodies, traces and payloads.
    pub bodies: u64,
    /// Rows that served as keys and links.
    pub keys: u64,
}

/// One table's walk. `page` answers number, tenant, time and whether it must be kept, of rows after a number; each of
/// `drop` takes a JSON array of numbers.
struct Walk {
    page: &'static str,
    drop: &'static [&'static str],
}

const BODIES: [Walk; 6] = [
    Walk {
        page: "SELECT b.seq, tenant, received_at, state IN (0, 2) FROM bodies b CROSS JOIN inbox i ON i.seq = b.seq \
               WHERE b.seq > ? ORDER BY b.seq LIMIT ?",
        drop: &["DELETE FROM bodies WHERE seq IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, at, 0 FROM traces WHERE id > ? ORDER BY id LIMIT ?",
        drop: &["DELETE FROM traces WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT p.id, tenant, created_at, state IN (0, 2) FROM outbox_payloads p CROSS JOIN outbox o \
               ON o.id = p.id WHERE p.id > ? ORDER BY p.id LIMIT ?",
        drop: &["DELETE FROM outbox_payloads WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT p.id, tenant, created_at, state IN (0, 2) FROM action_payloads p CROSS JOIN actions a \
               ON a.id = p.id WHERE p.id > ? ORDER BY p.id LIMIT ?",
        drop: &["DELETE FROM action_payloads WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, at, state IN (0, 2) FROM hooks WHERE id > ? AND body IS NOT NULL ORDER BY id LIMIT ?",
        drop: &["UPDATE hooks SET body = NULL WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, at, state IN (0, 2) FROM entries WHERE id > ? AND body IS NOT NULL \
               ORDER BY id LIMIT ?",
        drop: &["UPDATE entries SET body = NULL WHERE id IN (SELECT value FROM json_each(?))"],
    },
];

const KEYS: [Walk; 9] = [
    Walk {
        page: "SELECT j.rowid, coalesce(o.tenant, h.tenant), j.at, coalesce(o.state, h.state, 1) IN (0, 2) \
               FROM journal j LEFT JOIN outbox o ON j.subject = 'delivery' AND o.id = j.ref \
               LEFT JOIN hooks h ON j.subject = 'hook' AND h.id = j.ref \
               WHERE j.rowid > ? ORDER BY j.rowid LIMIT ?",
        drop: &["DELETE FROM journal WHERE rowid IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT seq, tenant, received_at, state IN (0, 2) FROM inbox WHERE seq > ? ORDER BY seq LIMIT ?",
        drop: &["DELETE FROM inbox WHERE seq IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, created_at, state IN (0, 2) FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
        drop: &[
            "DELETE FROM links WHERE (tenant, adapter, part) IN (SELECT o.tenant, o.adapter, p.value \
             FROM json_each(?) n CROSS JOIN outbox o ON o.id = n.value CROSS JOIN json_each(o.parts) p)",
            "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))",
        ],
    },
    Walk {
        page: "SELECT id, tenant, created_at, state IN (0, 2) FROM actions WHERE id > ? ORDER BY id LIMIT ?",
        drop: &[
            "DELETE FROM links WHERE (tenant, adapter, part) IN (SELECT a.tenant, a.origin_adapter, a.origin_part \
             FROM json_each(?) n CROSS JOIN actions a ON a.id = n.value)",
            "DELETE FROM actions WHERE id IN (SELECT value FROM json_each(?))",
        ],
    },
    Walk {
        page: "SELECT id, tenant, at, state IN (0, 2) FROM hooks WHERE id > ? ORDER BY id LIMIT ?",
        drop: &[
            "DELETE FROM hooks_unasked WHERE id IN (SELECT value FROM json_each(?))",
            "DELETE FROM hooks WHERE id IN (SELECT value FROM json_each(?))",
        ],
    },
    Walk {
        page: "SELECT id, tenant, at, state IN (0, 2) FROM entries WHERE id > ? ORDER BY id LIMIT ?",
        drop: &["DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, at, 0 FROM polls WHERE id > ? ORDER BY id LIMIT ?",
        drop: &["DELETE FROM polls WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, at, settled_at IS NULL FROM notes WHERE id > ? ORDER BY id LIMIT ?",
        drop: &["DELETE FROM notes WHERE id IN (SELECT value FROM json_each(?))"],
    },
    Walk {
        page: "SELECT id, tenant, at, resolved_at IS NULL FROM parked WHERE id > ? ORDER BY id LIMIT ?",
        drop: &["DELETE FROM parked WHERE id IN (SELECT value FROM json_each(?))"],
    },
];

// === impl Store ===

impl Store {
    /// Drops what no retention asks to keep; what nobody's retention covers is kept. It may be stopped at any time and
    /// begun again.
    ///
    /// # Errors
    /// When something could not be dropped; what was dropped before stays dropped.
    pub async fn prune(&self, retention: &[Retention]) -> Result<Pruned, StorageError> {
        let mut pruned = Pruned::default();
        for walk in &BODIES {
            pruned.bodies += self.walk(walk, retention, |limits| limits.bodies_before).await?;
        }
        for walk in &KEYS {
            pruned.keys += self.walk(walk, retention, |limits| limits.keys_before).await?;
        }
        Ok(pruned)
    }

    async fn walk(
        &self,
        walk: &Walk,
        retention: &[Retention],
        before: impl Fn(&Retention) -> Millis,
    ) -> Result<u64, StorageError> {
        let newest = retention.iter().map(&before).max().unwrap_or(0);
        let (mut after, mut dropped) = (0, 0);
        loop {
            let query = sqlx::query(walk.page).bind(after).bind(STEP);
            let rows = query.fetch_all(&self.inner.readers).await?;
            let (mut old, mut drop) = (false, Vec::new());
            for row in &rows {
                let row = Columns(row);
                let (tenant, at, keep) = (row.opt_text::<TenantId>(1)?, row.millis(2)?, row.flag(3)?);
                after = row.int(0)?;
                old |= at < newest;
                let limits = limits(retention, tenant.as_ref());
                if !keep && limits.is_some_and(|limits| at < before(limits)) {
                    drop.push(after);
                }
            }
            if !drop.is_empty() {
                dropped += drop.len() as u64;
                let list = format!("{drop:?}");
                let statements = walk.drop.iter().map(|sql| Statement::new(sql, [list.as_str().into()]));
                self.statements(statements.collect()).await?;
            }
            if !old || rows.len() < STEP as usize {
                return Ok(dropped);
            }
        }
    }
}

fn limits<'a>(retention: &'a [Retention], tenant: Option<&TenantId>) -> Option<&'a Retention> {
    let named = retention.iter().find(|limits| limits.tenant.is_some() && limits.tenant.as_ref() == tenant);
    named.or_else(|| retention.iter().find(|limits| limits.tenant.is_none()))
}
