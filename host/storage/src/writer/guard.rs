//! The guard: before a group is written, one query asks which of its rows are still pending and which of its keys are
//! known. Nobody else writes, so the answer holds until the group is committed.

use std::collections::{HashMap, HashSet};

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::{
    error::StorageError,
    writer::{
        member::{Member, Write},
        rows::Rows,
    },
};

/// A table whose rows leave a pending state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Queue {
    Inbox,
    Outbox,
    Actions,
    Hooks,
    Entries,
}

/// A table whose keys must not come twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Keys {
    Events,
    Hooks,
    Entries,
    Notices,
}

/// A key: its own text, and the names that it is unique in.
pub(crate) type Key = (String, String, String);

/// What may be written.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    pending: HashSet<(Queue, i64)>,
    known: HashSet<(Keys, Key)>,
}

const QUEUES: [(Queue, &str); 5] = [
    (
        Queue::Inbox,
        "SELECT json_group_array(seq) FROM json_each(?) CROSS JOIN inbox WHERE seq = value AND state = 0",
    ),
    (
        Queue::Outbox,
        "SELECT json_group_array(outbox.id) FROM json_each(?) CROSS JOIN outbox WHERE outbox.id = value AND state = 0",
    ),
    (
        Queue::Actions,
        "SELECT json_group_array(actions.id) FROM json_each(?) CROSS JOIN actions WHERE actions.id = value AND state = 0",
    ),
    (
        Queue::Hooks,
        "SELECT json_group_array(hooks.id) FROM json_each(?) CROSS JOIN hooks WHERE hooks.id = value AND state = 0",
    ),
    (
        Queue::Entries,
        "SELECT json_group_array(entries.id) FROM json_each(?) CROSS JOIN entries WHERE entries.id = value AND state = 0",
    ),
];

/// Each answers the positions of the keys that are known.
const KEYS: [(Keys, &str); 4] = [
    (
        Keys::Events,
        "SELECT json_group_array(key) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM inbox \
         WHERE event_key = value->>0 AND registration = value->>1)",
    ),
    (
        Keys::Hooks,
        "SELECT json_group_array(key) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM hooks \
         WHERE hook_key = value->>0 AND adapter = value->>1 AND tenant = value->>2)",
    ),
    (
        Keys::Entries,
        "SELECT json_group_array(key) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM entries \
         WHERE entry_id = value->>0 AND adapter = value->>1 AND tenant = value->>2)",
    ),
    (
        Keys::Notices,
        "SELECT json_group_array(key) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM notices n \
         WHERE n.kind = value->>1 AND n.key = value->>0)",
    ),
];

// === impl Guard ===

impl Guard {
    /// Asks the database about all that the members touch.
    pub(crate) async fn ask(
        connection: &mut SqliteConnection,
        members: &[Member],
    ) -> Result<Self, StorageError> {
        let asked = Asked::of(members);
        let (mut sql, mut binds) = (String::new(), Vec::new());
        for (queue, select) in QUEUES {
            if let Some(ids) = asked.ids.get(&queue) {
                append(&mut sql, select);
                binds.push(format!("{ids:?}"));
            }
        }
        for (keys, select) in KEYS {
            if let Some(list) = asked.keys.get(&keys) {
                let mut rows = Rows::default();
                list.iter().for_each(|key| rows.push(key));
                append(&mut sql, select);
                binds.push(rows.finish().1);
            }
        }
        if binds.is_empty() {
            return Ok(Self::default());
        }
        let query = binds.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, bind| query.bind(bind));
        let answers = query.fetch_all(connection).await?;
        let mut answers = answers.iter();
        let mut next = || -> Result<Vec<i64>, StorageError> {
            let Some(row) = answers.next() else { return Ok(Vec::new()) };
            let text: String = row.try_get(0)?;
            serde_json::from_str(&text).map_err(|error| StorageError::Unreadable(error.to_string()))
        };
        let mut guard = Self::default();
        for (queue, _) in QUEUES {
            if asked.ids.contains_key(&queue) {
                guard.pending.extend(next()?.into_iter().map(|id| (queue, id)));
            }
        }
        for (keys, _) in KEYS {
            if let Some(list) = asked.keys.get(&keys) {
                let known = next()?.into_iter().filter_map(|n| list.get(usize::try_from(n).ok()?));
                guard.known.extend(known.map(|key| (keys, key.clone())));
            }
        }
        Ok(guard)
    }

    /// Whether the row is pending; it is not for whoever asks next.
    pub(crate) fn take(&mut self, queue: Queue, id: i64) -> bool {
        self.pending.remove(&(queue, id))
    }

    /// Whether the key is new; it is known to whoever asks next.
    pub(crate) fn claim(&mut self, keys: Keys, key: Key) -> bool {
        self.known.insert((keys, key))
    }
}

/// What a group touches.
#[derive(Debug, Default)]
struct Asked {
    ids: HashMap<Queue, Vec<i64>>,
    keys: HashMap<Keys, Vec<Key>>,
}

// === impl Asked ===

impl Asked {
    fn of(members: &[Member]) -> Self {
        let mut asked = Self::default();
        for member in members {
            match &member.write {
                Write::Accept(transaction) => {
                    let keys = transaction
                        .events
                        .iter()
                        .map(|event| event_key(transaction.registration.as_str(), &event.key));
                    asked.keys.entry(Keys::Events).or_default().extend(keys);
                }
                Write::Decide(decision, _) => asked.id(Queue::Inbox, decision.seq),
                Write::Deliver(result, _) => asked.id(Queue::Outbox, result.id),
                Write::Act(result, _) => asked.id(Queue::Actions, result.id),
                Write::Enter(result, _) => asked.id(Queue::Entries, result.id),
                Write::Hook(hook) => {
                    let key = scoped_key(&hook.key, hook.adapter.as_str(), hook.tenant.as_str());
                    asked.keys.entry(Keys::Hooks).or_default().push(key);
                }
                Write::Receive(received, _) => {
                    if let Some(hook) = &received.hook {
                        asked.id(Queue::Hooks, hook.id());
                    }
                    let (adapter, tenant) = (received.adapter.as_str(), received.tenant.as_str());
                    let keys =
                        received.entries.iter().map(|entry| scoped_key(&entry.entry_id, adapter, tenant));
                    asked.keys.entry(Keys::Entries).or_default().extend(keys);
                }
                Write::Notice(notice) => {
                    let key = scoped_key(&notice.key, &notice.kind, "");
                    asked.keys.entry(Keys::Notices).or_default().push(key);
                }
                Write::Kv(_) | Write::Statements(_) => {}
            }
        }
        asked.keys.retain(|_, list| !list.is_empty());
        asked
    }

    fn id(&mut self, queue: Queue, id: i64) {
        self.ids.entry(queue).or_default().push(id);
    }
}

/// An event's key as it is stored.
pub(crate) fn event_key(registration: &str, key: &str) -> Key {
    scoped_key(key, registration, "")
}

/// A key as it is stored: see [`Rows`] for what happens to NUL characters.
pub(crate) fn scoped_key(key: &str, first: &str, second: &str) -> Key {
    (key.replace('\0', "\u{fffd}"), first.to_owned(), second.to_owned())
}

fn append(sql: &mut String, select: &str) {
    if !sql.is_empty() {
        sql.push_str(" UNION ALL ");
    }
    sql.push_str(select);
}
