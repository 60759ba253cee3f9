//! One call's talk with Odoo: what is kept of the server is believed until an answer contradicts it.

use std::cell::{Cell, RefCell};

use patchbay_sdk::prelude::*;
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    known::{Known, Stage},
    settings::Settings,
    transport::Ask,
};

/// One call's talk.
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    known: RefCell<Known>,
    /// Nobody has asked the server in this call.
    kept: Cell<bool>,
}

/// Who or what a `MissingError` was about: its text, which says so, is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The ticket, or whatever it is that was asked about.
    Record,
    /// The author.
    Person,
    /// Something else.
    Other,
}

// === impl Session ===

impl<'a> Session<'a> {
    /// With what is kept, or what the server says now.
    ///
    /// # Errors
    /// With what an administrator has to do.
    pub(crate) fn begin(settings: &'a Settings) -> Result<Self, Failure> {
        if let Some(known) = Known::kept(settings) {
            return Ok(Self { settings, known: RefCell::new(known), kept: Cell::new(true) });
        }
        Self::anew(settings)
    }

    /// With what the server says now.
    ///
    /// # Errors
    /// With what an administrator has to do.
    pub(crate) fn anew(settings: &'a Settings) -> Result<Self, Failure> {
        let known = Known::find_out(settings)?;
        known.keep(settings);
        Ok(Self { settings, known: RefCell::new(known), kept: Cell::new(false) })
    }

    /// Asks. Where the answer says that we are not who we were, or that nobody is where somebody was, it is found out again,
    /// once, and asked again.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) fn ask(&self, ask: Ask) -> Result<Value, Fault> {
        let transport = self.known.borrow().transport();
        if !self.kept.get() {
            return transport.send(self.settings, ask);
        }
        match transport.send(self.settings, ask.clone()) {
            Err(fault @ (Fault::Denied(_) | Fault::Nobody(_))) => match Known::find_out(self.settings) {
                Ok(known) => {
                    self.learn(known);
                    let transport = self.known.borrow().transport();
                    transport.send(self.settings, ask)
                }
                Err(_) => Err(fault),
            },
            answer => answer,
        }
    }

    /// After an answer that does not fit what is kept: whether something is known now that was not before.
    pub(crate) fn contradicted(&self) -> bool {
        if !self.kept.get() {
            return false;
        }
        let Ok(known) = Known::find_out(self.settings) else { return false };
        let same = self.known.borrow().same_place_as(&known);
        self.learn(known);
        !same
    }

    fn learn(&self, known: Known) {
        known.keep(self.settings);
        self.known.replace(known);
        self.kept.set(false);
    }

    /// What is known.
    pub(crate) fn known(&self) -> Known {
        self.known.borrow().clone()
    }

    pub(crate) fn uid(&self) -> i64 {
        self.known.borrow().uid
    }

    pub(crate) fn stage(&self, id: i64) -> Option<Stage> {
        self.known.borrow().stages.iter().find(|stage| stage.id == id).cloned()
    }

    /// The only record, or the first, that a domain finds.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) fn first(&self, ask: Ask) -> Result<Option<Value>, Fault> {
        Ok(rows(self.ask(ask)?).into_iter().next())
    }

    /// Whether the record is there, archived or not.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) fn is_there(&self, model: &str, id: i64) -> Result<bool, Fault> {
        let ask = Ask::search_read(model, json!([["id", "=", id]]), &["id"], 1).archived_too();
        Ok(self.first(ask)?.is_some())
    }

    /// What a `MissingError` was about.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) fn lost(&self, model: &str, id: i64, author: Option<i64>) -> Result<Lost, Fault> {
        if !self.is_there(model, id)? {
            return Ok(Lost::Record);
        }
        match author {
            Some(author) if !self.is_there("res.partner", author)? => Ok(Lost::Person),
            _ => Ok(Lost::Other),
        }
    }
}

/// A list of records.
pub(crate) fn rows(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    }
}

/// What a call that makes one record answers: `25`, `[82]`, or, on 18 with certain automations, `"mail.message(136,)"`.
pub(crate) fn made(answer: &Value) -> Option<i64> {
    match answer {
        Value::Number(number) => number.as_i64(),
        Value::Array(ids) => ids.first()?.as_i64(),
        Value::String(text) => {
            let inside = text.rsplit('(').next()?;
            inside.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        }
        _ => None,
    }
}

/// A field that points to one record: `[7, "Alice"]`, a bare number, or `false`.
pub(crate) fn pointed(row: &Value, field: &str) -> Option<(i64, Option<String>)> {
    let value = row.get(field)?;
    match value {
        Value::Array(pair) => {
            let name = pair.get(1).and_then(Value::as_str).map(ToOwned::to_owned);
            Some((pair.first()?.as_i64()?, name))
        }
        value => Some((value.as_i64()?, None)),
    }
}

/// A text; `false` and empty are none.
pub(crate) fn text<'a>(row: &'a Value, field: &str) -> Option<&'a str> {
    row.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// A list of records' numbers.
pub(crate) fn numbers(row: &Value, field: &str) -> Vec<i64> {
    let all = row.get(field).and_then(Value::as_array);
    all.map(|all| all.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
}

/// A record's own number.
pub(crate) fn id(row: &Value) -> Option<i64> {
    row.get("id")?.as_i64()
}
