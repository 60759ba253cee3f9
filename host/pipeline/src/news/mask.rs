//! What a trace shows of a webhook: everything but what would let its reader send one, which is the token in its URL and
//! what is a secret by its header's name. It is looked for wherever it may have got to, also as the list of numbers that
//! bytes are in JSON.

use std::{borrow::Cow, sync::Arc};

use patchbay_egress::Secrets;
use patchbay_plugin::{Shown, types::Header, webhooks::Webhook};
use patchbay_storage::Step;

/// What stands for a secret.
const SHOWN: &str = "***";
/// The same, as bytes in JSON.
const SHOWN_NUMBERS: &str = "42,42,42";
/// Shorter ones are too likely to be something else.
const LEAST: usize = 8;

/// Headers that are a secret themselves, and words in the names of further ones.
const SECRET: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];
const SECRET_WORDS: [&str; 6] = ["token", "secret", "password", "api-key", "apikey", "api_key"];

/// The secrets of one webhook, and those that its adapter was granted.
pub(crate) struct Mask {
    needles: Vec<Needle>,
    granted: Secrets,
}

/// One secret, as it would stand in JSON.
struct Needle {
    text: String,
    numbers: String,
}

// === impl Mask ===

impl Mask {
    /// What has to be hidden of this webhook, for an adapter that was `granted` these secrets.
    pub(crate) fn of(webhook: &Webhook, granted: Secrets) -> Self {
        let mut secrets: Vec<Cow<'_, str>> = token(&webhook.url).map(Cow::Borrowed).into_iter().collect();
        // A sender that escapes what needs no escape is still a sender.
        let plain = secrets.first().and_then(|token| unescaped(token));
        secrets.extend(plain.map(Cow::Owned));
        for header in webhook.headers.iter().filter(|header| is_secret(&header.name)) {
            // `Bearer …`: what stands behind it is the secret, with or without the word.
            let behind = header.value.split_once(' ').map_or(header.value.as_str(), |(_, behind)| behind);
            secrets.extend([header.value.as_str(), behind].map(Cow::Borrowed));
        }
        secrets.extend(queried(&webhook.url).map(Cow::Borrowed));
        secrets.retain(|secret| secret.len() >= LEAST);
        // The longest first: it may hold another one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { needles: secrets.iter().map(|secret| Needle::of(secret)).collect(), granted }
    }

    /// Hides it in all that a step was asked, answered, and asked of the host.
    pub(crate) fn step(&self, mut step: Step) -> Step {
        self.hide(&mut step.input);
        self.hide(&mut step.answer);
        for call in &mut step.calls {
            self.hide(&mut call.input);
            self.hide(&mut call.answer);
        }
        step
    }

    /// What is hidden, as it stands in a text.
    pub(crate) fn hidden(&self) -> Arc<[String]> {
        self.needles.iter().map(|needle| needle.text.clone()).collect()
    }

    /// Hides it in a sentence.
    pub(crate) fn text(&self, mut text: String) -> String {
        self.hide(&mut text);
        text
    }

    fn hide(&self, json: &mut String) {
        for Needle { text, numbers } in &self.needles {
            if json.contains(text) {
                *json = json.replace(text, SHOWN);
            }
            if json.contains(numbers) {
                *json = json.replace(numbers, SHOWN_NUMBERS);
            }
        }
        self.granted.hide(json);
    }
}

/// A webhook as a trace has it, before anything in it is hidden: with a body that can be read.
pub(crate) fn shown(webhook: &Webhook) -> String {
    #[derive(serde::Serialize)]
    struct Read<'a> {
        method: &'a str,
        url: &'a str,
        headers: &'a [Header],
        body: Shown<'a>,
    }
    let Webhook { method, url, headers, body } = webhook;
    crate::steps::json(&Read { method, url, headers, body: Shown(body) })
}

// === impl Needle ===

impl Needle {
    fn of(secret: &str) -> Self {
        let quoted = crate::steps::json(secret);
        let numbers: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
        // Without the quotes around it, and with those in it.
        let text = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted);
        Self { text: text.to_owned(), numbers: numbers.join(",") }
    }
}

/// The last segment of the path of a webhook that came from outside.
fn token(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    if !path.starts_with("http://") && !path.starts_with("https://") {
        return None;
    }
    path.rsplit('/').next()
}

/// What stands in a query under the name of a secret.
fn queried(url: &str) -> impl Iterator<Item = &str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split(['&', '#']).filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| is_secret(name)).map(|(_, value)| value)
}

/// `text` with its percent-escapes undone, where it has any and is text then.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<2>().and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                plain.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                plain.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8(plain).ok().filter(|plain| plain != text)
}

fn is_secret(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    SECRET.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use patchbay_storage::HostCall;

    use super::*;

    const TOKEN: &str = "G9snPu2eB2NfyhFm6XTRPq0r_iLjDfu5";

    fn webhook(url: &str) -> Webhook {
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let headers = vec![
            header("authorization", "Bearer very-secret-7\""),
            header("x-gitlab-token", "shared-secret"),
            header("x-original-uri", &format!("/hooks/acme/crm/{TOKEN}")),
            header("webhook-signature", "v1,c2lnbmF0dXJl"),
        ];
        Webhook { method: "POST".into(), url: url.into(), headers, body: format!("at {TOKEN}!").into_bytes() }
    }

    #[test]
    fn a_trace_shows_everything_but_what_lets_one_send() {
        let webhook = webhook(&format!("https://h.example/in/hooks/acme/crm/{TOKEN}?a=b"));
        let json = crate::steps::json(&webhook);
        let signed = crate::steps::json(&("equal", b"very-secret-7\"", webhook.url.as_bytes()));
        let call =
            HostCall { function: "secrets.verify".into(), input: signed.clone(), answer: "true".into() };
        let step = Step { input: json.clone(), answer: json.clone(), calls: vec![call], ..Step::default() };
        let shown = Mask::of(&webhook, Secrets::none()).step(step);
        for text in [&shown.input, &shown.answer, &shown.calls[0].input] {
            for secret in [TOKEN, "very-secret-7", "shared-secret"] {
                assert!(!text.contains(secret), "{secret} in {text}");
                let numbers: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
                assert!(!text.contains(&numbers.join(",")), "{secret} as numbers in {text}");
            }
        }
        let read: Webhook = serde_json::from_str(&shown.input).unwrap();
        assert_eq!(read.url, "https://h.example/in/hooks/acme/crm/***?a=b");
        assert_eq!(read.body, b"at ***!");
        assert_eq!(read.headers[3].value, "v1,c2lnbmF0dXJl");
    }

    #[test]
    fn an_escaped_token_is_hidden_in_both_forms() {
        let escaped = format!("%47{}", &TOKEN[1..]);
        let url = format!("https://h.example/hooks/acme/crm/{escaped}");
        let mask = Mask::of(&webhook(&url), Secrets::none());
        assert_eq!(mask.text(format!("{escaped} {TOKEN}")), "*** ***");
    }

    #[test]
    fn a_query_that_names_a_secret_is_hidden_and_so_is_every_secret_that_was_granted() {
        let (dir, name) = (tempfile::tempdir().unwrap(), "webhook".to_owned());
        std::fs::write(dir.path().join("file"), "a granted value").unwrap();
        let all = toml::from_str("webhook = { from = { file = 'file' }, hosts = [] }").unwrap();
        let granted = Secrets::new(dir.path(), &all, &[name]);
        let mask = Mask::of(&webhook("https://h.example/hooks/a/b/c?x=1&api_key=in-the-query"), granted);
        assert_eq!(mask.text("in-the-query, a granted value, 1".into()), "***, ***, 1");
    }

    #[test]
    fn the_desks_own_news_have_no_token() {
        let desk = Webhook {
            method: "POST".into(),
            url: "patchbay://desk/a-long-tenant".into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        assert_eq!(Mask::of(&desk, Secrets::none()).text("a-long-tenant".into()), "a-long-tenant");
    }
}
