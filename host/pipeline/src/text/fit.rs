//! What is too long is cut, between words where it can be, and says so.

/// So far back a space is looked for.
const BACK: usize = 1_000;

/// How many bytes a text takes in JSON, at the most.
pub(super) fn written(text: &str) -> usize {
    text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\t')).count()
}

/// The text, if it is written in at most `room` bytes; else its beginning, with a line that says so, and where all of it is.
pub(super) fn cut(text: &str, room: usize, whole: Option<&str>) -> String {
    if written(text) <= room {
        return text.to_owned();
    }
    let all = text.chars().count();
    let place = whole.map_or(String::new(), |url| format!(" All of it: {url}"));
    let line = format!("\n\n(Shortened: there are {all} characters.{place})");
    let room = room.saturating_sub(written(&line));
    let (mut taken, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        taken += c.len_utf8() + usize::from(matches!(c, '"' | '\\' | '\n' | '\t'));
        if taken > room {
            break;
        }
        end = at + c.len_utf8();
    }
    format!("{}{line}", text.get(..before(text, end)).unwrap_or_default().trim_end())
}

/// A place to cut at or before `end`: behind a word, or at least not within one sign.
fn before(text: &str, end: usize) -> usize {
    let kept = text.get(..end).unwrap_or_default();
    if let Some(space) = kept.rfind(char::is_whitespace).filter(|space| space + BACK > end) {
        return space;
    }
    let mut end = end;
    for (at, c) in kept.char_indices().rev().take(64) {
        let next = text.get(end..).and_then(|rest| rest.chars().next());
        if !next.is_some_and(joins) && c != '\u{200d}' {
            return end;
        }
        end = at;
    }
    end
}

/// Whether it belongs to what stands before it: marks, joiners, variations, skin tones, tags.
fn joins(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone_and_what_does_not_ends_behind_a_word_and_says_so() {
        assert_eq!(cut("a b", 10, None), "a b");
        let long = "word ".repeat(100);
        let short = cut(&long, 120, Some("https://crm/7"));
        assert!(written(&short) <= 120, "{}", written(&short));
        assert!(short.starts_with("word word") && !short.contains("wor\n"), "{short}");
        assert!(
            short.ends_with("(Shortened: there are 500 characters. All of it: https://crm/7)"),
            "{short}"
        );
    }

    #[test]
    fn a_sign_of_several_characters_is_not_cut_in_two() {
        let family = "👩‍👩‍👧‍👦";
        for room in 60..130 {
            let short = cut(&family.repeat(50), room, None);
            let signs = short.split('\n').next().unwrap();
            assert_eq!(signs.len() % family.len(), 0, "{room}: {signs}");
        }
        let marked = cut(&"e\u{301}".repeat(100), 71, None);
        assert!(marked.starts_with("e\u{301}") && !marked.contains("e\n"), "{marked}");
    }
}
