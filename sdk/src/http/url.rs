//! URLs, put together so that no part can pose as another.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    contract::Piece,
    value::{Secret, Value},
};

/// RFC 3986's unreserved characters stay as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Most of what is written behind a base fits in so many bytes.
const USUAL: usize = 96;

/// A URL in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Url {
    pub(super) pieces: Vec<Piece>,
    query: bool,
    /// Why it is none.
    pub(super) problem: Option<String>,
}

/// `base` as it stands, such as the address of a CRM out of the settings; with or without a slash at its end.
#[must_use]
pub fn url(base: impl Into<String>) -> Url {
    let mut base = base.into();
    base.reserve(USUAL);
    let query = base.contains('?');
    Url { pieces: vec![Piece::Text(base)], query, problem: None }
}

// === impl Url ===

impl Url {
    /// One more segment of the path, encoded: what it holds is no path of its own.
    #[must_use]
    pub fn segment(mut self, segment: impl AsRef<str>) -> Self {
        let segment = segment.as_ref();
        if matches!(segment, "" | "." | "..") {
            self.refuse(format!("`{segment}` is no segment of a path"));
            return self;
        }
        self.slash();
        self.write(|text| encode(segment, text));
        self
    }

    /// Several segments, which are divided by `/`; each is encoded.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        path.split('/').filter(|segment| !segment.is_empty()).fold(self, Self::segment)
    }

    /// A secret as one more segment: some services are called by a URL that is the key.
    #[must_use]
    pub fn secret_segment(mut self, secret: Secret) -> Self {
        self.slash();
        self.pieces.push(Piece::Secret(secret.0));
        self
    }

    /// One more parameter of the query, encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<Value>) -> Self {
        let divider = if self.query { "&" } else { "?" };
        self.query = true;
        self.write(|text| {
            text.push_str(divider);
            encode(name, text);
            text.push('=');
        });
        for piece in value.into().0 {
            match piece {
                Piece::Text(value) => self.write(|text| encode(&value, text)),
                // The host encodes it.
                secret @ Piece::Secret(_) => self.pieces.push(secret),
            }
        }
        self
    }

    /// Writes on at its end.
    fn write(&mut self, more: impl FnOnce(&mut String)) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            more(text);
        } else {
            let mut text = String::new();
            more(&mut text);
            self.pieces.push(Piece::Text(text));
        }
    }

    fn slash(&mut self) {
        if self.query {
            self.refuse("a segment of the path comes before the query".to_owned());
        }
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            let bare = text.trim_end_matches('/').len();
            text.truncate(bare);
        }
        self.write(|text| text.push('/'));
    }

    fn refuse(&mut self, why: String) {
        self.problem.get_or_insert(why);
    }
}

/// Most parts need no encoding, and are looked at once.
fn encode(part: &str, text: &mut String) {
    if part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
        text.push_str(part);
    } else {
        text.extend(utf8_percent_encode(part, ENCODED));
    }
}

impl From<&str> for Url {
    fn from(text: &str) -> Self {
        url(text)
    }
}

impl From<&String> for Url {
    fn from(text: &String) -> Self {
        url(text)
    }
}

impl From<String> for Url {
    fn from(text: String) -> Self {
        url(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::secret;

    fn written(url: &Url) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Secret(name) => format!("<{name}>"),
        };
        url.pieces.iter().map(piece).collect()
    }

    #[test]
    fn no_part_can_pose_as_another() {
        let made =
            url("https://a.example/api/").path("v1/tickets").segment("7/../8?x#y").query("q", "a&b=c d");
        assert_eq!(written(&made), "https://a.example/api/v1/tickets/7%2F..%2F8%3Fx%23y?q=a%26b%3Dc%20d");
        assert_eq!(made.pieces.len(), 1);
        for climbing in ["..", ".", ""] {
            assert!(url("https://a.example").segment(climbing).problem.is_some(), "{climbing:?}");
        }
        assert!(url("https://a.example").query("a", "b").segment("c").problem.is_some());
    }

    #[test]
    fn a_secret_is_a_piece_of_its_own_wherever_it_stands() {
        let made =
            url("https://a.example").secret_segment(secret("key")).segment("x").query("t", secret("token"));
        assert_eq!(written(&made), "https://a.example/<key>/x?t=<token>");
        let named = url("https://a.example").query("t", "<token>");
        assert_eq!(written(&named), "https://a.example?t=%3Ctoken%3E");
    }
}
