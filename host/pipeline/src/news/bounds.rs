//! How much news may be brought at once, and how long its identifiers may be: an adapter passes on what others send, and
//! each identifier becomes a key.

use patchbay_plugin::types::Entry;

/// Entries of one webhook, or of one page of a poll.
const ENTRIES: usize = 1_000;
/// Bytes of an entry's identifier, and of a ticket's.
const IDENTIFIER: usize = 512;
/// Bytes of a cursor.
const CURSOR: usize = 64 << 10;

/// Whether all of these may be kept.
///
/// # Errors
/// With a sentence, if not.
pub(crate) fn entries(entries: &[Entry]) -> Result<(), String> {
    if entries.len() > ENTRIES {
        return Err(format!("it tells {} entries at once; {ENTRIES} are the most", entries.len()));
    }
    for entry in entries {
        if entry.id.is_empty() {
            return Err("an entry without an identifier: it could not be told from another".to_owned());
        }
        if entry.id.len().max(entry.ticket.len()) > IDENTIFIER {
            return Err(format!("an identifier of more than {IDENTIFIER} bytes"));
        }
    }
    Ok(())
}

/// Whether a cursor may be kept.
///
/// # Errors
/// With a sentence, if not.
pub(crate) fn cursor(cursor: &str) -> Result<(), String> {
    if cursor.len() > CURSOR {
        return Err(format!("its cursor has {} bytes; {CURSOR} are the most", cursor.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use patchbay_plugin::types::{Changes, News};

    use super::*;

    fn entry(id: &str) -> Entry {
        let news = News::Changed(Changes { changes: Vec::new(), by: None });
        Entry { id: id.to_owned(), ticket: "T".to_owned(), news, not_before: None }
    }

    #[test]
    fn too_many_entries_and_identifiers_that_are_no_keys_are_refused() {
        assert_eq!(entries(&vec![entry("a"); ENTRIES]), Ok(()));
        for wrong in
            [vec![entry("a"); ENTRIES + 1], vec![entry("")], vec![entry(&"a".repeat(IDENTIFIER + 1))]]
        {
            assert!(entries(&wrong).is_err());
        }
        assert!(cursor(&"c".repeat(CURSOR)).is_ok() && cursor(&"c".repeat(CURSOR + 1)).is_err());
    }
}
