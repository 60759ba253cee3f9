//! From a field of a TOML file to its line, and back. Works on broken files too, as far as they can be read.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Line and column of `field`, a dotted path; of the part of it that is there, where the rest is missing.
pub(super) fn position(text: &str, field: &str) -> Option<(usize, usize)> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut table = table.get_ref();
    let mut at = None;
    for part in field.split('.') {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == part) else { break };
        at = Some(key.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    let before = text.get(..at?)?;
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    Some((before.matches('\n').count() + 1, before.get(start..)?.chars().count() + 1))
}

/// The deepest field at a line and column.
pub(super) fn field(text: &str, line: usize, column: usize) -> Option<String> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(start..)?;
    let offset = start + rest.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum::<usize>();
    let (table, _) = DeTable::parse_recoverable(text);
    let mut found = None;
    search(table.get_ref(), offset, &mut Vec::new(), &mut found);
    found
}

fn search(table: &DeTable<'_>, offset: usize, path: &mut Vec<String>, found: &mut Option<String>) {
    // A table's own span is its header's, so what it holds has to be looked into either way.
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        if holds(&key.span(), offset) || holds(&value.span(), offset) {
            *found = Some(path.join("."));
        }
        if let DeValue::Table(inner) = value.get_ref() {
            search(inner, offset, path, found);
        }
        path.pop();
    }
}

fn holds(span: &Range<usize>, offset: usize) -> bool {
    span.contains(&offset) || span.end == offset
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = 'ä'\n[mapper]\ncomponent = 'x'\n\n[adapters.crm]\n  component = 7\n";

    #[test]
    fn a_field_has_a_line_and_a_column() {
        assert_eq!(position(TEXT, "mapper.component"), Some((3, 1)));
        assert_eq!(position(TEXT, "adapters.crm.component"), Some((6, 3)));
        assert_eq!(
            position(TEXT, "adapters.crm.settings"),
            Some((5, 11)),
            "what is missing: where it belongs"
        );
        assert_eq!(position(TEXT, "router"), None);
    }

    #[test]
    fn a_line_and_a_column_have_a_field() {
        assert_eq!(field(TEXT, 6, 15).as_deref(), Some("adapters.crm.component"));
        assert_eq!(field(TEXT, 2, 2).as_deref(), Some("mapper"));
        assert_eq!(field(TEXT, 99, 1), None);
    }

    #[test]
    fn a_broken_file_is_searched_as_far_as_it_goes() {
        assert_eq!(position("[mapper]\ncomponent = 'x'\n[router", "mapper.component"), Some((2, 1)));
    }

    #[test]
    fn absurd_depth_is_survived() {
        for deep in [
            "a.".repeat(400_000) + "a = 1",
            format!("[{}a]", "a.".repeat(400_000)),
            "a = ".to_owned() + &"[".repeat(400_000),
        ] {
            position(&deep, "a.a");
            field(&deep, 1, 5);
            assert!(patchbay_types::TenantConfig::parse(&deep).is_err());
        }
    }
}
