//! Text without its words: of the same length, with the same spaces and punctuation.

/// `x` for a letter, `X` for a capital, `0` for a digit.
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
    match c {
        c if c.is_numeric() => '0',
        c if c.is_uppercase() => 'X',
        c if c.is_alphabetic() => 'x',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_entities_stay() {
        let masked = blank_html("Їж <b title='Bob'>a &amp; b</b> 12 & 3", |tag| tag.replace("Bob", "-"));
        assert_eq!(masked, "Xx <b title='-'>x &amp; x</b> 00 & 0");
        assert_eq!(blank_html("a < b", str::to_owned), "x < x");
    }
}
