//! Whatever is written comes out as something that can be sent, shown and stored, and what is fine comes out as it was.

use patchbay_plugin::types::{Edit, Party, Person, Post};
use proptest::prelude::*;

use super::*;

struct Nobody;

impl Names for Nobody {
    fn name(&self, _: &str) -> Option<String> {
        None
    }

    fn is_ours(&self, _: &str) -> bool {
        false
    }
}

fn message(content: Content) -> Message {
    let author = Person {
        id: "@a:h".into(),
        remote: None,
        party: Party::Customer,
        display_name: None,
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    };
    Message {
        id: "1".into(),
        origin: None,
        author,
        sent_at: 0,
        content,
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

fn post(plain: &str, html: Option<&str>) -> Post {
    Post { text: Some(Text { plain: plain.into(), html: html.map(Into::into) }), files: Vec::new() }
}

fn in_crm(plain: &str, html: Option<&str>) -> Text {
    let mut message = message(Content::Post(post(plain, html)));
    from_matrix(&mut message, &Nobody);
    let Content::Post(Post { text: Some(text), .. }) = message.content else { panic!() };
    text
}

fn in_room(plain: &str, html: Option<&str>) -> Text {
    let mut news = News::Message(message(Content::Post(post(plain, html))));
    to_matrix(&mut news, None);
    let News::Message(Message { content: Content::Post(Post { text: Some(text), .. }), .. }) = news else {
        panic!()
    };
    text
}

#[test]
fn words_of_all_scripts_and_signs_survive_both_ways() {
    let words = "שלום עולם 👩‍👩‍👧‍👦 e\u{301} ไทย नमस्ते **as typed** `x` <3 & \"q\"";
    for text in [in_crm(words, None), in_room(words, None)] {
        assert_eq!((text.plain.as_str(), text.html), (words, None));
    }
}

#[test]
fn what_a_crm_gives_as_html_alone_is_read_out_of_it() {
    let text = in_room("", Some("<p>Dear Ann,</p><ul><li><b>one</b></li></ul><script>x</script>"));
    assert_eq!(text.plain, "Dear Ann,\n\n- one");
    assert_eq!(text.html.as_deref(), Some("<p>Dear Ann,</p><ul><li><b>one</b></li></ul>"));
    let bare = in_room(" ", Some("<p>Hello<br>you</p>"));
    assert_eq!((bare.plain.as_str(), bare.html), ("Hello\nyou", None));
}

#[test]
fn ten_mebibytes_of_words_become_one_event_that_says_so() {
    let long = "\"é\n".repeat(10 << 18);
    let html = format!("<b>{long}</b>");
    for text in [in_room(&long, Some(&html)), in_room("", Some(&html))] {
        assert!(text.html.is_none() && text.plain.contains("(Shortened: "));
        assert!(serde_json::to_string(&text.plain).unwrap().len() <= TO_MATRIX + 2);
    }
    let mut edit =
        News::Message(message(Content::Edit(Edit { target: Vec::new(), post: post(&long, Some(&html)) })));
    to_matrix(&mut edit, Some("https://crm/7"));
    let News::Message(Message { content: Content::Edit(edit), .. }) = edit else { panic!() };
    let plain = edit.post.text.unwrap().plain;
    assert!(plain.len() <= TO_MATRIX / 2 && plain.ends_with("All of it: https://crm/7)"));
    assert!(in_crm(&long, Some(&html)).plain.len() <= TO_CRM);
}

fn any_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(
        &["\0", "\u{202e}", "\u{2066}", "\r\n", "\u{7f}", "👩‍👧", "e\u{301}", "א", " ", "<", "&"][..],
    );
    let part = prop_oneof![3 => odd.prop_map(str::to_owned), 2 => ".{0,8}".prop_map(|text| text)];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn any_html() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(
        &[
            "<b>",
            "</b>",
            "<p>",
            "</p>",
            "<ul>",
            "<li>",
            "</ul>",
            "<ol start=7>",
            "</ol>",
            "<br>",
            "<table>",
            "<td>",
            "</table>",
            "<pre>",
            "</pre>",
            "<blockquote>",
            "</blockquote>",
            "<mx-reply>",
            "</mx-reply>",
            "<script>",
            "</script>",
            "<a href='https://a.b/?c=\"&d'>",
            "<a href='https://matrix.to/#/@a:h'>",
            "</a>",
            "<img alt='x\">'>",
            "<span data-mx-spoiler='r'>",
            "</span>",
            "<!--",
            "-->",
            "&amp;",
            "&#0;",
            "&#x202e;",
        ][..],
    );
    let part = prop_oneof![3 => tag.prop_map(str::to_owned), 2 => any_text()];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_control_character_comes_through_and_all_else_of_plain_text_does(text in any_text()) {
        for out in [in_crm(&text, None).plain, in_room(&text, None).plain] {
            prop_assert!(out.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{out:?}");
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(letters(&out), letters(&text));
        }
    }

    #[test]
    fn any_html_comes_out_within_the_subset_and_readable(html in any_html()) {
        for out in [in_crm("", Some(&html)), in_room("", Some(&html))] {
            if let Some(html) = &out.html {
                prop_assert!(!html.contains("<script") && !html.contains("mx-reply") && !html.contains('\0'));
            }
            prop_assert!(!out.plain.contains("&amp;lt;"), "{}", out.plain);
        }
    }
}
