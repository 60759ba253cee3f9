//! Two JSON values, compared field by field. A field that is not there and one that is null mean the same: the
//! contract's optional fields are written either way.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// One place where what came is not what was expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// JSON Pointer (RFC 6901) to the place.
    pub at: String,
    /// What was expected; absent: nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What came; absent: nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
}

/// Every place at which `actual` differs, in the order of `expected`; `at` is the pointer to the whole.
#[must_use]
pub fn diff(at: &str, expected: &Value, actual: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(at, Some(expected), Some(actual), &mut differences);
    differences
}

fn compare(at: &str, expected: Option<&Value>, actual: Option<&Value>, out: &mut Vec<Difference>) {
    match (expected, actual) {
        (Some(Value::Object(expected)), Some(Value::Object(actual))) => {
            for (key, value) in expected {
                compare(&below(at, key), Some(value), actual.get(key), out);
            }
            for (key, value) in actual.iter().filter(|(key, _)| !expected.contains_key(*key)) {
                compare(&below(at, key), None, Some(value), out);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(actual))) => {
            for n in 0..expected.len().max(actual.len()) {
                compare(&below(at, &n.to_string()), expected.get(n), actual.get(n), out);
            }
        }
        (Some(Value::String(expected)), Some(Value::String(actual))) if expected != actual => {
            // A request's body: the order of its keys is nobody's concern, and a pointer into it helps.
            match (document(expected), document(actual)) {
                (Some(expected), Some(actual)) => compare(at, Some(&expected), Some(&actual), out),
                _ => out.push(Difference {
                    at: at.to_owned(),
                    expected: Some(Value::String(expected.clone())),
                    actual: Some(Value::String(actual.clone())),
                }),
            }
        }
        (expected, actual) => {
            let (expected, actual) = (some(expected), some(actual));
            if !same(expected, actual) {
                let (expected, actual) = (expected.cloned(), actual.cloned());
                out.push(Difference { at: at.to_owned(), expected, actual });
            }
        }
    }
}

fn some(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// Numbers are the same by value: a person writes 1 where serde writes 1.0.
fn same(expected: Option<&Value>, actual: Option<&Value>) -> bool {
    match (expected, actual) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
        }
        (expected, actual) => expected == actual,
    }
}

/// A text that is a JSON object or list.
fn document(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[']);
    begins.then(|| serde_json::from_str(text).ok()).flatten()
}

fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
        writeln!(f, "{}", if self.at.is_empty() { "(the whole)" } else { &self.at })?;
        writeln!(f, "  expected  {}", shown(&self.expected))?;
        write!(f, "  actual    {}", shown(&self.actual))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(expected: Value, actual: Value) -> Vec<String> {
        diff("", &expected, &actual).into_iter().map(|difference| difference.at).collect()
    }

    #[test]
    fn each_field_that_differs_is_named_by_its_pointer() {
        let expected = json!({ "a": [1, 2, { "b/c~d": "x" }], "gone": true });
        let actual = json!({ "a": [1, 3, { "b/c~d": "y" }, 4], "new": 1 });
        assert_eq!(places(expected, actual), ["/a/1", "/a/2/b~1c~0d", "/a/3", "/gone", "/new"]);
    }

    #[test]
    fn null_and_absent_are_the_same_and_numbers_count_by_value() {
        assert_eq!(places(json!({ "a": null, "n": 1 }), json!({ "b": null, "n": 1.0 })), [""; 0]);
        assert_eq!(places(json!({ "a": null }), json!({ "a": false })), ["/a"]);
        // Beyond what a float holds, every digit counts.
        assert_eq!(places(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64)), [""]);
    }

    #[test]
    fn texts_that_are_documents_are_compared_as_documents() {
        assert_eq!(places(json!(r#"{"a":1,"b":2}"#), json!(r#"{"b":2, "a":1}"#)), [""; 0]);
        assert_eq!(places(json!(r#"{"a":1}"#), json!(r#"{"a":2}"#)), ["/a"]);
        assert_eq!(places(json!("{a"), json!("{b")), [""]);
    }
}
