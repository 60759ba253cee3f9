//! Rows as the API shows them. What the database keeps as JSON text (an event, a step's input) is shown as the JSON
//! that it is, so that nobody has to parse twice.

use patchbay_types::Problem;
use serde::Serialize;
use serde_json::Value;

/// Fields that hold JSON text.
const TEXTS: [&str; 4] = ["body", "payload", "input", "answer"];

/// `rows` as JSON, with its texts opened. Text that is no JSON stays text.
pub(super) fn opened(rows: &impl Serialize) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(rows).map_err(|error| {
        tracing::error!(%error, "rows that are no JSON");
        Problem::internal()
    })?;
    open(&mut value);
    Ok(value)
}

fn open(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(open),
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    // Not looked into any further: what a stranger wrote may have fields of these names too.
                    Value::String(text) if TEXTS.contains(&key.as_str()) => {
                        if let Ok(json) = serde_json::from_str(text) {
                            *field = json;
                        }
                    }
                    other => open(other),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_opened_once_and_only_where_the_host_wrote_it() {
        let row =
            json!({ "body": r#"{"content":{"body":"{\"a\":1}"}}"#, "reason": "{}", "answer": "no json" });
        let wanted =
            json!({ "body": { "content": { "body": "{\"a\":1}" } }, "reason": "{}", "answer": "no json" });
        assert_eq!(opened(&row), Ok(wanted));
    }
}
