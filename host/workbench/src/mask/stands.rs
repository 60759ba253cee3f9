//! What stands for what in a text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a URL leaves as it is (RFC 3986).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longest first, so that a part never takes away from the whole.
#[derive(Debug, Default)]
pub(crate) struct Stands(Vec<(String, String)>);

// === impl Stands ===

impl Stands {
    /// Each text as it is.
    pub(crate) fn plain(pairs: Vec<(String, String)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(text, stands)| text != stands).collect();
        pairs.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self(pairs)
    }

    /// Each text as it is, and as URLs and forms write it.
    pub(crate) fn escaped(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let url = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let form = |text: &str| url(text).replace("%20", "+");
        let mut all = Vec::new();
        for (text, stands) in pairs {
            let escaped = [(url(&text), url(&stands)), (form(&text), form(&stands))];
            all.extend(escaped.into_iter().filter(|(escaped, _)| *escaped != text));
            all.push((text, stands));
        }
        Self::plain(all)
    }

    /// The text, with what stands for each.
    pub(crate) fn replace(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        'next: while let Some(c) = rest.chars().next() {
            for (text, stands) in &self.0 {
                if let Some(after) = rest.strip_prefix(text.as_str()) {
                    out.push_str(stands);
                    rest = after;
                    continue 'next;
                }
            }
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_counts_and_one_of_equal_length_that_came_first() {
        let pairs = [("ann", "1"), ("anna lee", "2"), ("ann", "3")];
        let stands = Stands::escaped(pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).into_iter());
        assert_eq!(stands.replace("ann, anna lee, anna%20lee and anna+lee"), "1, 2, 2 and 2");
    }
}
