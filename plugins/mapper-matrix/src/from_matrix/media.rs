//! A file that an event refers to.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use crate::lenient::{Count, lenient};

/// `info`, as far as it is well formed.
#[derive(Default, Deserialize)]
pub(super) struct Info {
    #[serde(default, deserialize_with = "lenient")]
    mimetype: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    size: Option<Count>,
    #[serde(default, deserialize_with = "lenient")]
    w: Option<Count>,
    #[serde(default, deserialize_with = "lenient")]
    h: Option<Count>,
    #[serde(default, deserialize_with = "lenient")]
    duration: Option<Count>,
}

/// `file`, where the file is encrypted. Its key never comes here.
#[derive(Default, Deserialize)]
pub(super) struct EncryptedFile {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) url: Option<String>,
}

/// All that is known of a file.
pub(super) struct Media {
    pub(super) kind: MediaKind,
    pub(super) url: String,
    pub(super) name: Option<String>,
    pub(super) info: Info,
}

// === impl Media ===

impl Media {
    /// Nothing, where the URL is none of Matrix media.
    pub(super) fn attachment(self) -> Option<Attachment> {
        let Self { kind, url, name, info } = self;
        let (server, id) = url.strip_prefix("mxc://")?.split_once('/')?;
        if server.is_empty() || id.is_empty() || url.len() > 1024 {
            return None;
        }
        let mime_type = info.mimetype.filter(|mime| is_mime(mime));
        Some(Attachment {
            handle: url,
            kind,
            file_name: plain_name(name.as_deref().unwrap_or_default()),
            mime_type: mime_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            size: info.size.and_then(Count::as_u64),
            width: info.w.and_then(Count::as_u32),
            height: info.h.and_then(Count::as_u32),
            duration: info.duration.and_then(Count::as_u32),
        })
    }
}

/// A name that is safe to save a file under: no directories, no control characters, not too long.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    let plain = plain.trim();
    if plain.trim_matches('.').is_empty() { "file".to_owned() } else { plain.to_owned() }
}

/// `type/subtype`, with what RFC 2045 lets them consist of; parameters may follow.
fn is_mime(mime: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    let essence = mime.split(';').next().unwrap_or_default().trim();
    let named = |(main, sub): (&str, &str)| [main, sub].iter().all(|p| !p.is_empty() && p.chars().all(token));
    mime.len() <= 255 && !mime.chars().any(char::is_control) && essence.split_once('/').is_some_and(named)
}
