//! Text without its words: of the same length in characters and in bytes, with the same spaces and punctuation. What
//! faults over a letter of two bytes does so over what stands for it.

/// `x` for a letter, `X` for a capital, `0` for a digit; or what looks like it, of as many bytes.
pub(super) fn blank(text: &str) -> String {
    text.chars().map(blanked).collect()
}

/// The same for what stands outside of HTML's tags and entities; inside of them `rest` decides.
pub(super) fn blank_html(text: &str, rest: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut left = text;
    while let Some(at) = left.find(['<', '&']) {
        let (before, from) = left.split_at(at);
        out.push_str(&blank(before));
        let close = if from.starts_with('<') { '>' } else { ';' };
        let end = match from.find(close) {
            // An entity is short; a lone ampersand is one.
            Some(end) if close == '>' || end <= 10 => end + 1,
            _ => 1,
        };
        let (tag, after) = from.split_at(end);
        out.push_str(&rest(tag));
        left = after;
    }
    out.push_str(&blank(left));
    out
}

fn blanked(c: char) -> char {
    let of_as_many_bytes = |one, two, three, four| match c.len_utf8() {
        1 => one,
        2 => two,
        3 => three,
        _ => four,
    };
    match c {
        c if c.is_numeric() => of_as_many_bytes('0', '\u{660}', '\u{ff10}', '\u{1d7ce}'),
        c if c.is_uppercase() => of_as_many_bytes('X', '\u{3a7}', '\u{1e8c}', '\u{1d417}'),
        c if c.is_alphabetic() => of_as_many_bytes('x', '\u{3c7}', '\u{1e8d}', '\u{1d431}'),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_entities_stay() {
        let masked = blank_html("Їж <b title='Bob'>a &amp; b</b> 12 & 3", |tag| tag.replace("Bob", "-"));
        assert_eq!(masked, "Χχ <b title='-'>x &amp; x</b> 00 & 0");
        assert_eq!(blank_html("a < b", str::to_owned), "x < x");
    }

    #[test]
    fn every_character_keeps_its_place_in_bytes_and_what_is_blank_stays_as_it_is() {
        let said = "Die Küche, ЇЖАК ẞß 漢字 𝐀𝐛 7 ٣ ４ 𝟕 👍";
        let masked = blank(said);
        let places = |text: &str| text.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(places(&masked), places(said), "{masked}");
        assert_eq!(blank(&masked), masked);
        assert!(!said.chars().any(|c| c.is_alphanumeric() && masked.contains(c)), "{masked}");
    }
}
