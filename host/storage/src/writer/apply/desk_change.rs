//! Changes of desk lines and tickets, each one statement.

use patchbay_types::TenantId;

use crate::{
    desk::{DeskChange, number},
    writer::statement::{Statement, Value},
};

/// Keeps the earlier words, then puts the new ones.
pub(super) fn rewrite(tenant: &TenantId, line: &str, body: &str, at: u64) -> Statement {
    const SQL: &str = "UPDATE desk_lines SET edits = json_insert(edits, '$[#]', json_object('body', json(body), 'at', ?)), \
                       body = ? WHERE number = ? AND tenant = ?";
    Statement::new(SQL, [at.into(), body.into(), number(line).into(), tenant.as_str().into()])
}

pub(super) fn remove(tenant: &TenantId, line: &str, at: u64) -> Statement {
    const SQL: &str =
        "UPDATE desk_lines SET removed_at = coalesce(removed_at, ?) WHERE number = ? AND tenant = ?";
    Statement::new(SQL, [at.into(), number(line).into(), tenant.as_str().into()])
}

/// Reactions are an array of `[key, person]`, so that no key is ever taken for a path.
pub(super) fn react(tenant: &TenantId, line: &str, key: &str, by: &str, on: bool) -> Statement {
    const ON: &str = "UPDATE desk_lines SET reactions = json_insert(reactions, '$[#]', json_array(?, ?)) \
                      WHERE number = ? AND tenant = ?";
    const OFF: &str = "UPDATE desk_lines SET reactions = (SELECT json_group_array(json(value)) \
                       FROM json_each(reactions) WHERE value <> json_array(?, ?)) WHERE number = ? AND tenant = ?";
    let values: [Value; 4] = [key.into(), by.into(), number(line).into(), tenant.as_str().into()];
    Statement::new(if on { ON } else { OFF }, values)
}

pub(super) fn alter(tenant: &TenantId, ticket: i64, change: &DeskChange) -> Statement {
    macro_rules! set {
        ($set:literal) => {
            concat!("UPDATE desk_tickets SET ", $set, " WHERE number = ? AND tenant = ?")
        };
    }
    const WITHOUT: &str =
        set!("tags = (SELECT json_group_array(value) FROM json_each(tags) WHERE value <> ?)");
    const TAG: &str = set!(
        "tags = (SELECT json_group_array(value) FROM (SELECT value FROM json_each(tags) UNION SELECT ?))"
    );
    const FIELD: &str = set!("fields = json_patch(fields, json_object(?, ?))");
    let (sql, mut values): (&'static str, Vec<Value>) = match change {
        DeskChange::Status(word) => (set!("status = ?"), vec![word.as_str().into()]),
        DeskChange::Priority(word) => (set!("priority = ?"), vec![word.as_str().into()]),
        DeskChange::Subject(text) => (set!("subject = ?"), vec![text.as_str().into()]),
        DeskChange::Queue(queue) => (set!("queue = ?"), vec![queue.as_deref().into()]),
        DeskChange::Assignee(assignee) => (set!("assignee = ?"), vec![assignee.as_deref().into()]),
        DeskChange::Tag(tag) => (TAG, vec![tag.as_str().into()]),
        DeskChange::Untag(tag) => (WITHOUT, vec![tag.as_str().into()]),
        DeskChange::Field(key, value) => (FIELD, vec![key.as_str().into(), value.as_str().into()]),
    };
    values.extend([ticket.into(), tenant.as_str().into()]);
    Statement::new(sql, values)
}
