//! Who may do what. Four users were recorded: an administrator, the integration user and an agent (internal users with
//! the rights of sales, projects and tickets), and one without any of these.

use super::{
    Version,
    error::{Halt, Res, access_error, forbidden},
    tx::Tx,
};

/// What a user's groups come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Admin,
    Internal,
    Limited,
}

/// A right on a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    Write,
    Create,
    Unlink,
}

/// Nobody but an administrator even reads these.
const ADMIN_ONLY: [&str; 10] = [
    "ir.module.module",
    "res.users.apikeys",
    "ir.model.data",
    "ir.model",
    "ir.model.fields",
    "mail.tracking.value",
    "mail.mail",
    "base.automation",
    "ir.actions.server",
    "mail.notification",
];
/// Nobody but an administrator changes these.
const ADMIN_WRITES: [&str; 15] = [
    "crm.lost.reason",
    "res.users",
    "res.groups",
    "res.company",
    "crm.stage",
    "crm.team",
    "project.task.type",
    "project.project",
    "helpdesk.ticket.stage",
    "helpdesk.ticket.team",
    "helpdesk.ticket.channel",
    "helpdesk.ticket.category",
    "mail.message.subtype",
    "res.currency",
    "mail.followers",
];
/// Out of reach without the rights of sales, projects or tickets.
const APPS: [&str; 3] = ["crm.", "project.", "helpdesk."];

impl Op {
    /// The groups that the error names.
    pub(crate) fn groups(self, version: Version, model: &str) -> Vec<&'static str> {
        let v18 = version == Version::V18;
        match model {
            "crm.lead" if self == Self::Unlink => vec!["Sales/Administrator"],
            _ if model.starts_with("crm.") => vec!["Sales/Administrator", "Sales/User: Own Documents Only"],
            _ if model.starts_with("project.") => vec!["Project/Administrator", "Project/User"],
            _ if model.starts_with("helpdesk.") => {
                vec!["Helpdesk/Administrator", "Helpdesk/User: Personal tickets"]
            }
            "res.partner" | "res.partner.category" if v18 => {
                vec!["Extra Rights/Contact Creation", "Sales/User: Own Documents Only"]
            }
            "res.partner" | "res.partner.category" => {
                vec!["Contact/Creation", "Sales/User: Own Documents Only"]
            }
            "ir.model.data" | "ir.model" | "ir.model.fields" | "res.users" | "res.groups" if v18 => {
                vec!["Administration/Access Rights"]
            }
            "ir.model.data" | "ir.model" | "ir.model.fields" | "res.users" | "res.groups" => {
                vec!["Access Rights"]
            }
            _ if v18 => vec!["Administration/Settings"],
            _ => vec!["Role / Administrator"],
        }
    }
}

/// What groups, by external identifier, come to.
pub(crate) fn role_of(groups: &[String]) -> Role {
    let has = |name: &str| groups.iter().any(|group| group == name);
    if has("base.group_system") {
        return Role::Admin;
    }
    let apps = ["sales_team.", "project.", "helpdesk_mgmt."];
    if groups.iter().any(|group| apps.iter().any(|app| group.starts_with(app))) {
        return Role::Internal;
    }
    Role::Limited
}

/// Whether the user's groups give this right.
pub(crate) fn may(role: Role, op: Op, model: &str) -> bool {
    match role {
        Role::Admin => true,
        Role::Internal | Role::Limited if ADMIN_ONLY.contains(&model) => false,
        Role::Internal => match op {
            Op::Read => true,
            Op::Unlink if model == "crm.lead" => false,
            _ => !ADMIN_WRITES.contains(&model),
        },
        Role::Limited => match op {
            Op::Read => !APPS.iter().any(|app| model.starts_with(app)),
            _ => matches!(model, "ir.attachment" | "mail.message"),
        },
    }
}

/// The right, or the error that the server gives.
pub(crate) fn check(tx: &Tx<'_>, op: Op, model: &str) -> Res<()> {
    if may(tx.role, op, model) {
        return Ok(());
    }
    // To make a field one needs to read the model that it is for.
    let shown =
        if model == "ir.model.fields" && op == Op::Create { ("ir.model", Op::Read) } else { (model, op) };
    match tx.model(shown.0) {
        Some(model) => Err(forbidden(tx.version(), shown.1, &model)),
        None => Err(Halt::Unbacked(format!("rights on a model that is not there: {model}"))),
    }
}

/// Record rules on attachments: of a record, who may read the record; of none, who made it.
pub(crate) fn may_read_attachment(tx: &Tx<'_>, id: i64) -> bool {
    if tx.role == Role::Admin {
        return true;
    }
    let model = tx.get("ir.attachment", id, "res_model");
    match model.as_str() {
        Some(model) => may(tx.role, Op::Read, model),
        None => {
            tx.get("ir.attachment", id, "create_uid").as_i64() == Some(tx.uid)
                || tx.get("ir.attachment", id, "public").as_bool() == Some(true)
        }
    }
}

/// The error for a record that a rule hides.
pub(crate) fn secret(tx: &Tx<'_>, model: &str) -> Halt {
    let who = tx.get("res.users", tx.uid, "name");
    let label = tx.model(model).map_or_else(String::new, |model| model.label.clone());
    access_error(
        format!(
            "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, {} (id={}) doesn't have \
             'read' access to:\n- {label} ({model})\n\nIf you really, really need access, perhaps you can win over \
             your friendly administrator with a batch of freshly baked cookies.",
            who.as_str().unwrap_or(""),
            tx.uid,
        ),
        &["attachment.orphan_read_as_agent"],
    )
}

/// A field that only administrators read: one of them fails the whole call.
pub(crate) fn hidden_field(tx: &Tx<'_>, model: &str, label: &str, field: &str) -> Halt {
    let message = if tx.version() == Version::V18 {
        format!(
            "You do not have enough rights to access the fields \"{field}\" on {label} ({model}). Please contact your \
             system administrator.\n\nOperation: read\nUser: {}\nFields:\n- {field} (allowed for groups \
             'Administration / Settings')",
            tx.uid
        )
    } else {
        format!(
            "You do not have enough rights to access the field \"{field}\" on {label} ({model}). Please contact your \
             system administrator.\n\nOperation: read\nUser: {}\nGroups: allowed for groups 'Role / Administrator'",
            tx.uid
        )
    };
    access_error(message, &["message.read.tracking_value_ids_is_admin_only"])
}
