//! Bytes in JSON: text as itself, anything else as `{"base64": …}`. What is kept of a request is then as large as the
//! request, and readable where it was.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form<T> {
    Text(T),
    Encoded { base64: String },
}

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Form::Text(text),
        Err(_) => Form::Encoded { base64: STANDARD.encode(bytes) },
    }
    .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    match Form::<String>::deserialize(deserializer)? {
        Form::Text(text) => Ok(text.into_bytes()),
        Form::Encoded { base64 } => STANDARD.decode(base64).map_err(D::Error::custom),
    }
}
