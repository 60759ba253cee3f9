//! `load`: rows by external identifier, made once and then written to. What goes wrong is said inside a successful answer.

use serde_json::{Map, Value, json};

use super::{
    access::Role,
    error::{Halt, Res},
    orm,
    schema::{Field, Kind, Model},
    tx::Tx,
};

/// What losers of a race are told.
pub(crate) const LOST: &str = "could not serialize access due to concurrent update\n";

/// The answer of one that failed.
pub(crate) fn failed(message: &Value) -> Value {
    json!({"ids": false, "messages": [message], "nextrow": 0})
}

/// An error that stands in a row.
pub(crate) fn row_error(at: usize, message: &str) -> Value {
    json!({"rows": {"from": at, "to": at}, "record": at, "type": "error", "message": message})
}

/// Loads all rows, or none.
pub(crate) fn load(
    tx: &mut Tx<'_>,
    model: &Model,
    fields: &Value,
    data: &Value,
) -> Res<(Value, &'static str)> {
    let names: Vec<&str> = fields.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut ids = Vec::new();
    for (at, row) in data.as_array().into_iter().flatten().enumerate() {
        let cells: Vec<&Value> = row.as_array().into_iter().flatten().collect();
        match one(tx, model, &names, &cells, at) {
            Ok(id) => ids.push(id),
            Err(Bad::Row(message)) => {
                tx.undo();
                return Ok((failed(&message), "load.error_row"));
            }
            Err(Bad::Halt(Halt::Odoo(error))) => {
                tx.undo();
                let entry = if model.name == "mail.message" {
                    "load.message_by_external_id.again"
                } else {
                    "load.error_row"
                };
                return Ok((failed(&row_error(at, &error.message)), entry));
            }
            Err(Bad::Halt(other)) => return Err(other),
        }
    }
    Ok((json!({"ids": ids, "messages": [], "nextrow": 0}), ""))
}

enum Bad {
    Row(Value),
    Halt(Halt),
}

impl From<Halt> for Bad {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

fn one(tx: &mut Tx<'_>, model: &Model, names: &[&str], cells: &[&Value], at: usize) -> Result<i64, Bad> {
    let mut values = Map::new();
    let mut external = None;
    let mut database = None;
    for (name, cell) in names.iter().zip(cells) {
        let text = match cell {
            Value::String(text) => text.clone(),
            Value::Bool(false) | Value::Null => String::new(),
            other => other.to_string(),
        };
        match name.split_once('/') {
            None if *name == "id" => external = (!text.is_empty()).then_some(text),
            None if *name == ".id" => database = text.parse::<i64>().ok(),
            None => {
                let field = tx.known_field(model, name, true)?;
                values.insert((*name).to_owned(), convert(tx, &field, &text, cell)?);
            }
            Some((name, how)) => {
                let field = tx.known_field(model, name, true)?;
                let value = related(tx, &field, how, &text, at)?;
                values.insert(name.to_owned(), value);
            }
        }
    }
    if let Some(id) = database {
        orm::write(tx, model, &[id], &values)?;
        return Ok(id);
    }
    let Some(external) = external else { return Ok(orm::create(tx, model, &values)?) };
    let known = tx.find("ir.model.data", "complete_key", &json!(external));
    let existing = known.first().and_then(|data| tx.get("ir.model.data", *data, "res_id").as_i64());
    if let Some(id) = existing.filter(|id| tx.exists(&model.name, *id)) {
        let moves = values.contains_key("model") || values.contains_key("res_id");
        if model.name == "mail.message" && moves && tx.role != Role::Admin {
            return Err(Bad::Row(row_error(
                at,
                "Only administrators can modify 'model' and 'res_id' fields.",
            )));
        }
        orm::write(tx, model, &[id], &values)?;
        return Ok(id);
    }
    let id = orm::create(tx, model, &values)?;
    let Some((module, name)) = external.split_once('.') else {
        return Err(Halt::Unbacked(format!("an external identifier without a module: {external}")).into());
    };
    let data =
        tx.model("ir.model.data").ok_or_else(|| Halt::Unbacked("no external identifiers".to_owned()))?;
    let entry = json!({"module": module, "name": name, "model": model.name, "res_id": id});
    if let Value::Object(entry) = entry {
        orm::create_unchecked(tx, &data, &entry)?;
    }
    Ok(id)
}

fn convert(tx: &Tx<'_>, field: &Field, text: &str, cell: &Value) -> Res<Value> {
    if text.is_empty() {
        return Ok(json!(false));
    }
    Ok(match field.kind {
        Kind::Boolean => json!(matches!(text.to_lowercase().as_str(), "1" | "true" | "yes" | "t")),
        Kind::Integer | Kind::Reference => {
            json!(text.parse::<i64>().map_err(|_| Halt::Unbacked(format!("{} = {text}", field.name)))?)
        }
        Kind::Float => {
            json!(text.parse::<f64>().map_err(|_| Halt::Unbacked(format!("{} = {text}", field.name)))?)
        }
        Kind::Selection => {
            let by_label = field.selection.iter().find(|(key, label)| key == text || label == text);
            by_label.map_or_else(|| json!(text), |(key, _)| json!(key))
        }
        Kind::Many2one => {
            let relation = field.relation.clone().unwrap_or_default();
            let found = tx.search_json(&relation, &json!([["display_name", "=", text]]))?;
            found
                .first()
                .map(|id| json!(id))
                .ok_or_else(|| Halt::Unbacked(format!("no {relation} of name {text}")))?
        }
        Kind::One2many | Kind::Many2many => {
            return Err(Halt::Unbacked(format!("a list by name in load: {}", field.name)));
        }
        _ => match cell {
            Value::String(_) => (*cell).clone(),
            _ => json!(text),
        },
    })
}

/// `field/.id` and `field/id`: by database or external identifier; lists are parted by commas.
fn related(tx: &Tx<'_>, field: &Field, how: &str, text: &str, at: usize) -> Result<Value, Bad> {
    if text.is_empty() {
        return Ok(json!(false));
    }
    let relation = field.relation.clone().unwrap_or_default();
    let mut ids = Vec::new();
    for part in text.split(',') {
        let found = match how {
            ".id" => part.parse::<i64>().ok().filter(|id| tx.exists(&relation, *id)),
            "id" => tx
                .find("ir.model.data", "complete_key", &json!(part))
                .first()
                .and_then(|data| tx.get("ir.model.data", *data, "res_id").as_i64()),
            _ => return Err(Halt::Unbacked(format!("{}/{how} in load", field.name)).into()),
        };
        let Some(id) = found else {
            let word = if how == ".id" { "database" } else { "external" };
            return Err(Bad::Row(json!({
                "rows": {"from": at, "to": at}, "type": "error", "record": at, "field": field.name,
                "message": format!("No matching record found for {word} id '{part}' in field '{}'", field.label),
                "moreinfo": {
                    "name": "Possible Values", "type": "ir.actions.act_window", "target": "new", "view_mode": "list,form",
                    "views": [[false, "list"], [false, "form"]], "context": {"create": false},
                    "help": "See all possible values", "res_model": "ir.model.data",
                    "domain": [["model", "=", relation]],
                },
                "field_name": field.label,
            })));
        };
        ids.push(id);
    }
    Ok(if field.kind.is_many() { json!([[6, 0, ids]]) } else { json!(ids.first()) })
}
