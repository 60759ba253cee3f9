//! The settings' JSON Schema: derived from the type that they are read into, or written by hand.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The schema of `T` as the contract wants it, JSON text.
pub(crate) fn of<T: JsonSchema>() -> String {
    SchemaGenerator::default().into_root_schema_for::<T>().as_value().to_string()
}

/// What [`schema_by_hand!`](crate::schema_by_hand) makes of its text. No JSON at all: a schema that takes anything.
#[doc(hidden)]
#[must_use]
pub fn by_hand(text: &str) -> Schema {
    serde_json::from_str(text).unwrap_or_default()
}

/// Gives a settings type a schema that is written by hand: JSON text, often `include_str!` of a file.
///
/// ```
/// # use patchbay_sdk::prelude::*;
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     adapter: String,
/// }
///
/// patchbay_sdk::schema_by_hand!(Settings, r#"{"type":"object","properties":{"adapter":{"type":"string"}}}"#);
/// ```
#[macro_export]
macro_rules! schema_by_hand {
    ($settings:ty, $text:expr) => {
        impl $crate::schemars::JsonSchema for $settings {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed("Settings")
            }

            fn json_schema(_: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                $crate::by_hand($text)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What a tenant says.
    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Derived {
        /// Where the CRM is.
        base_url: String,
        #[serde(default)]
        internal: bool,
    }

    struct Written;
    schema_by_hand!(
        Written,
        r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"type":"string"}}}"##
    );

    #[test]
    fn a_derived_schema_says_what_serde_reads_and_what_the_comments_say() {
        let schema: Value = serde_json::from_str(&of::<Derived>()).unwrap();
        assert_eq!(schema["properties"]["base-url"]["description"], "Where the CRM is.");
        assert_eq!(schema["required"], json!(["base-url"]));
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn a_schema_written_by_hand_is_kept_as_it_is() {
        let schema: Value = serde_json::from_str(&of::<Written>()).unwrap();
        assert_eq!(schema.pointer("/$defs/b/type"), Some(&json!("string")));
        assert_eq!(schema.pointer("/properties/a/$ref"), Some(&json!("#/$defs/b")));
    }
}
