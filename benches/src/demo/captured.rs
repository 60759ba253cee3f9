//! The captured transactions, as the homeserver sent them.

use std::{fs, path::Path};

use anyhow::Context;
use bytes::Bytes;
use serde_json::Value;

/// A transaction as it came.
pub(super) struct Captured {
    /// Such as `/_matrix/app/v1/transactions/3`.
    pub(super) path: String,
    /// JSON.
    pub(super) body: Bytes,
    /// How many events it carries.
    pub(super) events: usize,
}

/// All of them, in the order in which they came.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Captured>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let captures: Vec<Value> = serde_json::from_str(&text)?;
    Ok(captures.iter().filter_map(|capture| transaction(capture.get("request")?)).collect())
}

fn transaction(request: &Value) -> Option<Captured> {
    let path = request.get("path")?.as_str().filter(|path| path.contains("/transactions/"))?;
    let body = request.get("body")?;
    let events = body.get("events").and_then(Value::as_array).map_or(0, Vec::len);
    Some(Captured { path: path.to_owned(), body: body.to_string().into(), events })
}
