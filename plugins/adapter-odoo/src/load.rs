//! Records that are made once, whoever asks how often: `load()` under an external ID made of the key. Odoo answers with 200
//! and without an error even where it did nothing; what it did is in the rows.

use patchbay_sdk::{http, prelude::*};
use serde_json::{Value, json};

use crate::{
    fault::{Fault, shown},
    session::Session,
    transport::Ask,
};

/// Our external IDs are `patchbay.<name>`.
pub(crate) const MODULE: &str = "patchbay";

/// So often, when somebody else makes the same record at the same moment.
const TURNS: usize = 5;

/// One row of `load()`: columns, and what is in them.
#[derive(Debug, Default)]
pub(crate) struct Row {
    columns: Vec<String>,
    cells: Vec<Value>,
}

/// Why a row made nothing.
#[derive(Debug)]
pub(crate) enum Rowed {
    /// The call failed.
    Fault(Fault),
    /// What is in this column points to nothing, or is not allowed.
    Column(String, String),
}

// === impl Row ===

impl Row {
    /// The record of this external ID.
    pub(crate) fn named(name: &str) -> Self {
        let mut row = Self::default();
        row.set("id", format!("{MODULE}.{name}"));
        row
    }

    /// One more cell; the later of two for one column wins.
    pub(crate) fn set(&mut self, column: impl Into<String>, cell: impl Into<Value>) {
        let (column, cell) = (column.into(), cell.into());
        match self.columns.iter().position(|known| *known == column) {
            Some(at) => {
                if let Some(there) = self.cells.get_mut(at) {
                    *there = cell;
                }
            }
            None => {
                self.columns.push(column);
                self.cells.push(cell);
            }
        }
    }

    /// One more cell that points to a record by its number.
    pub(crate) fn point(&mut self, column: &str, id: i64) {
        self.set(format!("{column}/.id"), id.to_string());
    }

    /// Makes or finds the record; what is in the row is written either way.
    ///
    /// # Errors
    /// See [`Rowed`].
    pub(crate) fn load(&self, session: &Session<'_>, model: &str, step: &str) -> Result<i64, Rowed> {
        let mut last = Rowed::Fault(Fault::Conflict(String::new()));
        for _ in 0..TURNS {
            let ask = Ask::of(model, "load")
                .given("fields", json!(self.columns))
                .given("data", json!([self.cells]))
                .step(step);
            match self.read(&session.ask(ask).map_err(Rowed::Fault)?) {
                Err(conflict @ Rowed::Fault(Fault::Conflict(_))) => {
                    http::forget(step);
                    last = conflict;
                }
                Err(other) => {
                    http::forget(step);
                    return Err(other);
                }
                made => return made,
            }
        }
        Err(last)
    }

    fn read(&self, answer: &Value) -> Result<i64, Rowed> {
        if let Some(id) = answer.pointer("/ids/0").and_then(Value::as_i64) {
            return Ok(id);
        }
        let of = |key: &str| {
            answer.pointer(&format!("/messages/0/{key}")).and_then(Value::as_str).unwrap_or_default()
        };
        let (field, message) = (of("field"), of("message"));
        // The database says this, not Odoo: it is not translated, and no name stands beside it.
        if message.starts_with("could not serialize") {
            return Err(Rowed::Fault(Fault::Conflict(message.to_owned())));
        }
        let line = shown("no reason is given", message);
        match field {
            "" => Err(Rowed::Fault(Fault::Refused(line))),
            field => Err(Rowed::Column(field.to_owned(), line)),
        }
    }
}

// === impl Rowed ===

impl Rowed {
    /// As a failure; whoever is pointed to in `person` is gone if that is what is wrong.
    pub(crate) fn failure(self, person: &str) -> Failure {
        match self {
            Self::Fault(fault) => fault.failure(),
            Self::Column(column, said) if column == person => Failure::unknown_person(said),
            Self::Column(column, said) => Failure::rejected(format!("Odoo refuses `{column}`: {said}")),
        }
    }
}
