//! Rows on their way into one statement: a JSON array of arrays, and beside it one blob for what is large.
//!
//! SQLite takes a batch of any size as one or two bound values, so the statement stays the same, stays prepared, and crosses
//! to the connection's thread once. Bodies go through the blob: escaping them twice would cost more than storing them.

use std::io::Write as _;

use serde::Serialize;

/// Rows for one statement.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    json: Vec<u8>,
    blob: Vec<u8>,
}

/// Where a value lies in the blob: the position, beginning with 1, and the length.
pub(crate) type Span = (usize, usize);

// === impl Rows ===

impl Rows {
    /// Adds one row: a tuple of what JSON can say.
    pub(crate) fn push(&mut self, row: &impl Serialize) {
        self.json.push(if self.json.is_empty() { b'[' } else { b',' });
        let start = self.json.len();
        if serde_json::to_writer(&mut self.json, row).is_err() {
            // Tuples of numbers and text always serialise; a row that did not would be refused by the database.
            self.json.truncate(start);
            let _ = self.json.write_all(b"null");
        }
        replace_nul(&mut self.json, start);
    }

    /// Puts something large into the blob; the span goes into the row.
    pub(crate) fn blob(&mut self, bytes: &[u8]) -> Span {
        let at = self.blob.len() + 1;
        self.blob.extend_from_slice(bytes);
        (at, bytes.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The blob and the JSON, ready to be bound.
    pub(crate) fn finish(mut self) -> (Vec<u8>, String) {
        self.json.push(b']');
        (self.blob, String::from_utf8(self.json).unwrap_or_default())
    }
}

/// SQLite's JSON functions end a text at a NUL character, so two hostile keys could be taken for one: U+FFFD stands in
/// for it.
fn replace_nul(json: &mut [u8], start: usize) {
    let Some(row) = json.get_mut(start..) else { return };
    if !row.windows(6).any(|window| window == br"\u0000") {
        return;
    }
    let mut at = 0;
    while at < row.len() {
        match row.get_mut(at..) {
            Some([b'\\', b'u', b'0', b'0', b'0', b'0', ..]) => {
                if let Some(escape) = row.get_mut(at + 2..at + 6) {
                    escape.copy_from_slice(b"fffd");
                }
                at += 6;
            }
            Some([b'\\', ..]) => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_character_becomes_a_replacement_character_and_an_escaped_backslash_stays() {
        let mut rows = Rows::default();
        rows.push(&(1, "a\0b", "c\\u0000d"));
        let (_, json) = rows.finish();
        assert_eq!(json, r#"[[1,"a\ufffdb","c\\u0000d"]]"#);
    }

    #[test]
    fn spans_count_bytes_from_one() {
        let mut rows = Rows::default();
        assert_eq!(rows.blob("ä".as_bytes()), (1, 2));
        assert_eq!(rows.blob(b"x"), (3, 1));
    }
}
