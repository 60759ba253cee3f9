//! One transaction: it sees what was committed when it began and what it did itself, and nobody sees that before it commits.
//! Identifiers are taken at once, so that of two transactions the later identifier may be seen first.

use std::{
    cell::Cell,
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::{Map, Value, json};

use super::{
    Version,
    access::Role,
    compute,
    db::{Changes, Db, Row},
    domain::{self, Node},
    error::{Halt, Res, value_error},
    schema::{Field, Kind, Model, parse_order},
};

/// What happened in a transaction, for the automation rules.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Created {
        model: String,
        id: i64,
    },
    Written {
        model: String,
        id: i64,
        changed: Vec<String>,
    },
    Unlinked {
        model: String,
        id: i64,
    },
    /// A comment that is not internal, and whether its author is a customer.
    Posted {
        model: String,
        id: i64,
        by_customer: bool,
    },
}

/// A transaction of one user.
pub(crate) struct Tx<'a> {
    db: &'a Db,
    version: Version,
    pub(crate) uid: i64,
    pub(crate) role: Role,
    pub(crate) context: Map<String, Value>,
    /// With microseconds.
    pub(crate) now: String,
    overlay: HashMap<String, BTreeMap<i64, Option<Arc<Row>>>>,
    pub(crate) changes: Changes,
    pub(crate) events: Vec<Event>,
    /// An automation rule answers for messages of this model.
    pub(crate) rules_on_messages: Vec<String>,
    /// Bytes by checksum.
    pub(crate) files: &'a super::attachment::Files,
    pub(crate) serial: Cell<u64>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(
        db: &'a Db,
        files: &'a super::attachment::Files,
        version: Version,
        uid: i64,
        role: Role,
        context: Map<String, Value>,
        now: String,
    ) -> Self {
        let changes = Changes { since: db.version(), ..Changes::default() };
        Self {
            db,
            version,
            uid,
            role,
            context,
            now,
            overlay: HashMap::new(),
            changes,
            events: Vec::new(),
            rules_on_messages: Vec::new(),
            files,
            serial: Cell::new(0),
        }
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// `now` as most fields keep it.
    pub(crate) fn now_seconds(&self) -> String {
        self.now.get(..19).unwrap_or(&self.now).to_owned()
    }

    /// A switch in the context.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.context.get(name) {
            Some(Value::Bool(on)) => Some(*on),
            Some(Value::Number(n)) => Some(n.as_i64() != Some(0)),
            Some(Value::Null) => Some(false),
            _ => None,
        }
    }

    pub(crate) fn model(&self, name: &str) -> Option<Arc<Model>> {
        self.db.schema.model(name)
    }

    pub(crate) fn model_names(&self) -> Vec<String> {
        self.db.schema.names()
    }

    pub(crate) fn next_id(&self, model: &str) -> i64 {
        self.db.next_id(model)
    }

    /// A record's stored fields.
    pub(crate) fn row(&self, model: &str, id: i64) -> Option<Arc<Row>> {
        match self.overlay.get(model).and_then(|rows| rows.get(&id)) {
            Some(changed) => changed.clone(),
            None => self.db.table(model)?.get(id).cloned(),
        }
    }

    pub(crate) fn exists(&self, model: &str, id: i64) -> bool {
        self.row(model, id).is_some()
    }

    pub(crate) fn put(&mut self, model: &str, id: i64, row: Row) {
        self.overlay.entry(model.to_owned()).or_default().insert(id, Some(Arc::new(row)));
    }

    pub(crate) fn delete(&mut self, model: &str, id: i64) {
        self.overlay.entry(model.to_owned()).or_default().insert(id, None);
    }

    /// Throws away what was done, as a savepoint does.
    pub(crate) fn undo(&mut self) {
        self.overlay.clear();
        self.events.clear();
        self.changes = Changes { since: self.changes.since, ..Changes::default() };
    }

    /// What is to be committed.
    pub(crate) fn finish(self) -> (Changes, Vec<Event>) {
        let mut changes = self.changes;
        for (model, rows) in self.overlay {
            changes.rows.extend(rows.into_iter().map(|(id, row)| (model.clone(), id, row)));
        }
        (changes, self.events)
    }

    /// A field's value, as it is stored or as it is made.
    pub(crate) fn value(&self, model: &str, id: i64, field: &Field) -> Value {
        if field.name == "id" {
            return json!(id);
        }
        let Some(row) = self.row(model, id) else { return field.kind.empty() };
        if field.stored {
            return row.get(&field.name).cloned().unwrap_or_else(|| field.kind.empty());
        }
        compute::value(self, model, id, &row, &field.name).unwrap_or_else(|| field.kind.empty())
    }

    /// A field by name; false where there is none.
    pub(crate) fn get(&self, model: &str, id: i64, field: &str) -> Value {
        match self.model(model).as_ref().and_then(|model| model.field(field)) {
            Some(field) => self.value(model, id, field),
            None => Value::Bool(false),
        }
    }

    /// What a many2one shows beside the identifier.
    pub(crate) fn name_of(&self, model: &str, id: i64) -> Value {
        let Some(row) = self.row(model, id) else { return Value::Bool(false) };
        compute::display_name(self, model, id, &row)
    }

    /// Identifiers where a field has a value, by index; a committed or an own change.
    pub(crate) fn find(&self, model: &str, field: &str, value: &Value) -> Vec<i64> {
        let mut ids = self.db.table(model).and_then(|table| table.lookup(field, value)).unwrap_or_default();
        if let Some(own) = self.overlay.get(model) {
            ids.retain(|id| !own.contains_key(id));
            ids.extend(
                own.iter().filter_map(|(id, row)| (row.as_ref()?.get(field)? == value).then_some(*id)),
            );
        }
        ids.sort_unstable();
        ids
    }

    /// Identifiers of a thread's messages, the oldest first.
    pub(crate) fn messages_of(&self, model: &str, id: i64) -> Vec<i64> {
        let mut ids = self.find("mail.message", "res_id", &json!(id));
        ids.retain(|message| self.is_of_thread(model, *message));
        ids
    }

    /// The first and the last message of a thread, without a look at those between.
    pub(crate) fn ends_of_thread(&self, model: &str, id: i64) -> (Option<i64>, Option<i64>) {
        let thread = json!(id);
        let of = |message: &i64| self.is_of_thread(model, *message);
        let own: Vec<i64> = self
            .overlay
            .get("mail.message")
            .into_iter()
            .flatten()
            .filter(|(_, row)| row.as_ref().and_then(|row| row.get("res_id")) == Some(&thread))
            .map(|(message, _)| *message)
            .collect();
        let committed = self.db.table("mail.message").and_then(|table| table.lookup_set("res_id", &thread));
        let mut up = committed.into_iter().flatten().copied().chain(own.iter().copied());
        let mut down = own.iter().rev().copied().chain(committed.into_iter().flatten().rev().copied());
        (up.find(of), down.find(of))
    }

    /// Whether a message hangs on a record of this model.
    pub(crate) fn is_of_thread(&self, model: &str, message: i64) -> bool {
        self.row("mail.message", message).is_some_and(|row| {
            row.get("model").and_then(Value::as_str) == Some(model)
                && row.get("message_type").and_then(Value::as_str) != Some("user_notification")
        })
    }

    /// Records in a domain, in order.
    pub(crate) fn search(
        &self,
        model: &Model,
        node: &Node,
        order: Option<&str>,
        offset: usize,
        limit: Option<usize>,
    ) -> Res<Vec<i64>> {
        let order = match order {
            Some(order) if !order.trim().is_empty() => parse_order(order),
            _ => model.order.clone(),
        };
        for (field, _) in &order {
            if model.field(field).is_none() {
                return Err(Halt::Unbacked(format!(
                    "an order by a field that {} does not have: {field}",
                    model.name
                )));
            }
        }
        let hide = model.archivable() && self.flag("active_test") != Some(false) && !node.names_active();
        let keep = |id: &i64| {
            node.holds(self, &model.name, *id)
                && (!hide || self.get(&model.name, *id, "active").as_bool() == Some(true))
        };
        let by_id = order.first().filter(|(field, _)| field == "id").map(|(_, down)| *down);
        let mut candidates = self.candidates(model, node);
        if let Some(down) = by_id {
            if down {
                candidates.reverse();
            }
            let found = candidates.into_iter().filter(keep).skip(offset);
            return Ok(found.take(limit.unwrap_or(usize::MAX)).collect());
        }
        candidates.retain(keep);
        candidates.sort_by(|a, b| self.sort(model, &order, *a, *b));
        Ok(candidates.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect())
    }

    /// Where the records of a domain can be: as few as an index tells, in ascending order.
    fn candidates(&self, model: &Model, node: &Node) -> Vec<i64> {
        let mut leaves = Vec::new();
        node.conjunction(&mut leaves);
        let Some(table) = self.db.table(&model.name) else { return Vec::new() };
        let mut best: Option<Vec<i64>> = None;
        let mut above: Option<i64> = None;
        for leaf in leaves.iter().filter(|leaf| leaf.path.len() == 1) {
            let field = leaf.path.first().map_or("", String::as_str);
            let wanted: Vec<&Value> = match (leaf.op.as_str(), &leaf.value) {
                ("=", value) => vec![value],
                ("in", Value::Array(values)) => values.iter().collect(),
                (">", Value::Number(n)) if field == "id" => {
                    above = n.as_i64();
                    continue;
                }
                (">=", Value::Number(n)) if field == "id" => {
                    above = n.as_i64().map(|n| n - 1);
                    continue;
                }
                _ => continue,
            };
            if wanted.iter().any(|value| matches!(value, Value::Bool(_) | Value::Null)) {
                continue;
            }
            let relation = model.field(field).is_some_and(|field| field.kind == Kind::Many2one);
            if relation && wanted.iter().any(|value| value.is_string()) {
                continue;
            }
            let found: Option<Vec<i64>> = if field == "id" {
                Some(wanted.iter().filter_map(|v| v.as_i64()).filter(|id| table.get(*id).is_some()).collect())
            } else {
                wanted
                    .iter()
                    .map(|v| table.lookup(field, v))
                    .collect::<Option<Vec<_>>>()
                    .map(|ids| ids.concat())
            };
            if let Some(found) = found
                && best.as_ref().is_none_or(|best| found.len() < best.len())
            {
                best = Some(found);
            }
        }
        let mut ids = match (best, above) {
            (Some(ids), _) => ids,
            (None, Some(above)) => table.ids_above(above).collect(),
            (None, None) => table.ids().collect(),
        };
        if let Some(own) = self.overlay.get(&model.name) {
            ids.retain(|id| !own.contains_key(id));
            ids.extend(own.iter().filter(|(_, row)| row.is_some()).map(|(id, _)| *id));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn sort(&self, model: &Model, order: &[(String, bool)], a: i64, b: i64) -> Ordering {
        for (name, down) in order {
            let Some(field) = model.field(name) else { continue };
            let (x, y) = (self.value(&model.name, a, field), self.value(&model.name, b, field));
            let ordering = match (&x, &y) {
                (Value::Number(x), Value::Number(y)) => {
                    x.as_f64().partial_cmp(&y.as_f64()).unwrap_or(Ordering::Equal)
                }
                (Value::String(x), Value::String(y)) => x.to_lowercase().cmp(&y.to_lowercase()),
                // SQL: what is not set comes last, going up.
                (Value::String(_), _) => Ordering::Less,
                (_, Value::String(_)) => Ordering::Greater,
                (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
                _ => Ordering::Equal,
            };
            let ordering = if *down { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        a.cmp(&b)
    }

    /// Records in a domain given as JSON.
    pub(crate) fn search_json(&self, model: &str, domain: &Value) -> Res<Vec<i64>> {
        let Some(model) = self.model(model) else { return Ok(Vec::new()) };
        let node = domain::parse(self, &model, domain)?;
        self.search(&model, &node, None, 0, None)
    }

    /// The field, or the server's complaint.
    pub(crate) fn known_field(&self, model: &Model, name: &str, read: bool) -> Res<Field> {
        if let Some(field) = model.field(name) {
            return Ok(field.clone());
        }
        let (message, entry) = match (self.version, read) {
            (Version::V18, true) => {
                (format!("Invalid field '{name}' on model '{}'", model.name), "error.unknown_field.read")
            }
            (Version::V18, false) => {
                (format!("Invalid field '{name}' on model '{}'", model.name), "error.unknown_field.create")
            }
            (Version::V19, true) => {
                (format!("Invalid field '{name}' on '{}'", model.name), "error.unknown_field.read")
            }
            (Version::V19, false) => {
                (format!("Invalid field '{name}' in '{}'", model.name), "error.unknown_field.create")
            }
        };
        Err(value_error(message, &[entry]))
    }

    /// A fresh number within this transaction.
    pub(crate) fn serial(&self) -> u64 {
        self.serial.set(self.serial.get() + 1);
        self.serial.get()
    }
}
