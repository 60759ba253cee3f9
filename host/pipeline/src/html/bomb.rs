//! HTML that is small to send and large to parse. A parser opens every formatting element that was left open again in each
//! further block (HTML standard, "reconstruct the active formatting elements"): thousands of either make millions of
//! elements. And thousands of levels are for nobody to read. Both are found by counting tags, before anything is parsed.

use std::collections::HashMap;

/// Elements that a parser opens again.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements without an end.
const VOID: [&str; 6] = ["br", "hr", "img", "input", "meta", "link"];
/// So many elements may be opened again, at the worst.
const AGAIN: usize = 1_000_000;
/// So deep may it be.
const DEPTH: usize = 200;

/// Whether it is too costly to parse.
pub(super) fn is_one(html: &str) -> bool {
    let (mut open, mut formatting, mut tags) = (HashMap::<String, usize>::new(), 0, 0_usize);
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in names(html) {
        tags += 1;
        let (end, name) = match tag.strip_prefix('/') {
            Some(name) => (true, name),
            None => (false, tag),
        };
        let name = name.to_ascii_lowercase();
        if VOID.contains(&name.as_str()) {
            continue;
        }
        // An end that does not fit closes nothing in here: in doubt an element counts as open.
        let count = open.entry(name.clone()).or_default();
        if end {
            depth -= usize::from(*count > 0);
            *count = count.saturating_sub(1);
        } else {
            *count += 1;
            depth += 1;
            // Inside a table an end tag may close nothing: every start counts.
            formatting += usize::from(FORMATTING.contains(&name.as_str()));
        }
        deepest = deepest.max(depth);
    }
    let tables = open.contains_key("table") || open.contains_key("applet") || open.contains_key("template");
    let again = if tables { formatting } else { formatting.min(deepest) };
    deepest > DEPTH || again.saturating_mul(tags) > AGAIN
}

/// All but the tags.
pub(super) fn words(html: &str) -> String {
    let (mut words, mut rest) = (String::new(), html);
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
        words.push(' ');
    }
    words.push_str(rest);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The names of all tags, an end's with its `/`.
fn names(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|tag| {
        let start = usize::from(tag.starts_with('/'));
        let name = tag.get(start..)?;
        let length = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        (length > 0).then(|| tag.get(..start + length)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_thousands_of_elements_again_in_thousands_of_blocks_is_found() {
        let open: String = (0..4_000).map(|n| format!("<b {n}>")).collect();
        assert!(is_one(&format!("<p>{open}{}", "<p>x".repeat(8_000))));
        let hidden: String = (0..900).map(|n| format!("<b {n}><table><td></b></table>")).collect();
        assert!(is_one(&format!("<p>{hidden}{}", "<p>x".repeat(8_000))));
        assert!(is_one(&"<div>".repeat(300)));
    }

    #[test]
    fn what_people_write_is_none() {
        assert!(!is_one(&"<p>It is <b>bold</b>, and <a href='https://a'>a link</a>.<br></p>".repeat(2_000)));
        assert!(!is_one(&"<table><tr><td><b>x</b></td></tr></table>".repeat(100)));
        assert!(!is_one(&"<li>left open".repeat(150)));
        assert!(!is_one("1 < 2 <3"));
    }

    #[test]
    fn what_is_left_of_one_is_its_words() {
        assert_eq!(words("<p>one<b 1>two</b><br>three <"), "one two three");
    }
}
