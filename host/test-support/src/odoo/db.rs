//! What is committed: tables of rows, sequences that never go back, and indexes over the fields that are looked up often.
//! A commit fails when a row that it changes was changed since the transaction began, as under repeatable read.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use serde_json::{Map, Value};

use super::schema::{Field, Schema};

/// The stored fields of a record.
pub(crate) type Row = Map<String, Value>;

#[derive(Debug)]
struct Stored {
    row: Arc<Row>,
    /// The commit that wrote it.
    version: u64,
}

/// One model's records.
#[derive(Debug)]
pub(crate) struct Table {
    rows: BTreeMap<i64, Stored>,
    next: AtomicI64,
    index: HashMap<String, HashMap<String, BTreeSet<i64>>>,
}

/// The committed state.
#[derive(Debug, Default)]
pub(crate) struct Db {
    tables: HashMap<String, Table>,
    pub(crate) schema: Schema,
    version: u64,
}

/// What a transaction wants to leave behind.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The commit after which it began.
    pub(crate) since: u64,
    /// None: gone.
    pub(crate) rows: Vec<(String, i64, Option<Arc<Row>>)>,
    pub(crate) fields: Vec<(String, Field)>,
    pub(crate) dropped_fields: Vec<(String, String)>,
    /// External identifiers that must still be free.
    pub(crate) unique: Vec<String>,
}

impl Table {
    fn new() -> Self {
        Self { rows: BTreeMap::new(), next: AtomicI64::new(1), index: HashMap::new() }
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Arc<Row>> {
        self.rows.get(&id).map(|stored| &stored.row)
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = i64> + '_ {
        self.rows.keys().copied()
    }

    pub(crate) fn ids_above(&self, id: i64) -> impl DoubleEndedIterator<Item = i64> + '_ {
        self.rows.range((std::ops::Bound::Excluded(id), std::ops::Bound::Unbounded)).map(|(id, _)| *id)
    }

    /// Identifiers where the field has this value; none: the field has no index.
    pub(crate) fn lookup(&self, field: &str, value: &Value) -> Option<Vec<i64>> {
        let index = self.index.get(field)?;
        Some(index.get(&key(value)).map(|ids| ids.iter().copied().collect()).unwrap_or_default())
    }

    /// The same in place, in ascending order.
    pub(crate) fn lookup_set(&self, field: &str, value: &Value) -> Option<&BTreeSet<i64>> {
        self.index.get(field)?.get(&key(value))
    }

    fn put(&mut self, id: i64, row: Arc<Row>, version: u64) {
        self.forget(id);
        for (field, index) in &mut self.index {
            if let Some(value) = row.get(field) {
                index.entry(key(value)).or_default().insert(id);
            }
        }
        self.rows.insert(id, Stored { row, version });
        self.next.fetch_max(id + 1, Ordering::SeqCst);
    }

    fn forget(&mut self, id: i64) {
        let Some(old) = self.rows.remove(&id) else { return };
        for (field, index) in &mut self.index {
            let Some(at) = old.row.get(field).map(key) else { continue };
            if let Some(ids) = index.get_mut(&at) {
                ids.remove(&id);
                if ids.is_empty() {
                    index.remove(&at);
                }
            }
        }
    }
}

fn key(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Db {
    pub(crate) fn new(schema: Schema) -> Self {
        let mut tables = HashMap::new();
        for name in schema.names() {
            let mut table = Table::new();
            if let Some(model) = schema.model(&name) {
                for field in model.fields.iter().filter(|field| field.indexed && field.stored) {
                    table.index.insert(field.name.clone(), HashMap::new());
                }
            }
            tables.insert(name, table);
        }
        Self { tables, schema, version: 0 }
    }

    pub(crate) fn table(&self, model: &str) -> Option<&Table> {
        self.tables.get(model)
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The next identifier; it is taken whether or not the transaction commits.
    pub(crate) fn next_id(&self, model: &str) -> i64 {
        self.tables.get(model).map_or(0, |table| table.next.fetch_add(1, Ordering::SeqCst))
    }

    /// The identifier that the next record gets.
    pub(crate) fn set_next_id(&self, model: &str, id: i64) {
        if let Some(table) = self.tables.get(model) {
            table.next.store(id, Ordering::SeqCst);
        }
    }

    /// Applies all of it, or answers false because another commit was sooner.
    pub(crate) fn commit(&mut self, changes: Changes) -> bool {
        let stale = changes.rows.iter().any(|(model, id, _)| {
            self.tables
                .get(model)
                .and_then(|table| table.rows.get(id))
                .is_some_and(|stored| stored.version > changes.since)
        });
        let taken = changes.unique.iter().any(|name| {
            self.tables
                .get("ir.model.data")
                .and_then(|table| table.lookup("complete_key", &Value::from(name.as_str())))
                .is_some_and(|ids| !ids.is_empty())
        });
        if stale || taken {
            return false;
        }
        self.version += 1;
        for (model, field) in changes.fields {
            if field.indexed
                && let Some(table) = self.tables.get_mut(&model)
            {
                table.index.insert(field.name.clone(), HashMap::new());
            }
            self.schema.add_field(&model, field);
        }
        for (model, name) in changes.dropped_fields {
            self.schema.remove_field(&model, &name);
        }
        for (model, id, row) in changes.rows {
            let Some(table) = self.tables.get_mut(&model) else { continue };
            match row {
                Some(row) => table.put(id, row, self.version),
                None => table.forget(id),
            }
        }
        true
    }

    /// An index that no field of the schema stands for.
    pub(crate) fn index(&mut self, model: &str, field: &str) {
        if let Some(table) = self.tables.get_mut(model) {
            table.index.insert(field.to_owned(), HashMap::new());
        }
    }
}
