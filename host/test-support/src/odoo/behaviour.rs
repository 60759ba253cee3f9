//! What models do of their own accord: defaults, fields that follow from others, followers, log lines, tracking.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    compute,
    db::Row,
    error::{Halt, Res, validation},
    orm, post,
    schema::{Field, Model},
    tx::Tx,
};

type Values = Map<String, Value>;

fn set(row: &mut Row, field: &str, value: Value) {
    row.insert(field.to_owned(), value);
}

fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}

/// Defaults that depend on the user or on other records.
pub(crate) fn before_create(
    tx: &mut Tx<'_>,
    model: &Model,
    id: i64,
    row: &mut Row,
    values: &Values,
) -> Res<()> {
    match model.name.as_str() {
        "crm.lead" => {
            set(row, "user_id", json!(tx.uid));
            if let Some(partner) = values.get("partner_id").and_then(Value::as_i64) {
                set(row, "email_from", tx.get("res.partner", partner, "email"));
                set(row, "phone", tx.get("res.partner", partner, "phone"));
            }
        }
        "project.task" => {
            let project = values.get("project_id").and_then(Value::as_i64);
            let stages = project.map_or_else(Vec::new, |project| {
                tx.search_json("project.task.type", &json!([["project_ids", "=", project]]))
                    .unwrap_or_default()
            });
            if let Some(first) = stages.first() {
                set(row, "stage_id", json!(first));
            }
        }
        "helpdesk.ticket" => {
            set(row, "number", json!(format!("HT{id:05}")));
            if let Some(partner) = values.get("partner_id").and_then(Value::as_i64) {
                set(row, "partner_name", tx.get("res.partner", partner, "name"));
                set(row, "partner_email", tx.get("res.partner", partner, "email"));
            }
        }
        "mail.message" => {
            set(row, "date", json!(tx.now_seconds()));
            set(row, "message_id", json!(post::new_message_id(tx, "private", 0)));
            set(row, "author_id", tx.get("res.users", tx.uid, "partner_id"));
        }
        "res.users" if !values.contains_key("partner_id") => {
            let partner = tx.model("res.partner").ok_or_else(|| Halt::Unbacked("no partners".to_owned()))?;
            let mut fields = Values::new();
            for (from, to) in [("name", "name"), ("email", "email")] {
                if let Some(value) = values.get(from) {
                    fields.insert(to.to_owned(), value.clone());
                }
            }
            let partner = orm::create_unchecked(tx, &partner, &fields)?;
            set(row, "partner_id", json!(partner));
        }
        _ => {}
    }
    Ok(())
}

/// Stored fields that follow from others.
pub(crate) fn derive(tx: &mut Tx<'_>, model: &Model, id: i64, row: &mut Row, values: &Values) -> Res<()> {
    match model.name.as_str() {
        "res.partner" => {
            let email = text(row, "email").map(|email| email.trim().to_lowercase());
            set(
                row,
                "email_normalized",
                email.filter(|email| email.contains('@')).map_or(json!(false), |e| json!(e)),
            );
            let phone = text(row, "phone").filter(|phone| phone.trim_start().starts_with('+')).map(|phone| {
                let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
                format!("+{digits}")
            });
            set(row, "phone_sanitized", phone.map_or(json!(false), |phone| json!(phone)));
        }
        "crm.lead" => {
            let won = row.get("stage_id").and_then(Value::as_i64);
            let won = won.is_some_and(|stage| tx.get("crm.stage", stage, "is_won").as_bool() == Some(true));
            if won {
                set(row, "probability", json!(100.0));
            }
        }
        "project.task" => {
            let stage = row.get("stage_id").cloned();
            if tx.row(&model.name, id).and_then(|old| old.get("stage_id").cloned()) != stage {
                set(row, "date_last_stage_update", json!(tx.now_seconds()));
            }
        }
        "helpdesk.ticket" => {
            let stage = row.get("stage_id").and_then(Value::as_i64);
            let before = tx.row(&model.name, id).and_then(|old| old.get("stage_id").and_then(Value::as_i64));
            if before != stage {
                let flag = |name: &str| {
                    stage.is_some_and(|stage| {
                        tx.get("helpdesk.ticket.stage", stage, name).as_bool() == Some(true)
                    })
                };
                let (closed, unattended) = (flag("closed"), flag("unattended"));
                set(row, "closed", json!(closed));
                set(row, "unattended", json!(unattended));
                set(row, "last_stage_update", json!(tx.now_seconds()));
                set(row, "closed_date", if closed { json!(tx.now_seconds()) } else { json!(false) });
            }
        }
        "mail.message" => {
            let about = (text(row, "model").map(str::to_owned), row.get("res_id").and_then(Value::as_i64));
            if let (Some(about), Some(of)) = about
                && text(row, "record_name").is_none()
                && tx.exists(&about, of)
            {
                set(row, "record_name", tx.name_of(&about, of));
            }
        }
        "ir.model.fields" => {
            let owner = row.get("model_id").and_then(Value::as_i64);
            set(row, "model", owner.map_or(json!(false), |owner| tx.get("ir.model", owner, "model")));
        }
        "base.automation" | "ir.actions.server" => {
            let owner = row.get("model_id").and_then(Value::as_i64);
            set(row, "model_name", owner.map_or(json!(false), |owner| tx.get("ir.model", owner, "model")));
        }
        "ir.model.data" => {
            let name = format!("{}.{}", text(row, "module").unwrap_or(""), text(row, "name").unwrap_or(""));
            set(row, "complete_key", json!(name));
        }
        "ir.attachment"
            if values.contains_key("res_model") && row.get("res_id").and_then(Value::as_i64) == Some(0) =>
        {
            set(row, "res_id", json!(0));
        }
        _ => {}
    }
    Ok(())
}

/// Followers and the first log line; new fields and external identifiers.
pub(crate) fn after_create(tx: &mut Tx<'_>, model: &Model, id: i64, values: &Values) -> Res<()> {
    let quiet = tx.flag("mail_create_nolog") == Some(true) || tx.flag("tracking_disable") == Some(true);
    match model.name.as_str() {
        "crm.lead" | "project.task" | "helpdesk.ticket" => {
            if tx.flag("mail_create_nosubscribe") != Some(true) {
                let me = tx.get("res.users", tx.uid, "partner_id").as_i64();
                follow(tx, &model.name, id, me);
            }
            if !quiet {
                let (subtype, body) = match model.name.as_str() {
                    "crm.lead" => (2, "<p>Lead/Opportunity created</p>"),
                    "project.task" => (15, "<div summary=\"o_mail_notification\"><p>Task Created</p></div>"),
                    _ => (36, "<div summary=\"o_mail_notification\"><p>Helpdesk Ticket created</p></div>"),
                };
                post::log(
                    tx,
                    &model.name,
                    id,
                    post::Log { subtype: Some(subtype), body, ..post::Log::default() },
                );
            }
            assigned(tx, model, id);
        }
        "ir.model.fields" => new_field(tx, id, values)?,
        "ir.model.data" => {
            let name = tx.get("ir.model.data", id, "complete_name");
            if tx.find("ir.model.data", "complete_key", &name).len() > 1 {
                let (module, short) = (tx.get(&model.name, id, "module"), tx.get(&model.name, id, "name"));
                return Err(validation(
                    format!(
                        "The operation cannot be completed: duplicate key value violates unique constraint \
                         \"ir_model_data_module_name_uniq_index\"\nDETAIL:  Key (module, name)=({}, {}) already \
                         exists.\n",
                        module.as_str().unwrap_or(""),
                        short.as_str().unwrap_or("")
                    ),
                    &["external_id.create_again.admin"],
                ));
            }
            if let Some(name) = name.as_str() {
                tx.changes.unique.push(name.to_owned());
            }
        }
        "base.automation" => adopt(tx, id),
        "ir.actions.server" => {
            // The rule lists its actions, whichever side was written.
            if let Some(rule) = tx.get(&model.name, id, "base_automation_id").as_i64()
                && let Some(row) = tx.row("base.automation", rule)
            {
                let mut row = (*row).clone();
                let mut actions =
                    row.get("action_server_ids").and_then(Value::as_array).cloned().unwrap_or_default();
                if !actions.contains(&json!(id)) {
                    actions.push(json!(id));
                }
                set(&mut row, "action_server_ids", json!(actions));
                tx.put("base.automation", rule, row);
            }
        }
        _ => {}
    }
    Ok(())
}

fn new_field(tx: &mut Tx<'_>, id: i64, values: &Values) -> Res<()> {
    let owner = tx.get("ir.model.fields", id, "model");
    let (Some(owner), Some(name)) = (owner.as_str(), values.get("name").and_then(Value::as_str)) else {
        return Err(Halt::Unbacked("a field without a name or a model".to_owned()));
    };
    if !name.starts_with("x_") {
        return Err(Halt::Unbacked(format!("a custom field that does not begin with x_: {name}")));
    }
    if tx.model(owner).is_some_and(|model| model.field(name).is_some()) {
        return Err(validation(
            "The operation cannot be completed: Field names must be unique per model.",
            &["custom_field.create_on_lead"],
        ));
    }
    let kind = values.get("ttype").and_then(Value::as_str).unwrap_or("char");
    let label = values.get("field_description").and_then(Value::as_str).unwrap_or(name);
    let relation = values.get("relation").and_then(Value::as_str);
    let field = Field::custom(name, kind, label, relation)
        .ok_or_else(|| Halt::Unbacked(format!("a custom field of type {kind}")))?;
    tx.changes.fields.push((owner.to_owned(), field));
    Ok(())
}

/// A rule's actions know their rule.
fn adopt(tx: &mut Tx<'_>, rule: i64) {
    let actions = tx.get("base.automation", rule, "action_server_ids");
    for action in actions.as_array().into_iter().flatten().filter_map(Value::as_i64) {
        if let Some(row) = tx.row("ir.actions.server", action) {
            let mut row = (*row).clone();
            set(&mut row, "base_automation_id", json!(rule));
            tx.put("ir.actions.server", action, row);
        }
    }
}

/// Log lines of what changed, and followers of whom it was given to.
pub(crate) fn after_write(tx: &mut Tx<'_>, model: &Model, id: i64, before: &Arc<Row>) -> Res<()> {
    if model.name == "base.automation" {
        adopt(tx, id);
    }
    if !model.is_thread() || model.name == "res.partner" {
        return Ok(());
    }
    let changed = |tx: &Tx<'_>, field: &str| {
        tx.row(&model.name, id).and_then(|row| row.get(field).cloned()) != before.get(field).cloned()
    };
    if changed(tx, "user_id") || changed(tx, "user_ids") {
        assigned(tx, model, id);
    }
    if tx.flag("tracking_disable") == Some(true) {
        return Ok(());
    }
    if changed(tx, "stage_id") {
        let closing =
            model.name == "helpdesk.ticket" && tx.get(&model.name, id, "closed").as_bool() == Some(true);
        let subtype = match model.name.as_str() {
            "crm.lead" => 6,
            "project.task" => 16,
            _ => 2,
        };
        let ticket = model.name == "helpdesk.ticket";
        let line = post::log(
            tx,
            &model.name,
            id,
            post::Log { subtype: Some(subtype), internal: ticket, unnamed: ticket, ..post::Log::default() },
        );
        track(tx, model, id, before, line);
        if closing {
            let subject = format!(
                "The ticket {} has been closed.",
                tx.get(&model.name, id, "number").as_str().unwrap_or("")
            );
            let body = "<table><tbody><tr><td><p>The ticket has been closed.</p></td></tr></tbody></table>";
            let mail =
                post::Log { body, kind: "email_outgoing", subject: Some(subject), ..post::Log::default() };
            post::log(tx, &model.name, id, mail);
        }
    }
    Ok(())
}

fn track(tx: &mut Tx<'_>, model: &Model, id: i64, before: &Arc<Row>, message: i64) {
    let Some(field) = model.field("stage_id") else { return };
    let stage = field.relation.clone().unwrap_or_default();
    let field_id = tx
        .find("ir.model.fields", "name", &json!("stage_id"))
        .into_iter()
        .find(|field| tx.get("ir.model.fields", *field, "model").as_str() == Some(&model.name));
    let old = before.get("stage_id").and_then(Value::as_i64).unwrap_or(0);
    let new = tx.get(&model.name, id, "stage_id").as_i64().unwrap_or(0);
    let Some(tracking) = tx.model("mail.tracking.value") else { return };
    let values = json!({
        "field_id": field_id, "mail_message_id": message,
        "old_value_integer": old, "old_value_char": tx.name_of(&stage, old),
        "new_value_integer": new, "new_value_char": tx.name_of(&stage, new),
    });
    if let Value::Object(values) = values {
        let _ = orm::create_unchecked(tx, &tracking, &values);
    }
}

/// Whoever a record is given to follows it.
fn assigned(tx: &mut Tx<'_>, model: &Model, id: i64) {
    let mut users: Vec<i64> = tx.get(&model.name, id, "user_id").as_i64().into_iter().collect();
    users.extend(
        tx.get(&model.name, id, "user_ids").as_array().into_iter().flatten().filter_map(Value::as_i64),
    );
    for user in users {
        let partner = tx.get("res.users", user, "partner_id").as_i64();
        let known = partner.is_none_or(|partner| compute::followers(tx, &model.name, id).contains(&partner));
        follow(tx, &model.name, id, partner);
        if model.name == "project.task" && user != tx.uid && !known {
            let notice = post::Log { kind: "user_notification", subtype: Some(2), ..post::Log::default() };
            post::log(tx, &model.name, id, notice);
        }
    }
}

/// Makes a partner a follower, once.
pub(crate) fn follow(tx: &mut Tx<'_>, model: &str, id: i64, partner: Option<i64>) {
    let Some(partner) = partner else { return };
    if compute::followers(tx, model, id).contains(&partner) {
        return;
    }
    let Some(followers) = tx.model("mail.followers") else { return };
    let values =
        json!({"res_model": model, "res_id": id, "partner_id": partner, "subtype_ids": [[6, 0, [1]]]});
    if let Value::Object(values) = values {
        let _ = orm::create_unchecked(tx, &followers, &values);
    }
}
