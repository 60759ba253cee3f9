//! What was set aside: listed, shown, discarded, replayed.

use patchbay_types::{EventId, Millis, TenantId};
use sqlx::{Row as _, sqlite::SqliteRow};

use crate::{
    error::StorageError,
    parked::{Parked, ParkedFilter, Replayed},
    read::{Columns, unknown},
    store::Store,
    trace::Subject,
    writer::Statement,
};

macro_rules! parked {
    ($rest:literal) => {
        concat!(
            "SELECT id, subject, ref, tenant, event_id, slot, component, reason, behind, at, resolved_at FROM parked ",
            $rest
        )
    };
}

const RESOLVE: &str = "UPDATE parked SET resolved_at = ? WHERE id = ? AND resolved_at IS NULL";

// === impl Store ===

impl Store {
    /// What was set aside, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn parked(&self, filter: &ParkedFilter) -> Result<Vec<Parked>, StorageError> {
        const LIST: &str = parked!(
            "WHERE id > ? AND (? OR resolved_at IS NULL) AND (? IS NULL OR tenant = ?) ORDER BY id LIMIT ?"
        );
        let tenant = filter.tenant.as_ref().map(TenantId::as_str);
        let query = sqlx::query(LIST).bind(filter.after).bind(filter.resolved).bind(tenant).bind(tenant);
        query.bind(filter.limit).fetch_all(&self.inner.readers).await?.iter().map(parked).collect()
    }

    /// One thing that was set aside, with the bytes of a transaction that could not be read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn parked_one(&self, id: i64) -> Result<Option<(Parked, Option<Vec<u8>>)>, StorageError> {
        const ONE: &str = parked!("WHERE id = ?");
        let Some(row) = sqlx::query(ONE).bind(id).fetch_optional(&self.inner.readers).await? else {
            return Ok(None);
        };
        let raw = sqlx::query("SELECT raw FROM parked WHERE id = ?").bind(id);
        let raw = raw.fetch_one(&self.inner.readers).await?.try_get_unchecked(0)?;
        Ok(Some((parked(&row)?, raw)))
    }

    /// Whether one of these events is set aside: what refers to it then waits behind it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn parked_behind(
        &self,
        tenant: &TenantId,
        event_ids: &[EventId],
    ) -> Result<bool, StorageError> {
        const BEHIND: &str = "SELECT 1 FROM json_each(?) CROSS JOIN parked INDEXED BY parked_event \
                              WHERE resolved_at IS NULL AND event_id IS NOT NULL AND event_id = value \
                              AND tenant = ? AND subject = 'inbox' LIMIT 1";
        let list = serde_json::to_string(event_ids).unwrap_or_default();
        let query = sqlx::query(BEHIND).bind(list).bind(tenant.as_str());
        Ok(query.fetch_optional(&self.inner.readers).await?.is_some())
    }

    /// Gives up on something that was set aside: it is kept as long as others of its age, but nobody waits for it.
    /// Answers whether it was still waiting.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn discard(&self, id: i64, now: Millis) -> Result<bool, StorageError> {
        let Some((parked, _)) = self.parked_one(id).await?.filter(|(parked, _)| parked.resolved_at.is_none())
        else {
            return Ok(false);
        };
        let mut statements = vec![Statement::new(RESOLVE, [now.into(), id.into()])];
        let given_up = match parked.subject {
            Subject::Inbox(seq) => Some(("UPDATE inbox SET state = 3 WHERE seq = ? AND state = 2", seq)),
            Subject::Delivery(id) => Some(("UPDATE outbox SET state = 3 WHERE id = ? AND state = 2", id)),
            Subject::Action(id) => Some(("UPDATE actions SET state = 3 WHERE id = ? AND state = 2", id)),
            Subject::Hook(id) => Some(("UPDATE hooks SET state = 3 WHERE id = ? AND state = 2", id)),
            Subject::Entry(id) => Some(("UPDATE entries SET state = 3 WHERE id = ? AND state = 2", id)),
            Subject::Poll(_) | Subject::Transaction(_) => None,
        };
        statements.extend(given_up.map(|(sql, number)| Statement::new(sql, [number.into()])));
        self.statements(statements).await?;
        Ok(true)
    }

    /// Lets something that was set aside wait for its turn again, marked late. Answers what the pipeline is to be told;
    /// nothing, where there is no such thing, it was resolved before, or it cannot be replayed (a transaction that could
    /// not be read).
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn replay(&self, id: i64, now: Millis) -> Result<Option<Replayed>, StorageError> {
        let Some((parked, _)) = self.parked_one(id).await?.filter(|(parked, _)| parked.resolved_at.is_none())
        else {
            return Ok(None);
        };
        let Some(replayed) = self.replayed(parked.subject).await? else { return Ok(None) };
        let (again, number) = match parked.subject {
            Subject::Inbox(seq) => ("UPDATE inbox SET state = 0, late = 1 WHERE seq = ? AND state = 2", seq),
            Subject::Delivery(id) => (
                "UPDATE outbox SET state = 0, late = 1, attempt = 0, not_before = 0, done_at = NULL \
                 WHERE id = ? AND state = 2",
                id,
            ),
            Subject::Action(id) => (
                "UPDATE actions SET state = 0, late = 1, attempt = 0, not_before = 0, done_at = NULL \
                 WHERE id = ? AND state = 2",
                id,
            ),
            Subject::Hook(id) => {
                ("UPDATE hooks SET state = 0, not_before = 0 WHERE id = ? AND state = 2", id)
            }
            Subject::Entry(id) => {
                ("UPDATE entries SET state = 0, late = 1, not_before = 0 WHERE id = ? AND state = 2", id)
            }
            Subject::Poll(_) | Subject::Transaction(_) => return Ok(None),
        };
        let resolve = Statement::new(RESOLVE, [now.into(), id.into()]);
        self.statements(vec![Statement::new(again, [number.into()]), resolve]).await?;
        Ok(Some(replayed))
    }

    async fn replayed(&self, subject: Subject) -> Result<Option<Replayed>, StorageError> {
        Ok(match subject {
            Subject::Inbox(seq) => self.inbox_event(seq).await?.map(|event| Replayed::Event {
                seq,
                registration: event.registration,
                room_id: event.room_id,
            }),
            Subject::Delivery(id) => self.delivery(id).await?.map(|row| Replayed::Delivery {
                id,
                tenant: row.tenant,
                conversation: row.conversation,
                adapter: row.adapter,
            }),
            Subject::Action(id) => {
                const LANE: &str = "SELECT registration, room_id FROM actions WHERE id = ?";
                let row = sqlx::query(LANE).bind(id).fetch_optional(&self.inner.readers).await?;
                let Some(row) = row else { return Ok(None) };
                let row = Columns(&row);
                Some(Replayed::Action { id, registration: row.text(0)?, room_id: row.text(1)? })
            }
            Subject::Hook(id) => Some(Replayed::Hook { id }),
            Subject::Entry(id) => Some(Replayed::Entry { id }),
            Subject::Poll(_) | Subject::Transaction(_) => None,
        })
    }
}

pub(crate) fn parked(row: &SqliteRow) -> Result<Parked, StorageError> {
    let row = Columns(row);
    let (id, kind) = (row.int(0)?, row.text::<String>(1)?);
    let number = if kind == "transaction" { id } else { row.int(2)? };
    Ok(Parked {
        id,
        subject: Subject::from_columns(&kind, number).ok_or_else(|| unknown("parked subject", &kind))?,
        tenant: row.opt_text(3)?,
        event_id: row.opt_text(4)?,
        slot: row.opt_text(5)?,
        component: row.opt_text(6)?,
        reason: row.text(7)?,
        behind: row.opt_text(8)?,
        at: row.millis(9)?,
        resolved_at: row.opt_int(10)?.map(i64::cast_unsigned),
    })
}
