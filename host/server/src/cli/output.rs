//! What a command prints: lines and tables for people, JSON for programs.

use std::{
    io::{self, Write},
    path::Path,
};

use chrono::{DateTime, SecondsFormat};
use patchbay_types::Millis;
use serde::Serialize;

/// Standard output, or a buffer in a test.
pub(crate) struct Output {
    to: Box<dyn Write>,
}

/// Rows of text in columns as wide as they need to be.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

// === impl Output ===

impl Output {
    pub(crate) fn stdout() -> Self {
        Self { to: Box::new(io::stdout().lock()) }
    }

    /// One line.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.to, "{}", printable(text.as_ref()))
    }

    /// Text that ends its own lines, such as a file.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())
    }

    /// A value as indented JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.to, value)?;
        self.to.write_all(b"\n")
    }

    /// A table; nothing where it has no rows.
    pub(crate) fn table(&mut self, table: &Table) -> io::Result<()> {
        let columns = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |n: usize| {
            let cells = table.rows.iter().filter_map(|row| row.get(n));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &table.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            writeln!(self.to, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

// === impl Table ===

impl Table {
    /// A table with these headings.
    pub(crate) fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()] }
    }

    /// Adds a row. Control characters are shown, not sent to the terminal.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| printable(cell)).collect());
    }
}

/// Says on standard error what went wrong.
pub(crate) fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "patchbay: {}", printable(sentence));
}

/// A path as it is seen from here.
pub(crate) fn here(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

/// A time as a person reads it, in UTC.
pub(crate) fn time(at: Millis) -> String {
    i64::try_from(at)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map_or_else(|| at.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The first `limit` characters of `text`, on one line.
pub(crate) fn short(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let cut: String = line.chars().take(limit.saturating_sub(1)).collect();
    format!("{cut}…")
}

/// Whether whoever reads our output has gone away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

/// What strangers wrote must not steer the operator's terminal.
fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().any(steers) {
        text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_does_not_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(printable("plain\nlines"), "plain\nlines");
    }

    #[test]
    fn a_long_text_is_cut_by_characters_and_put_on_one_line() {
        assert_eq!(short("ab  c\nd", 10), "ab c d");
        assert_eq!(short("äöüß", 3), "äö…");
    }

    #[test]
    fn a_time_reads_as_utc() {
        assert_eq!(time(1_795_157_275_563), "2026-11-20T06:47:55.563Z");
        assert_eq!(time(u64::MAX), u64::MAX.to_string());
    }
}
