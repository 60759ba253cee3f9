//! Characters that no screen shows and that some database refuses: control characters go, line ends become one kind, and a
//! direction that was changed is changed back at the line's end, so that it reaches nothing behind it. Letters of all
//! scripts, marks on them, emoji and what joins them stay.

/// For plain text.
pub(super) fn clean(text: &str) -> String {
    directed(&controls(text))
}

/// Without control characters but line ends and tabs.
pub(super) fn controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Ends what each line leaves open of embeddings, overrides and isolates (Unicode, UAX 9).
fn directed(text: &str) -> String {
    const MARKS: [char; 9] = [
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
        '\u{2069}',
    ];
    if !text.contains(MARKS) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let mut open = Vec::new();
        for c in line.chars() {
            match c {
                '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push('\u{202c}'),
                '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
                '\u{202c}' | '\u{2069}' => {
                    open.pop_if(|end| *end == c);
                }
                _ => {}
            }
            out.push(c);
        }
        out.extend(open.into_iter().rev());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_go_and_line_ends_are_one_kind() {
        assert_eq!(clean("a\0b\u{1b}[1m\r\nc\rd\u{2028}e\tf\u{9f}"), "ab[1m\nc\nd\ne\tf");
    }

    #[test]
    fn a_direction_ends_with_its_line() {
        assert_eq!(clean("\u{202e}evil\nfine"), "\u{202e}evil\u{202c}\nfine");
        assert_eq!(clean("\u{2067}\u{202a}a"), "\u{2067}\u{202a}a\u{202c}\u{2069}");
        assert_eq!(clean("\u{202b}שלום\u{202c} x"), "\u{202b}שלום\u{202c} x");
    }
}
