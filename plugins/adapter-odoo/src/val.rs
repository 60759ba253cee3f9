//! JSON with holes: what is sent to Odoo may hold the API key or a file, and the host fills both in.

use patchbay_sdk::http::{FileBase64, Secret};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

/// A value on its way to Odoo.
#[derive(Debug, Clone)]
pub enum Val {
    /// Plain JSON.
    Json(Value),
    /// The API key.
    Key(Secret),
    /// A file's bytes in Base64.
    File(FileBase64),
    /// Several, in order.
    List(Vec<Val>),
    /// By name, in order.
    Map(Vec<(String, Val)>),
}

// === impl Val ===

impl Serialize for Val {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(value) => value.serialize(serializer),
            Self::Key(secret) => secret.serialize(serializer),
            Self::File(file) => file.serialize(serializer),
            Self::List(values) => serializer.collect_seq(values),
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<T: Into<Value>> From<T> for Val {
    fn from(value: T) -> Self {
        Self::Json(value.into())
    }
}
