//! What every model can: search, read, create, write, unlink.

use serde_json::{Map, Value, json};

use super::{
    Version, access,
    access::{Op, Role},
    attachment, behaviour,
    db::Row,
    error::{Halt, Res, missing, user_error, validation, value_error},
    html,
    schema::{Field, Kind, Model},
    tx::{Event, Tx},
};

/// A language that is not installed fails every call.
pub(crate) fn check_context(tx: &Tx<'_>) -> Res<()> {
    match tx.context.get("lang").and_then(Value::as_str) {
        Some(lang) if lang != "en_US" => {
            Err(user_error(format!("Invalid language code: {lang}"), &["context.lang", "error.user_error"]))
        }
        _ => Ok(()),
    }
}

/// Identifiers that this user may see, of a search.
pub(crate) fn visible(tx: &Tx<'_>, model: &str, ids: Vec<i64>) -> Vec<i64> {
    if tx.role == Role::Admin {
        return ids;
    }
    match model {
        "ir.attachment" => ids.into_iter().filter(|id| access::may_read_attachment(tx, *id)).collect(),
        "mail.message" if tx.role == Role::Limited => ids
            .into_iter()
            .filter(|id| {
                let about = tx.get("mail.message", *id, "model");
                about.as_str().is_none_or(|model| access::may(tx.role, Op::Read, model))
            })
            .collect(),
        _ => ids,
    }
}

/// `read`: those that are there.
pub(crate) fn read(tx: &Tx<'_>, model: &Model, ids: &[i64], names: &[String], bare: bool) -> Res<Value> {
    access::check(tx, Op::Read, &model.name)?;
    let mut fields = Vec::new();
    for name in names {
        let field = tx.known_field(model, name, true)?;
        if field.admin_only && tx.role != Role::Admin {
            return Err(access::hidden_field(tx, &model.name, &model.label, name));
        }
        fields.push(field);
    }
    let mut rows = Vec::new();
    for id in ids {
        if !tx.exists(&model.name, *id) {
            continue;
        }
        if model.name == "ir.attachment" && !access::may_read_attachment(tx, *id) {
            return Err(access::secret(tx, &model.name));
        }
        let mut row = Map::new();
        row.insert("id".to_owned(), json!(id));
        for field in &fields {
            row.insert(field.name.clone(), shown(tx, &model.name, *id, field, bare));
        }
        rows.push(Value::Object(row));
    }
    Ok(Value::Array(rows))
}

/// A value as an answer shows it.
fn shown(tx: &Tx<'_>, model: &str, id: i64, field: &Field, bare: bool) -> Value {
    let value = tx.value(model, id, field);
    match field.kind {
        Kind::Many2one => match (value.as_i64(), &field.relation) {
            (Some(other), Some(_)) if bare => json!(other),
            // 19 shows no name for the message that another one hangs on.
            (Some(other), Some(relation)) => json!([other, tx.name_of(relation, other)]),
            _ => Value::Bool(false),
        },
        Kind::Datetime => match value.as_str() {
            Some(text) => json!(text.get(..19).unwrap_or(text)),
            None => Value::Bool(false),
        },
        Kind::Many2many if field.relation.as_deref() == Some("ir.attachment") => {
            let mut ids: Vec<i64> =
                value.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
            ids.sort_unstable_by(|a, b| b.cmp(a));
            json!(ids)
        }
        _ => value,
    }
}

/// `create` of one record.
pub(crate) fn create(tx: &mut Tx<'_>, model: &Model, values: &Map<String, Value>) -> Res<i64> {
    access::check(tx, Op::Create, &model.name)?;
    create_unchecked(tx, model, values)
}

/// As the server itself does it, for its own records.
pub(crate) fn create_unchecked(tx: &mut Tx<'_>, model: &Model, values: &Map<String, Value>) -> Res<i64> {
    for name in values.keys().filter(|name| !is_password(&model.name, name)) {
        tx.known_field(model, name, false)?;
    }
    let id = tx.next_id(&model.name);
    let mut row: Row = model
        .fields
        .iter()
        .filter(|field| field.stored)
        .map(|field| (field.name.clone(), field.default.clone()))
        .collect();
    row.insert("create_uid".to_owned(), json!(tx.uid));
    row.insert("create_date".to_owned(), json!(tx.now));
    row.insert("write_uid".to_owned(), json!(tx.uid));
    row.insert("write_date".to_owned(), json!(tx.now));
    behaviour::before_create(tx, model, id, &mut row, values)?;
    apply(tx, model, &mut row, values)?;
    behaviour::derive(tx, model, id, &mut row, values)?;
    required(tx, model, &row)?;
    tx.put(&model.name, id, row);
    tx.events.push(Event::Created { model: model.name.clone(), id });
    behaviour::after_create(tx, model, id, values)?;
    Ok(id)
}

/// `write` on records that all must be there.
pub(crate) fn write(tx: &mut Tx<'_>, model: &Model, ids: &[i64], values: &Map<String, Value>) -> Res<()> {
    access::check(tx, Op::Write, &model.name)?;
    for name in values.keys().filter(|name| !is_password(&model.name, name)) {
        tx.known_field(model, name, false)?;
    }
    for id in ids {
        let Some(before) = tx.row(&model.name, *id) else {
            return Err(missing(&model.name, *id, tx.uid, &["error.missing_record.write"]));
        };
        let mut row = (*before).clone();
        if model.name == "res.partner" && values.get("parent_id").and_then(Value::as_i64) == Some(*id) {
            return Err(validation(
                "You cannot create recursive Partner hierarchies.",
                &["error.validation"],
            ));
        }
        apply(tx, model, &mut row, values)?;
        row.insert("write_uid".to_owned(), json!(tx.uid));
        row.insert("write_date".to_owned(), json!(tx.now));
        behaviour::derive(tx, model, *id, &mut row, values)?;
        required(tx, model, &row)?;
        let changed: Vec<String> = row
            .iter()
            .filter(|(name, value)| before.get(*name) != Some(*value))
            .map(|(name, _)| name.clone())
            .collect();
        tx.put(&model.name, *id, row);
        behaviour::after_write(tx, model, *id, &before)?;
        tx.events.push(Event::Written { model: model.name.clone(), id: *id, changed });
    }
    Ok(())
}

/// `unlink`, with what hangs on the records.
pub(crate) fn unlink(tx: &mut Tx<'_>, model: &Model, ids: &[i64]) -> Res<()> {
    access::check(tx, Op::Unlink, &model.name)?;
    for id in ids {
        if !tx.exists(&model.name, *id) {
            return Err(missing(&model.name, *id, tx.uid, &["error.missing_record.unlink"]));
        }
        if model.is_thread() {
            for message in tx.find("mail.message", "res_id", &json!(id)) {
                if tx.get("mail.message", message, "model").as_str() == Some(&model.name) {
                    tx.delete("mail.message", message);
                }
            }
            for (table, about) in [("mail.followers", "res_model"), ("ir.attachment", "res_model")] {
                for other in tx.find(table, "res_id", &json!(id)) {
                    if tx.get(table, other, about).as_str() == Some(&model.name) {
                        tx.delete(table, other);
                    }
                }
            }
        }
        for data in tx.find("ir.model.data", "res_id", &json!(id)) {
            if tx.get("ir.model.data", data, "model").as_str() == Some(&model.name) {
                tx.delete("ir.model.data", data);
            }
        }
        if model.name == "ir.model.fields"
            && let (Some(owner), Some(name)) =
                (tx.get(&model.name, *id, "model").as_str(), tx.get(&model.name, *id, "name").as_str())
        {
            tx.changes.dropped_fields.push((owner.to_owned(), name.to_owned()));
        }
        tx.delete(&model.name, *id);
        tx.events.push(Event::Unlinked { model: model.name.clone(), id: *id });
    }
    Ok(())
}

fn is_password(model: &str, field: &str) -> bool {
    model == "res.users" && field == "password"
}

fn apply(tx: &mut Tx<'_>, model: &Model, row: &mut Row, values: &Map<String, Value>) -> Res<()> {
    for (name, value) in values {
        let Some(field) = model.field(name) else { continue };
        if model.name == "ir.attachment" && matches!(name.as_str(), "datas" | "raw") {
            continue;
        }
        if !field.stored {
            continue;
        }
        let old = row.get(name).cloned().unwrap_or_else(|| field.kind.empty());
        let value = stored(tx, model, field, value, &old)?;
        row.insert(name.clone(), value);
    }
    if model.name == "ir.attachment" {
        let asked = values.get("mimetype").and_then(Value::as_str).map(str::to_owned);
        if let Some(datas) = values.get("datas").and_then(Value::as_str) {
            attachment::fill(row, tx.files, attachment::decode(datas)?, asked.as_deref(), tx.role);
        } else if let Some(raw) = values.get("raw").and_then(Value::as_str) {
            attachment::fill(row, tx.files, raw.to_owned().into(), asked.as_deref(), tx.role);
        }
    }
    Ok(())
}

/// A value as the database keeps it.
fn stored(tx: &mut Tx<'_>, model: &Model, field: &Field, value: &Value, old: &Value) -> Res<Value> {
    let unset = matches!(value, Value::Null | Value::Bool(false));
    Ok(match field.kind {
        Kind::Boolean => json!(value.as_bool().unwrap_or_else(|| !unset && value.as_i64() != Some(0))),
        Kind::One2many | Kind::Many2many => commands(tx, model, field, value, old)?,
        _ if unset => field.kind.empty(),
        Kind::Char | Kind::Text => match value {
            Value::String(text) => json!(text.replace('\0', " ")),
            other => json!(other.to_string()),
        },
        Kind::Html => json!(html::sanitise(value.as_str().unwrap_or(""))),
        Kind::Selection => {
            let known = field.selection.iter().any(|(key, _)| value.as_str() == Some(key));
            if !known {
                let shown = value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"));
                return Err(value_error(
                    format!("Wrong value for {}.{}: {shown}", model.name, field.name),
                    &["error.bad_selection"],
                ));
            }
            value.clone()
        }
        Kind::Date => date(value, 10, "%Y-%m-%d", "error.bad_date")?,
        Kind::Datetime => date(value, 19, "%Y-%m-%d %H:%M:%S", "error.iso_datetime_T")?,
        Kind::Many2one => {
            let (Some(id), Some(relation)) = (value.as_i64(), field.relation.as_deref()) else {
                return Err(Halt::Unbacked(format!("{}.{} = {value}", model.name, field.name)));
            };
            if tx.model(relation).is_some() && !tx.exists(relation, id) {
                return Err(dangling(tx, model, field));
            }
            value.clone()
        }
        Kind::Integer | Kind::Reference | Kind::Float => {
            if !value.is_number() {
                return Err(Halt::Unbacked(format!("{}.{} = {value}", model.name, field.name)));
            }
            value.clone()
        }
        Kind::Binary => value.clone(),
    })
}

fn date(value: &Value, length: usize, format: &str, entry: &'static str) -> Res<Value> {
    let text = value.as_str().unwrap_or("");
    let good = if length == 10 {
        chrono::NaiveDate::parse_from_str(text, format).is_ok()
    } else {
        chrono::NaiveDateTime::parse_from_str(text, format).is_ok()
            || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
    };
    if good {
        return Ok(value.clone());
    }
    Err(value_error(format!("time data '{text}' does not match format '{format}'"), &[entry]))
}

fn dangling(tx: &Tx<'_>, model: &Model, field: &Field) -> Halt {
    let message = if tx.version() == Version::V18 {
        format!(
            "The operation cannot be completed: another model requires the record being deleted. If possible, archive \
             it instead.\n\nModel: {} ({})\nConstraint: {}_{}_fkey\n",
            model.label,
            model.name,
            model.name.replace('.', "_"),
            field.name
        )
    } else {
        format!(
            "The operation cannot be completed: Another model is using the record you are trying to delete.\n\nThe \
             troublemaker is: '{}' ({})\nThanks to the following constraint: '{}' ({})\nHow about archiving the \
             record instead?",
            model.label, model.name, field.label, field.name
        )
    };
    validation(message, &["error.bad_many2one"])
}

/// The list after `[6, 0, ids]`, `[1, id, values]`, `[4, id]`, `[3, id]`, `[5]`, `[0, 0, values]`, or plain identifiers.
fn commands(tx: &mut Tx<'_>, model: &Model, field: &Field, value: &Value, old: &Value) -> Res<Value> {
    let odd = || Halt::Unbacked(format!("{}.{} = {value}", model.name, field.name));
    let Some(relation) = field.relation.clone() else { return Err(odd()) };
    let mut ids: Vec<i64> = old.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::Bool(false) | Value::Null => vec![json!([5])],
        _ => return Err(odd()),
    };
    if items.iter().all(Value::is_number) && !items.is_empty() {
        ids = items.iter().filter_map(Value::as_i64).collect();
        return Ok(json!(ids));
    }
    for item in &items {
        let parts = item.as_array().ok_or_else(odd)?;
        let id = parts.get(1).and_then(Value::as_i64);
        match (parts.first().and_then(Value::as_i64), id, parts.get(2)) {
            (Some(6), _, Some(Value::Array(all))) => ids = all.iter().filter_map(Value::as_i64).collect(),
            (Some(4), Some(id), _) => ids.push(id),
            (Some(2 | 3), Some(id), _) => ids.retain(|have| *have != id),
            (Some(5), ..) => ids.clear(),
            (Some(0), _, Some(Value::Object(values))) => {
                let other = tx.model(&relation).ok_or_else(odd)?;
                ids.push(create(tx, &other, &values.clone())?);
            }
            (Some(1), Some(id), Some(Value::Object(values))) => {
                let other = tx.model(&relation).ok_or_else(odd)?;
                write(tx, &other, &[id], &values.clone())?;
            }
            _ => return Err(odd()),
        }
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    if let Some(id) = ids.iter().find(|id| tx.model(&relation).is_some() && !tx.exists(&relation, **id)) {
        return Err(missing(&relation, *id, tx.uid, &["message_post.bad_attachment"]));
    }
    Ok(json!(ids))
}

fn required(tx: &Tx<'_>, model: &Model, row: &Row) -> Res<()> {
    for field in model.fields.iter().filter(|field| field.required && field.stored) {
        let set =
            row.get(&field.name).is_some_and(|value| !matches!(value, Value::Bool(false) | Value::Null))
                || field.kind == Kind::Boolean;
        if set {
            continue;
        }
        let message = if tx.version() == Version::V18 {
            format!(
                "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- Delete: another \
                 model requires the record being deleted. If possible, archive it instead.\n\nModel: {} ({})\nField: \
                 {} ({})\n",
                model.label, model.name, field.label, field.name
            )
        } else {
            format!(
                "The operation cannot be completed: Missing required value for the field '{}' ({}).\nModel: '{}' \
                 ({})\n- create/update: a mandatory field is not set\n- delete: another model requires the record \
                 being deleted, you can archive it instead\n",
                field.label, field.name, model.label, model.name
            )
        };
        return Err(validation(message, &["error.missing_required", "error.required_db_constraint"]));
    }
    Ok(())
}
