//! JSON bodies with holes: a secret or a file stands where a string would, and the host fills it in. Holes are made
//! while the value is written, never by looking for a text in what was written.

use std::{
    cell::{Cell, RefCell},
    io,
};

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::ser::{CompactFormatter, Formatter};

use super::contract::Chunk;
use crate::types::Attachment;

/// A file's bytes as a string of Base64, in what [`Request::json`](super::Request::json) is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBase64(String);

/// The bytes of `attachment`, which an adapter was given, as a string of Base64.
#[must_use]
pub fn base64_of(attachment: &Attachment) -> FileBase64 {
    FileBase64(attachment.handle.clone())
}

impl Serialize for FileBase64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hole(Chunk::FileBase64(self.0.clone()), serializer)
    }
}

thread_local! {
    /// Some while [`json`] writes.
    static WRITING: RefCell<Option<Holes>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Holes {
    /// Goes into the string that is begun next.
    next: Option<Chunk>,
    /// What goes where, in order.
    found: Vec<(usize, Chunk)>,
}

/// Leaves an empty string where `chunk` goes.
pub(super) fn hole<S: Serializer>(chunk: Chunk, serializer: S) -> Result<S::Ok, S::Error> {
    let noted = WRITING.with_borrow_mut(|writing| writing.as_mut().map(|holes| holes.next = Some(chunk)));
    if noted.is_none() {
        return Err(S::Error::custom(
            "a secret or a file can only stand in a type of yours that is given to `Request::json`, not in `json!`",
        ));
    }
    serializer.serialize_str("")
}

/// `value` as JSON, cut where a hole is.
///
/// # Errors
/// When `value` does not serialise.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<Chunk>, String> {
    // Mostly there is no hole; where there is one, this fails at it, since nobody is writing yet.
    if let Ok(whole) = serde_json::to_vec(value) {
        return Ok(vec![Chunk::Bytes(whole)]);
    }
    WRITING.set(Some(Holes::default()));
    let length = Cell::new(0);
    let mut out = Counted { bytes: Vec::with_capacity(128), length: &length };
    let written =
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Holed { length: &length }));
    let holes = WRITING.take().unwrap_or_default().found;
    written.map_err(|error| error.to_string())?;
    Ok(cut(out.bytes, holes))
}

fn cut(mut bytes: Vec<u8>, holes: Vec<(usize, Chunk)>) -> Vec<Chunk> {
    let mut chunks = Vec::with_capacity(holes.len() * 2 + 1);
    let mut done = 0;
    for (at, chunk) in holes {
        let rest = bytes.split_off((at - done).min(bytes.len()));
        chunks.extend([Chunk::Bytes(bytes), chunk]);
        bytes = rest;
        done = at;
    }
    chunks.push(Chunk::Bytes(bytes));
    chunks
}

struct Counted<'a> {
    bytes: Vec<u8>,
    length: &'a Cell<usize>,
}

impl io::Write for Counted<'_> {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(more);
        self.length.set(self.bytes.len());
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Holed<'a> {
    length: &'a Cell<usize>,
}

impl Formatter for Holed<'_> {
    fn begin_string<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        CompactFormatter.begin_string(writer)?;
        WRITING.with_borrow_mut(|writing| {
            if let Some(holes) = writing.as_mut()
                && let Some(chunk) = holes.next.take()
            {
                holes.found.push((self.length.get(), chunk));
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::secret;

    #[derive(Serialize)]
    struct Upload<'a> {
        token: crate::http::Secret,
        name: &'a str,
        files: Vec<FileBase64>,
    }

    #[test]
    fn a_value_is_cut_where_a_secret_or_a_file_goes_and_nowhere_else() {
        let files = vec![FileBase64("f1".to_owned()), FileBase64("f2".to_owned())];
        let chunks = json(&Upload { token: secret("t"), name: "\"}ü", files }).unwrap();
        let bytes = |text: &str| Chunk::Bytes(text.as_bytes().to_vec());
        let wanted = [
            bytes("{\"token\":\""),
            Chunk::Secret("t".to_owned()),
            bytes("\",\"name\":\"\\\"}ü\",\"files\":[\""),
            Chunk::FileBase64("f1".to_owned()),
            bytes("\",\""),
            Chunk::FileBase64("f2".to_owned()),
            bytes("\"]}"),
        ];
        assert_eq!(chunks, wanted);
        let plain = json(&json!({ "a": "<t>" })).unwrap();
        assert_eq!(plain, [bytes("{\"a\":\"<t>\"}")]);
    }

    #[test]
    fn outside_a_request_neither_is_written() {
        assert!(serde_json::to_string(&secret("t")).unwrap_err().to_string().contains("Request::json"));
        assert_eq!(json(&json!("plain")).unwrap(), [Chunk::Bytes(b"\"plain\"".to_vec())]);
    }
}
