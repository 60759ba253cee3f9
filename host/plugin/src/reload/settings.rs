//! A slot's settings as the JSON text that the guest reads, from a table in the tenant's file or a file beside it.

use std::{path::Path, sync::Arc};

use patchbay_types::{
    config::{ConfigError, parse_toml},
    tenant::SlotConfig,
};
use serde_json::{Map, Number, Value};

use super::directory::TENANTS;

/// What a slot has that says nothing of settings.
pub(super) const NONE: &str = "{}";

/// A slot's settings as the guest reads them, for tools that look at one slot of the directory `root` without serving it.
///
/// # Errors
/// With a sentence that names the file, when they cannot be read or are neither TOML nor JSON.
pub fn settings_of(root: &Path, slot: &SlotConfig) -> Result<Arc<str>, String> {
    if let Some(table) = &slot.settings {
        return from_table(table);
    }
    let Some(file) = &slot.settings_file else { return Ok(NONE.into()) };
    let path = root.join(TENANTS).join(file);
    let wrong = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    from_file(file, &text).map_err(|error| wrong(error.to_string()))
}

/// From a table in the tenant's file.
///
/// # Errors
/// With a sentence, when it holds a number that JSON has not.
pub(super) fn from_table(table: &toml::Table) -> Result<Arc<str>, String> {
    json_table(table).map(|map| Value::Object(map).to_string().into())
}

/// From a file, TOML or JSON by its ending. JSON is handed on as written, so that no number loses a digit.
///
/// # Errors
/// With line and column, when it is neither.
pub(super) fn from_file(name: &str, text: &str) -> Result<Arc<str>, ConfigError> {
    if name.ends_with(".json") {
        // Read whole, for the depth limit that comes with it.
        serde_json::from_str::<Value>(text).map_err(|error| ConfigError {
            line: Some(error.line()),
            column: Some(error.column().max(1)),
            field: None,
            message: error.to_string(),
        })?;
        return Ok(text.trim().into());
    }
    if name.ends_with(".toml") {
        let table: toml::Table = parse_toml(text)?;
        return from_table(&table).map_err(whole);
    }
    Err(whole("settings are read from files that end in `.toml` or `.json`".to_owned()))
}

fn whole(message: String) -> ConfigError {
    ConfigError { line: None, column: None, field: None, message }
}

fn json_table(table: &toml::Table) -> Result<Map<String, Value>, String> {
    table
        .iter()
        .map(|(key, value)| Ok((key.clone(), json(value).map_err(|m| format!("`{key}`: {m}"))?)))
        .collect()
}

fn json(value: &toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::Number((*number).into()),
        toml::Value::Float(number) => {
            Value::Number(Number::from_f64(*number).ok_or_else(|| format!("{number} is no number in JSON"))?)
        }
        toml::Value::Boolean(yes) => Value::Bool(*yes),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => Value::Object(json_table(table)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_becomes_the_json_that_it_means() {
        let table = "n = 1\nf = 1.5\nday = 2026-11-20\n[t]\nlist = ['a', true]\n".parse().unwrap();
        let json = from_table(&table).unwrap();
        assert_eq!(&*json, r#"{"day":"2026-11-20","f":1.5,"n":1,"t":{"list":["a",true]}}"#);
    }

    #[test]
    fn a_number_that_json_has_not_is_named() {
        let error = from_table(&"[a]\nb = nan\n".parse().unwrap()).unwrap_err();
        assert_eq!(error, "`a`: `b`: NaN is no number in JSON");
    }

    #[test]
    fn json_keeps_every_digit() {
        assert_eq!(
            &*from_file("x.json", "{\"id\": 123456789012345678901} \n").unwrap(),
            "{\"id\": 123456789012345678901}"
        );
    }

    #[test]
    fn absurd_depth_is_an_error_and_no_overflow() {
        let deep = "[".repeat(100_000);
        assert!(from_file("x.json", &deep).is_err());
        assert!(from_file("x.toml", &format!("a = {deep}")).is_err());
    }
}
