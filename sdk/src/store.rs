//! Small state of one plugin instance and tenant, such as a token's end or a list of queues. What a call writes is kept
//! if the call succeeds; of two calls at once the later write wins.

use serde::{Serialize, de::DeserializeOwned};

use crate::host::store as host;

/// It was not kept, and why: not granted, too large, or too much of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store did not take it: {0}")]
pub struct NotKept(pub String);

/// The bytes under `key`, if there are any.
#[must_use]
pub fn get(key: &str) -> Option<Vec<u8>> {
    host::get(key)
}

/// Keeps `value` under `key`.
///
/// # Errors
/// See [`NotKept`].
pub fn set(key: &str, value: &[u8]) -> Result<(), NotKept> {
    host::set(key, value).map_err(NotKept)
}

/// Forgets what is under `key`.
pub fn delete(key: &str) {
    host::delete(key);
}

/// Like [`get`], read as JSON. What is no `T` counts as absent: an older version of the plugin may have written it.
#[must_use]
pub fn get_json<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_slice(&get(key)?).ok()
}

/// Like [`set`], written as JSON.
///
/// # Errors
/// See [`NotKept`].
pub fn set_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), NotKept> {
    set(key, &serde_json::to_vec(value).map_err(|error| NotKept(error.to_string()))?)
}
