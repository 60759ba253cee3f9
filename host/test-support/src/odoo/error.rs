//! How an Odoo says no. One error has a name, a message and two shapes: inside HTTP 200 over JSON-RPC, as a status with a
//! bare body over JSON-2. Each names the transcript entries that show it.

use serde_json::{Value, json};

use super::{Version, access::Op, schema::Model};

/// Why a call did not end with a value.
#[derive(Debug)]
pub(crate) enum Halt {
    /// What the real server would say.
    Odoo(Box<OdooError>),
    /// No transcript says what the real server would say.
    Unbacked(String),
    /// Another transaction was sooner.
    Conflict,
}

/// What a call comes to.
pub(crate) type Res<T> = Result<T, Halt>;

/// An exception of the server's.
#[derive(Debug, Clone)]
pub(crate) struct OdooError {
    pub(crate) name: String,
    pub(crate) message: String,
    /// Over JSON-2.
    pub(crate) status: u16,
    /// Entries that show it, the best first.
    pub(crate) entries: Vec<&'static str>,
}

impl From<OdooError> for Halt {
    fn from(error: OdooError) -> Self {
        Self::Odoo(Box::new(error))
    }
}

fn make(name: &str, status: u16, message: String, entries: &[&'static str]) -> Halt {
    OdooError { name: name.to_owned(), message, status, entries: entries.to_vec() }.into()
}

/// `builtins.ValueError`: permanent, and 500 over JSON-2.
pub(crate) fn value_error(message: impl Into<String>, entries: &[&'static str]) -> Halt {
    make("builtins.ValueError", 500, message.into(), entries)
}
/// `builtins.TypeError`.
pub(crate) fn type_error(message: impl Into<String>, entries: &[&'static str]) -> Halt {
    make("builtins.TypeError", 500, message.into(), entries)
}
/// Any other Python exception by name.
pub(crate) fn python_error(name: &str, message: impl Into<String>, entries: &[&'static str]) -> Halt {
    make(name, 500, message.into(), entries)
}
/// `odoo.exceptions.ValidationError`.
pub(crate) fn validation(message: impl Into<String>, entries: &[&'static str]) -> Halt {
    make("odoo.exceptions.ValidationError", 422, message.into(), entries)
}
/// `odoo.exceptions.UserError`.
pub(crate) fn user_error(message: impl Into<String>, entries: &[&'static str]) -> Halt {
    make("odoo.exceptions.UserError", 422, message.into(), entries)
}
/// `odoo.exceptions.AccessError`.
pub(crate) fn access_error(message: impl Into<String>, entries: &[&'static str]) -> Halt {
    make("odoo.exceptions.AccessError", 403, message.into(), entries)
}
/// `odoo.exceptions.AccessDenied`: a wrong password or key over JSON-RPC.
pub(crate) fn access_denied(entries: &[&'static str]) -> Halt {
    make("odoo.exceptions.AccessDenied", 403, "Access Denied".to_owned(), entries)
}
/// An error of the web layer, JSON-2 only.
pub(crate) fn web_error(
    name: &str,
    status: u16,
    message: impl Into<String>,
    entries: &[&'static str],
) -> Halt {
    make(&format!("werkzeug.exceptions.{name}"), status, message.into(), entries)
}
/// `odoo.exceptions.MissingError` for the first of the records that are not there.
pub(crate) fn missing(model: &str, id: i64, uid: i64, entries: &[&'static str]) -> Halt {
    let message =
        format!("Record does not exist or has been deleted.\n(Record: {model}({id},), User: {uid})");
    make("odoo.exceptions.MissingError", 404, message, entries)
}

/// A right that the user's groups do not give.
pub(crate) fn forbidden(version: Version, op: Op, model: &Model) -> Halt {
    let verb = match op {
        Op::Read => "access",
        Op::Write => "modify",
        Op::Create => "create",
        Op::Unlink => "delete",
    };
    let groups: Vec<String> =
        op.groups(version, &model.name).into_iter().map(|group| format!("\t- {group}")).collect();
    let message = format!(
        "You are not allowed to {verb} '{}' ({}) records.\n\nThis operation is allowed for the following groups:\n{}\n\n\
         Contact your administrator to request access if necessary.",
        model.label,
        model.name,
        groups.join("\n"),
    );
    let entries: &[&'static str] = match (op, model.name.as_str()) {
        (_, "mail.tracking.value") => &["tracking_values.as_bridge"],
        (Op::Read, "ir.model.data") => &["load.external_id_lookup.bridge"],
        (Op::Create, "ir.model.data") => &["external_id.create"],
        (_, "ir.model") => &["custom_field.create_as_bridge"],
        (Op::Write, "res.users") => &["error.access_denied.record_rule"],
        (Op::Write, _) => &["error.access_denied.write_partner", "error.access_denied"],
        (Op::Create, _) => &["error.access_denied.create"],
        (Op::Unlink, _) => &["error.unlink_forbidden", "error.access_denied.write_partner"],
        (Op::Read, _) => &["error.access_denied.model", "error.access_denied"],
    };
    access_error(message, entries)
}

impl OdooError {
    /// The body inside a JSON-RPC answer.
    pub(crate) fn jsonrpc(&self, version: Version) -> Value {
        json!({
            "code": if version == Version::V18 { 200 } else { 0 },
            "message": "Odoo Server Error",
            "data": {
                "name": self.name, "debug": self.debug(), "message": self.message,
                "arguments": [self.message], "context": {},
            },
        })
    }

    /// The body of a JSON-2 answer.
    pub(crate) fn json2(&self) -> Value {
        let arguments = if self.name.starts_with("werkzeug.") {
            json!([self.message, self.status])
        } else {
            json!([self.message])
        };
        json!({
            "name": self.name, "message": self.message, "arguments": arguments, "context": {}, "debug": self.debug(),
        })
    }

    fn debug(&self) -> String {
        format!("Traceback (most recent call last):\n  …\n{}: {}", self.name, self.message)
    }
}
