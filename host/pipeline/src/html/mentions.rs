//! Links to people are for clients that show them as such; for everybody else they are a name.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::{Captures, Regex};

use super::{
    escaped,
    tokens::{Kind, attribute, tokens},
};

/// A link to a user, as Markdown with a name in front or bare (Matrix appendices, "matrix.to navigation").
static LINKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \[ [^\]\n]{0,255} \] \( <? https://matrix\.to/\#/ (?:@|%40) ([^\s)>?]{1,255}) [^)\s]{0,255} \)
             | https://matrix\.to/\#/ (?:@|%40) ([^\s)>?<\x22]{1,255}) (?: \? [^\s)<>\x22]{0,255} )?",
    )
    .ok()
});
/// What may be a user ID.
static USERS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"@[a-z0-9._=/+\-]{1,255}:[A-Za-z0-9.\-]{1,255}(?::\d{1,5})?").ok());

/// Who is meant by a user ID.
pub(crate) trait Names {
    /// How somebody is called here; none: nobody knows.
    fn name(&self, user: &str) -> Option<String>;
    /// Whether it is one of our own.
    fn is_ours(&self, user: &str) -> bool;
}

/// HTML that [`super::sanitised`] wrote, with names for links to people, and words for pictures that only Matrix can show.
#[must_use]
pub(crate) fn named(html: &str, names: &impl Names) -> String {
    let mut out = String::with_capacity(html.len());
    // The link to a person that is open, and what stands in it.
    let mut link: Option<(String, String)> = None;
    for token in tokens(html) {
        match (&token.kind, &mut link) {
            (Kind::Start("a", attributes), None) => {
                match attribute(attributes, "href").as_deref().and_then(user) {
                    Some(user) => link = Some((user, String::new())),
                    None => out.push_str(token.raw),
                }
            }
            (Kind::End("a"), Some((user, words))) => {
                out.push_str(&escaped(&called(user, words, names)));
                link = None;
            }
            (Kind::Text(text), Some((_, words))) => words.push_str(text),
            (_, Some(_)) => {}
            (Kind::Start("img", attributes), None) => {
                let alt = attribute(attributes, "alt").or_else(|| attribute(attributes, "title"));
                out.push_str(&escaped(&alt.unwrap_or_default()));
            }
            _ => out.push_str(token.raw),
        }
    }
    out
}

/// The same for plain text. A user ID that somebody typed stays, but for those of ghosts, which nobody would know.
#[must_use]
pub(crate) fn named_plain(plain: &str, names: &impl Names) -> String {
    let mut text = plain.to_owned();
    if text.contains("https://matrix.to/#/")
        && let Some(links) = &*LINKS
    {
        let name = |found: &Captures<'_>| {
            let user = found.get(1).or_else(|| found.get(2)).map_or("", |user| user.as_str());
            called(&format!("@{}", decoded(user)), "", names)
        };
        text = links.replace_all(&text, name).into_owned();
    }
    if text.contains('@')
        && let Some(users) = &*USERS
    {
        let name = |found: &Captures<'_>| {
            let all = found.get(0).map_or("", |user| user.as_str());
            let user = all.trim_end_matches(['.', '-', ':']);
            let behind = all.get(user.len()..).unwrap_or_default();
            match names.name(user).filter(|_| names.is_ours(user)) {
                Some(name) => format!("@{name}{behind}"),
                None => all.to_owned(),
            }
        };
        text = users.replace_all(&text, name).into_owned();
    }
    text
}

/// The user that a link leads to.
fn user(href: &str) -> Option<String> {
    let link =
        href.strip_prefix("https://matrix.to/#/").or_else(|| href.strip_prefix("http://matrix.to/#/"))?;
    let user = decoded(link.split(['?', '/']).next().unwrap_or_default());
    (user.starts_with('@') && user.contains(':')).then_some(user)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `@Alice`: by the room's name for them, else by what the link says, else by their own.
fn called(user: &str, words: &str, names: &impl Names) -> String {
    let own = || user.trim_start_matches('@').split(':').next().unwrap_or_default().to_owned();
    let words = words.trim().trim_start_matches('@');
    let name = names.name(user).filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| if words.is_empty() { own() } else { words.to_owned() });
    let name: String = name.chars().filter(|c| !c.is_control()).take(255).collect();
    format!("@{}", name.trim().trim_start_matches('@'))
}

#[cfg(test)]
mod tests {
    use super::{super::sanitised, *};

    struct Room;

    impl Names for Room {
        fn name(&self, user: &str) -> Option<String> {
            match user {
                "@alice:h" => Some("Alice <A>".to_owned()),
                "@_patchbay_acme_7:h" => Some("Eve".to_owned()),
                _ => None,
            }
        }

        fn is_ours(&self, user: &str) -> bool {
            user.starts_with("@_patchbay_")
        }
    }

    #[test]
    fn a_link_to_somebody_is_their_name() {
        let html = |href: &str| named(&sanitised(&format!("hi <a href='{href}'><b>x</b></a>!")), &Room);
        assert_eq!(html("https://matrix.to/#/@alice:h"), "hi @Alice &lt;A&gt;!");
        assert_eq!(html("https://matrix.to/#/%40_patchbay_acme_7%3Ah?via=h"), "hi @Eve!");
        assert_eq!(html("https://matrix.to/#/@bob:h"), "hi @x!");
        assert!(html("https://matrix.to/#/!room:h").contains("<a href"), "a room is a link like any other");
    }

    #[test]
    fn in_plain_text_links_are_names_and_so_are_ghosts_but_nobody_else() {
        let plain = |text: &str| named_plain(text, &Room);
        assert_eq!(plain("[Al](https://matrix.to/#/@alice:h): hi"), "@Alice <A>: hi");
        assert_eq!(plain("https://matrix.to/#/%40bob%3Ah hi"), "@bob hi");
        assert_eq!(plain("thanks @_patchbay_acme_7:h."), "thanks @Eve.");
        for typed in ["mail me at a@b.c", "@alice:h wrote", "[x](https://a.b)", "@", "@@:"] {
            assert_eq!(plain(typed), typed);
        }
    }

    #[test]
    fn pictures_that_only_matrix_can_show_are_their_words() {
        let html = sanitised("a <img data-mx-emoticon alt=':cat:' src='mxc://a/b'> b");
        assert_eq!(named(&html, &Room), "a :cat: b");
    }
}
