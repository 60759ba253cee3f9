//! Fields that are made when they are read: names, threads, previews, contents of files.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Version, db::Row, html, tx::Tx};

fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}

/// What a record is called.
pub(crate) fn display_name(tx: &Tx<'_>, model: &str, id: i64, row: &Row) -> Value {
    match model {
        "helpdesk.ticket" => match (text(row, "number"), text(row, "name")) {
            (Some(number), Some(name)) => json!(format!("{number} - {name}")),
            _ => Value::Bool(false),
        },
        // 19 shows a message's subject only.
        "mail.message" if tx.version() == Version::V19 => {
            row.get("subject").cloned().unwrap_or(Value::Bool(false))
        }
        "ir.model.fields" => {
            let label = tx
                .model(text(row, "model").unwrap_or(""))
                .map_or_else(String::new, |model| model.label.clone());
            json!(format!("{} ({label})", text(row, "field_description").unwrap_or("")))
        }
        "mail.tracking.value" => row
            .get("field_id")
            .and_then(Value::as_i64)
            .map_or(Value::Bool(false), |field| tx.name_of("ir.model.fields", field)),
        _ => {
            let field = tx.model(model).map_or_else(|| "name".to_owned(), |model| model.name_field.clone());
            if field == "id" {
                return json!(format!("{model},{id}"));
            }
            row.get(&field).cloned().unwrap_or(Value::Bool(false))
        }
    }
}

/// The value of a field that is not stored.
pub(crate) fn value(tx: &Tx<'_>, model: &str, id: i64, row: &Row, field: &str) -> Option<Value> {
    Some(match (model, field) {
        (_, "display_name") => display_name(tx, model, id, row),
        (_, "message_ids") => {
            let mut ids = tx.messages_of(model, id);
            ids.reverse();
            json!(ids)
        }
        (_, "message_partner_ids") => json!(followers(tx, model, id)),
        (_, "message_is_follower") => {
            let partner = tx.get("res.users", tx.uid, "partner_id").as_i64();
            json!(followers(tx, model, id).into_iter().any(|follower| Some(follower) == partner))
        }
        ("res.partner", "user_ids") => json!(tx.find("res.users", "partner_id", &json!(id))),
        ("res.partner", "image_128" | "avatar_128") => picture(tx, row.get("image_1920")?),
        ("res.users", "avatar_128") => {
            let partner = row.get("partner_id").and_then(Value::as_i64)?;
            picture(tx, &tx.get("res.partner", partner, "image_1920"))
        }
        ("mail.message", "preview") => json!(html::preview(text(row, "body").unwrap_or(""))),
        ("mail.message", "tracking_value_ids") => {
            json!(tx.find("mail.tracking.value", "mail_message_id", &json!(id)))
        }
        ("ir.model.data", "complete_name") => row.get("complete_key").cloned()?,
        ("ir.attachment", "datas") => {
            let bytes = tx.files.get(text(row, "checksum")?)?;
            if tx.flag("bin_size") == Some(true) {
                return Some(json!(human_size(bytes.len())));
            }
            json!(STANDARD.encode(&bytes))
        }
        ("ir.attachment", "raw") => {
            json!(String::from_utf8(tx.files.get(text(row, "checksum")?)?.to_vec()).ok()?)
        }
        _ => return None,
    })
}

/// Base64, or how large it is where only that is asked.
fn picture(tx: &Tx<'_>, value: &Value) -> Value {
    match value.as_str() {
        Some(text) if tx.flag("bin_size") == Some(true) => json!(human_size(text.len() / 4 * 3)),
        _ => value.clone(),
    }
}

/// Partners that follow a record.
pub(crate) fn followers(tx: &Tx<'_>, model: &str, id: i64) -> Vec<i64> {
    tx.find("mail.followers", "res_id", &json!(id))
        .into_iter()
        .filter_map(|follower| tx.row("mail.followers", follower))
        .filter(|row| text(row, "res_model") == Some(model))
        .filter_map(|row| row.get("partner_id").and_then(Value::as_i64))
        .collect()
}

fn human_size(bytes: usize) -> String {
    let mut size = u32::try_from(bytes).map_or(f64::MAX, f64::from);
    let mut unit = "bytes";
    for next in ["Kb", "Mb", "Gb"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    format!("{size:.2} {unit}")
}
