//! Bytes in a case. serde writes bytes as a list of numbers; bytes that are text stand in a case as that text, so that a
//! person can read and write a webhook's body. The contract has bytes in few places, and each is known by its key.

use serde_json::Value;

/// Keys under which the contract has bytes: bodies of webhooks, requests and responses.
const BYTES: [&str; 2] = ["body", "Bytes"];

/// Lists of numbers that are text become that text, wherever the contract has bytes.
pub(crate) fn readable(value: Value) -> Value {
    walk(value, &|value| match value {
        Value::Array(items) if !items.is_empty() => match text(&items) {
            Some(text) => Value::String(text),
            None => Value::Array(items),
        },
        other => other,
    })
}

/// The reverse: what serde reads as the contract's own values.
pub(crate) fn exact(value: Value) -> Value {
    walk(value, &|value| match value {
        Value::String(text) => bytes(text.as_bytes()),
        other => other,
    })
}

/// Bytes as serde writes them.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::Array(bytes.iter().map(|byte| Value::from(*byte)).collect())
}

/// A call's arguments without what is another one each time: `http.send` is told how long it may take, and that is what
/// is left of the call's time.
pub(crate) fn steady(function: &str, mut input: Value) -> Value {
    if function == "http.send"
        && let Some(Value::Object(request)) = input.get_mut(0)
    {
        request.remove("timeout");
    }
    input
}

fn walk(value: Value, change: &impl Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| walk(item, change)).collect()),
        Value::Object(fields) => {
            let field = |(key, value): (String, Value)| {
                let value = if BYTES.contains(&key.as_str()) { change(value) } else { value };
                (key, walk(value, change))
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        other => other,
    }
}

fn text(items: &[Value]) -> Option<String> {
    let byte = |item: &Value| item.as_u64().and_then(|number| u8::try_from(number).ok());
    let bytes: Option<Vec<u8>> = items.iter().map(byte).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().all(plain).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_readable_and_comes_back_as_the_same_bytes() {
        let exact_form =
            json!([{ "body": [123, 125], "headers": [] }, { "body": [{ "Bytes": [104, 105] }] }]);
        let shown = readable(exact_form.clone());
        assert_eq!(shown, json!([{ "body": "{}", "headers": [] }, { "body": [{ "Bytes": "hi" }] }]));
        assert_eq!(exact(shown), exact_form);
    }

    #[test]
    fn what_is_no_text_stays_a_list_of_numbers() {
        for value in [json!({ "body": [0, 255] }), json!({ "body": [] }), json!({ "count": [104] })] {
            assert_eq!(readable(value.clone()), value);
        }
        assert_eq!(exact(json!({ "body": "" })), json!({ "body": [] }));
    }
}
