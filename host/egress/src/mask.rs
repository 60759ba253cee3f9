//! Secrets in what comes back. A server that repeats what it was sent, in an error's text or on purpose, would hand a
//! guest the secret that the host filled in. Each is looked for as it is and in the forms that servers put text into.
//!
//! This is a net below the rope: a server that transforms what it repeats is not caught. The rope is that a secret goes
//! to its own hosts alone.

use std::borrow::Cow;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use crate::request::{Failure, Response};

/// What stands where a secret stood.
const HIDDEN: &[u8] = b"***";

/// Shorter ones stand in ordinary text by chance, and hiding those would show them.
const SHORTEST: usize = 8;

/// What a form (`application/x-www-form-urlencoded`) leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// What stays in a URL's path or query as it is: RFC 3986's unreserved characters.
pub(crate) const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is looked for, longest first.
#[derive(Default)]
pub(crate) struct Mask(Vec<Vec<u8>>);

// === impl Mask ===

impl Mask {
    /// Looks for `value` as well, if it is long enough to be told from other text.
    pub(crate) fn add(&mut self, value: &[u8]) {
        if value.len() < SHORTEST {
            return;
        }
        let mut forms = vec![value.to_vec()];
        for set in [UNRESERVED, FORM, NON_ALPHANUMERIC] {
            let encoded = percent_encode(value, set).to_string();
            forms.push(encoded.replace("%20", "+").into_bytes());
            forms.push(lower_escapes(&encoded).into_bytes());
            forms.push(encoded.into_bytes());
        }
        if let Ok(text) = std::str::from_utf8(value) {
            let quoted = serde_json::Value::from(text).to_string();
            let inner = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
            forms.push(inner.replace('/', "\\/").into_bytes());
            forms.push(inner.as_bytes().to_vec());
        }
        for shift in 0..3 {
            forms.extend(base64_core(value, shift));
        }
        self.0.extend(forms.into_iter().filter(|form| form.len() >= SHORTEST));
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a URL holds any of it, however much of it is percent-encoded.
    pub(crate) fn finds(&self, url: &str) -> bool {
        let decoded: Cow<'_, [u8]> = percent_decode_str(url).into();
        let holds = |text: &[u8]| self.0.iter().any(|form| memmem::find(text, form).is_some());
        holds(url.as_bytes()) || holds(&decoded)
    }

    /// The answer without it.
    pub(crate) fn hide(&self, response: &mut Response) {
        for (name, value) in &mut response.headers {
            *name = self.in_text(name);
            *value = self.in_text(value);
        }
        if let Cow::Owned(body) = self.in_bytes(&response.body) {
            response.body = body;
        }
    }

    /// The sentence without it. None should hold any; this is where that is made sure.
    pub(crate) fn hide_in(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Denied(why) => Failure::Denied(self.in_text(&why)),
            Failure::Unreachable(why) => Failure::Unreachable(self.in_text(&why)),
            Failure::UnknownOutcome(why) => Failure::UnknownOutcome(self.in_text(&why)),
            Failure::TooLarge(bound) => Failure::TooLarge(bound),
        }
    }

    /// The text without it.
    pub(crate) fn in_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.in_bytes(text.as_bytes())).into_owned()
    }

    fn in_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut bytes = Cow::Borrowed(bytes);
        for form in &self.0 {
            if let Some(without) = replaced(&bytes, form) {
                bytes = Cow::Owned(without);
            }
        }
        bytes
    }
}

fn replaced(bytes: &[u8], form: &[u8]) -> Option<Vec<u8>> {
    let finder = memmem::Finder::new(form);
    let mut rest = bytes;
    let mut without = Vec::new();
    while let Some((before, after)) = finder.find(rest).and_then(|at| rest.split_at_checked(at)) {
        without.extend_from_slice(before);
        without.extend_from_slice(HIDDEN);
        rest = after.get(form.len()..).unwrap_or_default();
    }
    if rest.len() == bytes.len() {
        return None;
    }
    without.extend_from_slice(rest);
    Some(without)
}

/// `%2F` as `%2f`: both are in use.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&code.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// The characters that stand in the Base64 of any text that holds `value` `shift` bytes behind a multiple of three, as
/// in Basic authentication, where a user's name comes before it.
fn base64_core(value: &[u8], shift: usize) -> [Vec<u8>; 2] {
    let shifted = [vec![0; shift], value.to_vec()].concat();
    // The first character that has no bit of what comes before, and the last that has none of what follows.
    let (first, end) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
    let core = |encoded: String| encoded.as_bytes().get(first..end).unwrap_or_default().to_vec();
    [core(STANDARD.encode(&shifted)), core(URL_SAFE.encode(&shifted))]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr/t+v\"lue~ ä";

    fn hidden(text: &str) -> String {
        let mut mask = Mask::default();
        mask.add(SECRET.as_bytes());
        mask.in_text(text)
    }

    #[test]
    fn a_secret_is_hidden_as_it_is_and_as_servers_write_it() {
        assert_eq!(hidden(&format!("a {SECRET} b {SECRET}")), "a *** b ***");
        assert_eq!(hidden("a=s3cr%2Ft%2Bv%22lue~%20%C3%A4&b"), "a=***&b");
        assert_eq!(hidden("a=s3cr%2ft%2bv%22lue~%20%c3%a4&b"), "a=***&b");
        assert_eq!(hidden("a=s3cr%2Ft%2Bv%22lue%7E+%C3%A4&b"), "a=***&b");
        assert_eq!(hidden(r#"{"a":"s3cr/t+v\"lue~ ä"}"#), r#"{"a":"***"}"#);
        assert_eq!(hidden(r#"{"a":"s3cr\/t+v\"lue~ ä"}"#), r#"{"a":"***"}"#);
    }

    #[test]
    fn a_secret_in_base64_is_hidden_wherever_it_begins() {
        for user in ["", "u", "us", "use", "user:", "someone:"] {
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = engine.encode(format!("{user}{SECRET}{user}"));
                let hidden = hidden(&encoded);
                assert!(hidden.contains("***"), "{user}: {encoded}");
                // What is left beside it decodes to less than a character of the secret.
                assert!(hidden.len() <= encoded.len() - SECRET.len() * 8 / 6 + 5, "{user}: {hidden}");
            }
        }
    }

    #[test]
    fn what_is_short_is_left_since_hiding_it_would_show_it() {
        let mut mask = Mask::default();
        mask.add(b"1234567");
        assert!(mask.is_empty());
        mask.add(b"12345678");
        assert_eq!(mask.in_text("x1234567812345678x"), "x******x");
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        let mut mask = Mask::default();
        mask.add(&[0xff, 0xfe, 0, 1, 2, 3, 4, 5]);
        let mut response = Response {
            status: 200,
            headers: vec![],
            body: vec![9, 0xff, 0xfe, 0, 1, 2, 3, 4, 5, 9],
            unread: None,
        };
        mask.hide(&mut response);
        assert_eq!(response.body, [&[9][..], b"***", &[9]].concat());
    }
}
