//! Records, read and written, whichever way Odoo is talked to. Odoo's values: nothing is `false`, a link is
//! `[id, "name"]` or an id, a list of links is a list of ids.

use serde_json::{Map, Value, json};

use super::{
    session::{Call, Session},
    trouble::Trouble,
};

/// One record, its fields by their names.
pub(super) type Row = Map<String, Value>;

/// More than anything that is looked for here has.
const MOST: u32 = 1000;

impl Session {
    /// Those that `domain` holds for, archived ones too, with these fields and `id`.
    pub(super) async fn rows(
        &self,
        model: &str,
        domain: Value,
        fields: &[&str],
    ) -> Result<Vec<Row>, Trouble> {
        let mut named = Map::new();
        named.insert("fields".to_owned(), json!(fields));
        named.insert("limit".to_owned(), json!(MOST));
        named.insert("order".to_owned(), json!("id"));
        named.insert("context".to_owned(), json!({ "active_test": false }));
        let placed = vec![("domain", domain)];
        let call = Call { model, method: "search_read", ids: None, placed, named };
        let answer = self.call(call).await?;
        serde_json::from_value(answer).map_err(|_| odd(model, "search_read", "no list of records"))
    }

    /// A new one.
    pub(super) async fn make(&self, model: &str, values: Value, context: Value) -> Result<i64, Trouble> {
        let mut named = Map::new();
        named.insert("context".to_owned(), context);
        let placed = vec![("vals_list", json!([values]))];
        let answer = self.call(Call { model, method: "create", ids: None, placed, named }).await?;
        // A list answers a list, and some release may answer the one.
        let id = answer.as_i64().or_else(|| answer.get(0).and_then(Value::as_i64));
        id.ok_or_else(|| odd(model, "create", "no identifier"))
    }

    /// Other values for one.
    pub(super) async fn change(&self, model: &str, id: i64, values: Value) -> Result<(), Trouble> {
        let placed = vec![("vals", values)];
        self.call(Call { model, method: "write", ids: Some(vec![id]), placed, named: Map::new() }).await?;
        Ok(())
    }

    /// Which of these fields a model has.
    pub(super) async fn fields(&self, model: &str, names: &[&str]) -> Result<Vec<String>, Trouble> {
        let mut named = Map::new();
        named.insert("attributes".to_owned(), json!(["type"]));
        let placed = vec![("allfields", json!(names))];
        let answer = self.call(Call { model, method: "fields_get", ids: None, placed, named }).await?;
        let fields = answer.as_object().ok_or_else(|| odd(model, "fields_get", "no table of fields"))?;
        Ok(fields.keys().filter(|name| names.contains(&name.as_str())).cloned().collect())
    }

    /// The identifier of a model, where there is such a one.
    pub(super) async fn model(&self, name: &str) -> Result<Option<i64>, Trouble> {
        let found = self.rows("ir.model", json!([["model", "=", name]]), &["model"]).await?;
        Ok(found.first().and_then(id))
    }

    /// The identifiers of those of these fields that a model has, in the order of `names`.
    pub(super) async fn field_ids(&self, model: &str, names: &[&str]) -> Result<Vec<i64>, Trouble> {
        let domain = json!([["model", "=", model], ["name", "in", names]]);
        let found = self.rows("ir.model.fields", domain, &["name"]).await?;
        let of = |name: &&str| found.iter().find(|row| text(row, "name") == Some(*name)).and_then(id);
        Ok(names.iter().filter_map(of).collect())
    }
}

/// Its identifier.
pub(super) fn id(row: &Row) -> Option<i64> {
    row.get("id")?.as_i64()
}

/// A text; nothing where the field is empty.
pub(super) fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field)?.as_str()
}

/// Whether it is ticked.
pub(super) fn ticked(row: &Row, field: &str) -> bool {
    row.get(field).and_then(Value::as_bool) == Some(true)
}

/// What a link leads to.
pub(super) fn link(row: &Row, field: &str) -> Option<i64> {
    let value = row.get(field)?;
    value.as_i64().or_else(|| value.get(0)?.as_i64())
}

/// What a list of links leads to, in order.
pub(super) fn links(row: &Row, field: &str) -> Vec<i64> {
    let list = row.get(field).and_then(Value::as_array);
    let mut ids: Vec<_> = list.into_iter().flatten().filter_map(Value::as_i64).collect();
    ids.sort_unstable();
    ids
}

fn odd(model: &str, method: &str, what: &str) -> Trouble {
    Trouble::Odd { call: format!("{model}.{method}"), what: what.to_owned() }
}
