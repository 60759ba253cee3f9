//! What Odoo says went wrong, told apart by the exception's name or the status and never by its text: texts are
//! translated. JSON-RPC hides all of it in a 200, JSON-2 says it by status, and a permanent error may be a 500 there.

use std::time::Duration;

use patchbay_sdk::{http, prelude::*};
use serde_json::Value;

/// Why there is no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The login, the key or the database is not accepted.
    Denied(String),
    /// The user lacks a right.
    Forbidden(String),
    /// A record is not there: the ticket, a partner, an attachment, or the user itself.
    Missing(String),
    /// A rule of Odoo's forbids it, for good.
    Refused(String),
    /// The question does not fit this Odoo: a model, a method or a field that it has not.
    Broken(String),
    /// Somebody else wrote at the same time.
    Conflict(String),
    /// Odoo has no database to work with, or not the one that the settings name.
    Database,
    /// Whoever answers there is not the Odoo that we know.
    Nobody(String),
    /// Odoo failed in a way that has no name here.
    Unknown(String),
    /// There was no answer, or none of Odoo's.
    Http(http::Error),
}

/// As much as is told of what Odoo says.
const SHOWN: usize = 400;

// === impl Fault ===

impl Fault {
    /// By an exception's name. `said` is what Odoo says of it.
    #[must_use]
    pub fn named(name: &str, said: &str) -> Self {
        let said = shown(name, said);
        match name {
            "odoo.exceptions.AccessDenied" | "odoo.http.SessionExpiredException" => Self::Denied(said),
            "odoo.exceptions.AccessError" => Self::Forbidden(said),
            "odoo.exceptions.MissingError" => Self::Missing(said),
            "odoo.exceptions.ValidationError"
            | "odoo.exceptions.UserError"
            | "odoo.exceptions.RedirectWarning"
            | "binascii.Error" => Self::Refused(said),
            "odoo.exceptions.LockError" | "odoo.exceptions.ConcurrencyError" => Self::Conflict(said),
            "werkzeug.exceptions.Unauthorized" => Self::Denied(said),
            "werkzeug.exceptions.Forbidden" => Self::Forbidden(said),
            "werkzeug.exceptions.NotFound"
            | "werkzeug.exceptions.BadRequest"
            | "werkzeug.exceptions.UnprocessableEntity" => Self::Broken(said),
            "psycopg2.OperationalError" | "psycopg2.InterfaceError" => Self::Database,
            _ if name.starts_with("psycopg2.") => match name.rsplit('.').next() {
                Some(
                    "SerializationFailure"
                    | "LockNotAvailable"
                    | "DeadlockDetected"
                    | "TransactionRollbackError"
                    | "QueryCanceled"
                    | "QueryCanceledError",
                ) => Self::Conflict(name.to_owned()),
                Some(
                    "IntegrityError"
                    | "NotNullViolation"
                    | "ForeignKeyViolation"
                    | "CheckViolation"
                    | "DataError",
                ) => Self::Refused(name.to_owned()),
                // What the database says may hold its address.
                _ => Self::Unknown(name.to_owned()),
            },
            _ if name.starts_with("builtins.") => Self::Broken(said),
            _ => Self::Unknown(name.to_owned()),
        }
    }

    /// Of a status other than 2xx. JSON-2's bodies have the exception's name; a page in HTML is not Odoo's answer to us.
    #[must_use]
    pub fn of_status(response: http::Response) -> Self {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(name) = body.get("name").and_then(Value::as_str) {
            let said = body.get("message").and_then(Value::as_str).unwrap_or_default();
            return Self::named(name, said);
        }
        match response.status {
            401 => Self::Denied("the API key is not accepted".to_owned()),
            404 | 300..=399 => Self::Nobody(format!(
                "no such database, or no Odoo behind this URL (answered {})",
                response.status
            )),
            400 | 405 | 415 => Self::Broken(format!("answered {} to a well-formed call", response.status)),
            _ => Self::Http(http::Error::Status(response)),
        }
    }

    /// As a failure whose kind fits where nothing more is known of it.
    #[must_use]
    pub fn failure(self) -> Failure {
        match self {
            Self::Denied(said) => Failure::unauthorised(format!(
                "Odoo does not accept the technical user: {said} (check `login` and the API key's expiry)"
            )),
            Self::Forbidden(said) => {
                Failure::unauthorised(format!("the technical user lacks a right in Odoo: {said}"))
            }
            Self::Missing(said) | Self::Refused(said) => {
                Failure::rejected(format!("Odoo refuses it: {said}"))
            }
            Self::Broken(said) => {
                Failure::rejected(format!("this Odoo does not understand the call: {said}"))
            }
            Self::Conflict(_) => {
                Failure::busy("somebody else writes the same record in Odoo").after(Duration::from_secs(1))
            }
            Self::Database => Failure::unavailable("Odoo cannot open the database: is `database` right?"),
            Self::Nobody(said) => Failure::unavailable(said),
            Self::Unknown(name) => Failure::unavailable(format!("Odoo failed with {name}")),
            Self::Http(error) => error.into(),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        fault.failure()
    }
}

/// On one line, cut short; the exception's name where Odoo says nothing.
pub(crate) fn shown(name: &str, said: &str) -> String {
    let words: Vec<&str> = said.split_whitespace().collect();
    if words.is_empty() {
        return name.to_owned();
    }
    words.join(" ").chars().take(SHOWN).collect()
}
