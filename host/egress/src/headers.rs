//! Header fields on their way out. What frames a message or names its host is the host's alone, as is what would undo
//! a check that was made: another method, another path, an answer that cannot be searched for secrets.

use http::{HeaderName, HeaderValue};
use url::Url;

use crate::{
    request::{Failure, Field, Piece},
    secrets::Secrets,
};

/// The most fields.
const MOST: usize = 64;

/// The most bytes of all names and values.
const LARGEST: usize = 16 << 10;

/// A field with its secrets filled in.
pub(crate) struct Filled {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
    secrets: Vec<String>,
}

/// All fields, as they go to `url`.
///
/// # Errors
/// [`Failure::Denied`], which names the field, or the secret that may not go there; [`Failure::Unreachable`] when a
/// secret has no value now.
pub(crate) fn fill(fields: &[Field], secrets: &Secrets, url: &Url) -> Result<Vec<Filled>, Failure> {
    if fields.len() > MOST {
        return Err(Failure::Denied(format!("more than {MOST} header fields")));
    }
    let filled = fields.iter().map(|field| fill_one(field, secrets, url)).collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = filled.iter().map(|field| field.name.as_str().len() + field.value.len()).sum();
    if bytes > LARGEST {
        return Err(Failure::Denied(format!("more than {LARGEST} bytes of header fields")));
    }
    Ok(filled)
}

fn fill_one(field: &Field, secrets: &Secrets, url: &Url) -> Result<Filled, Failure> {
    // As a literal, so that a name with a line break in it is shown with its escape.
    let shown: String = format!("{:?}", field.name).chars().take(80).collect();
    let name = HeaderName::from_bytes(field.name.as_bytes())
        .map_err(|_| Failure::Denied(format!("{shown} is no name of a header field")))?;
    if is_the_hosts(&name) {
        return Err(Failure::Denied(format!("the header field {shown} is the host's: leave it out")));
    }
    let (mut value, mut named) = (Vec::new(), Vec::new());
    for piece in &field.value {
        match piece {
            Piece::Text(text) => value.extend_from_slice(text.as_bytes()),
            Piece::Secret(name) => {
                let secret = secrets.value_for(name, url)?;
                if HeaderValue::from_bytes(secret.expose()).is_err() {
                    let why = format!(
                        "the secret `{name}` holds a line break or control character: {shown} cannot"
                    );
                    return Err(Failure::Denied(why));
                }
                value.extend_from_slice(secret.expose());
                named.push(name.clone());
            }
        }
    }
    let mut value = HeaderValue::from_bytes(&value).map_err(|_| {
        Failure::Denied(format!("the value of {shown} holds a line break or control character"))
    })?;
    value.set_sensitive(!named.is_empty());
    Ok(Filled { name, value, secrets: named })
}

fn is_the_hosts(name: &HeaderName) -> bool {
    name.as_str().starts_with("proxy-") || RESERVED.contains(&name.as_str())
}

const RESERVED: [&str; 18] = [
    // RFC 9110 and 9112: framing, connections, and where it goes.
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // An answer in pieces, or in an encoding that the host does not undo, cannot be searched for secrets.
    "accept-encoding",
    "if-range",
    "range",
    // Some servers take the method or the path from these, and then the grant was checked for nothing.
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-rewrite-url",
];

// === impl Filled ===

impl Filled {
    /// Whether a redirect to another origin takes it along: credentials and secrets only where every one is granted.
    pub(crate) fn may_go_to(&self, url: &Url, secrets: &Secrets) -> bool {
        let credential = self.name == http::header::AUTHORIZATION || self.name == http::header::COOKIE;
        let all_may = self.secrets.iter().all(|name| secrets.may_go_to(name, url));
        // Credentials that the guest wrote itself are for the origin that it wrote them for.
        all_may && !(credential && self.secrets.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use patchbay_types::egress::{OneOrMany, SecretConfig, SecretSource};

    use super::*;

    fn field(name: &str, text: &str) -> Field {
        Field { name: name.to_owned(), value: vec![Piece::Text(text.to_owned())] }
    }

    fn secret_field(name: &str) -> Field {
        Field { name: name.to_owned(), value: vec![Piece::Secret("s".to_owned())] }
    }

    fn with_secret(value: &str) -> (tempfile::TempDir, Secrets) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("s"), value).unwrap();
        let from = OneOrMany::One(SecretSource::File { file: "s".to_owned() });
        let hosts = vec!["https://a.example".parse().unwrap(), "https://b.example".parse().unwrap()];
        let all = BTreeMap::from([("s".to_owned(), SecretConfig { from, hosts, sign: false })]);
        let secrets = Secrets::new(dir.path(), &all, &["s".to_owned()]);
        (dir, secrets)
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn refused(fields: &[Field], secrets: &Secrets) -> String {
        match fill(fields, secrets, &url("https://a.example/")) {
            Err(Failure::Denied(why)) => why,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("it was taken"),
        }
    }

    #[test]
    fn what_frames_the_message_or_undoes_a_check_is_refused_by_name() {
        for name in RESERVED.into_iter().chain([
            "proxy-authorization",
            "Proxy-Connection",
            "HOST",
            "X-HTTP-Method-Override",
        ]) {
            assert!(refused(&[field(name, "x")], &Secrets::none()).contains(name), "{name}");
        }
    }

    #[test]
    fn a_line_break_gets_into_neither_name_nor_value() {
        for bad in ["a\r\nx: y", "a\nb", "a\rb", "a\0b"] {
            assert!(refused(&[field("x-note", bad)], &Secrets::none()).contains("x-note"), "{bad:?}");
            let why = refused(&[field(bad, "x")], &Secrets::none());
            assert!(!why.contains(['\r', '\n', '\0']), "{why}");
        }
        for bad in ["", "a b", "a:b", "ä"] {
            refused(&[field(bad, "x")], &Secrets::none());
        }
    }

    #[test]
    fn a_secret_with_a_line_break_is_refused_without_being_shown() {
        let (_dir, secrets) = with_secret("hush\r\nx-evil: hush");
        let why = refused(&[secret_field("x-token")], &secrets);
        assert!(why.contains("`s`") && why.contains("x-token") && !why.contains("hush"), "{why}");
    }

    #[test]
    fn there_are_bounds() {
        let many = vec![field("a", ""); MOST + 1];
        assert!(refused(&many, &Secrets::none()).contains("64"));
        assert!(refused(&[field("a", &"x".repeat(LARGEST))], &Secrets::none()).contains("16384"));
        assert!(fill(&many[1..], &Secrets::none(), &url("https://a.example/")).is_ok());
    }

    #[test]
    fn secrets_and_credentials_follow_a_redirect_only_where_each_is_granted() {
        let (_dir, secrets) = with_secret("hush-hush");
        let fields = [
            secret_field("authorization"),
            secret_field("x-key"),
            field("authorization", "a"),
            field("cookie", "a"),
            field("x-a", "a"),
        ];
        let filled = fill(&fields, &secrets, &url("https://a.example/")).unwrap();
        let kept =
            |to: &str| filled.iter().map(|field| field.may_go_to(&url(to), &secrets)).collect::<Vec<_>>();
        assert_eq!(kept("https://b.example/"), [true, true, false, false, true]);
        assert_eq!(kept("https://c.example/"), [false, false, false, false, true]);
        assert!(filled[0].value.is_sensitive() && !format!("{:?}", filled[0].value).contains("hush"));
    }
}
