//! Bytes of attachments, by their checksum as in Odoo's file store.

use std::{collections::HashMap, sync::Mutex};

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{
    access::Role,
    db::Row,
    error::{Res, python_error},
};

/// All contents.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<HashMap<String, Bytes>>);

impl Files {
    pub(crate) fn get(&self, checksum: &str) -> Option<Bytes> {
        self.0.lock().ok()?.get(checksum).cloned()
    }

    /// Keeps bytes; answers their checksum.
    pub(crate) fn keep(&self, bytes: Bytes) -> String {
        let checksum = hex::encode(Sha1::digest(&bytes));
        if let Ok(mut files) = self.0.lock() {
            files.insert(checksum.clone(), bytes);
        }
        checksum
    }
}

/// Base64 as Python reads it: what is not of the alphabet is skipped.
pub(crate) fn decode(text: &str) -> Res<Bytes> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&ALPHABET, config);
    if let Ok(bytes) = engine.decode(text) {
        return Ok(bytes.into());
    }
    let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
    if kept.len() % 4 == 1 {
        return Err(python_error(
            "binascii.Error",
            format!(
                "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
                kept.len()
            ),
            &["attachment.bad_base64"],
        ));
    }
    match engine.decode(&kept) {
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => Err(python_error("binascii.Error", "Incorrect padding", &["attachment.bad_base64"])),
    }
}

/// Fills in what the server makes of an attachment's bytes.
pub(crate) fn fill(row: &mut Row, files: &Files, bytes: Bytes, asked: Option<&str>, role: Role) {
    let name = row.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    let mut mimetype = asked.map_or_else(|| guess(&name, &bytes).to_owned(), str::to_owned);
    let unsafe_type = ["svg", "html", "xml"].iter().any(|part| mimetype.contains(part));
    if unsafe_type && role != Role::Admin {
        mimetype = "text/plain".to_owned();
    }
    let size = bytes.len();
    let checksum = files.keep(bytes);
    row.insert("store_fname".to_owned(), json!(format!("{}/{checksum}", checksum.get(..2).unwrap_or(""))));
    row.insert("checksum".to_owned(), json!(checksum));
    row.insert("file_size".to_owned(), json!(size));
    row.insert("mimetype".to_owned(), json!(mimetype));
}

fn guess(name: &str, bytes: &[u8]) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "txt" => "text/plain",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "svg" => "image/svg+xml",
        "html" | "htm" => "text/html",
        "mp4" => "video/mp4",
        "ogg" => "audio/ogg",
        "zip" => "application/zip",
        _ if bytes.starts_with(b"\x89PNG") => "image/png",
        _ if bytes.starts_with(b"\xff\xd8\xff") => "image/jpeg",
        _ if bytes.starts_with(b"%PDF") => "application/pdf",
        _ => "application/octet-stream",
    }
}
