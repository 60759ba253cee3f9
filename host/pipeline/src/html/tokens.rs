//! Tokens of HTML that [`super::sanitised`] wrote, and of no other: attributes are quoted, what has a meaning is escaped, and
//! there are no comments.

use std::borrow::Cow;

/// A piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// As it stands there.
    pub(super) raw: &'a str,
    pub(super) kind: Kind<'a>,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// Words, no longer escaped.
    Text(Cow<'a, str>),
    /// A start, with its attributes as they stand there.
    Start(&'a str, &'a str),
    End(&'a str),
}

/// All of them, in order.
pub(super) fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_tag = rest.starts_with('<');
        let length = if is_tag { tag(rest) } else { rest.find('<').unwrap_or(rest.len()) };
        let (raw, after) = rest.split_at(length);
        rest = after;
        let inner = raw.trim_start_matches('<').trim_end_matches('>');
        let kind = match (is_tag, inner.strip_prefix('/')) {
            (false, _) => Kind::Text(unescaped(raw)),
            (true, Some(name)) => Kind::End(name),
            (true, None) => {
                let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
                Kind::Start(name, attributes)
            }
        };
        Some(Token { raw, kind })
    })
}

/// An attribute's value.
pub(super) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        let (key, value) = rest.split_once("=\"")?;
        let (value, after) = value.split_once('"')?;
        if key.trim() == name {
            return Some(unescaped(value).into_owned());
        }
        rest = after;
    }
}

/// The length of the tag that `html` begins with: a `>` in an attribute ends none.
fn tag(html: &str) -> usize {
    let mut quoted = false;
    for (at, c) in html.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at + 1,
            _ => {}
        }
    }
    html.len()
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let plain = [("&nbsp;", "\u{a0}"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")];
    let text = plain.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
    // Last: what it gives back must not be read once more.
    Cow::Owned(text.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_ends_behind_its_attributes_and_words_are_read_back() {
        let html = super::super::sanitised("a &amp;lt; b<a href='https://h/?a=1&b=\">\"'>c</a>");
        let kinds: Vec<_> = tokens(&html).map(|token| token.kind).collect();
        let [Kind::Text(words), Kind::Start("a", attributes), Kind::Text(_), Kind::End("a")] = &kinds[..]
        else {
            panic!("{kinds:?}")
        };
        assert_eq!(words, "a &lt; b");
        assert_eq!(attribute(attributes, "href").as_deref(), Some("https://h/?a=1&b=\">\""));
        assert_eq!(attribute(attributes, "target"), None);
        assert_eq!(tokens(&html).map(|token| token.raw).collect::<String>(), html);
    }
}
