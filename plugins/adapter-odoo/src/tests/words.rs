//! Words, both ways.

use super::*;
use crate::text::{inward, outward};

#[test]
fn each_recorded_body_reads_as_it_was_meant() {
    for (name, plain) in [
        ("message.read.comment", "hello from matrix"),
        ("message.read.author_partner", "I am Bob"),
        ("message.read.html_escaped", "<b>x</b> <a href=\"https://e.org\">l</a>"),
        ("message.read.emoji_unicode", "emoji 😀 \u{202e} rtl zero\u{200b} end"),
        ("message.read.nul_char", "a b"),
        ("message.read.parent", "reply"),
        ("message.read.edited", "edited"),
        ("message.read.task", "task msg"),
        ("message.read.ticket", "ticket msg"),
        ("message.read.unclosed_html", "unclosed x"),
    ] {
        let row = body(OLD, name)["result"][0].clone();
        let text = inward::text(row["body"].as_str().unwrap(), false).unwrap();
        assert_eq!(text.plain, plain, "{name}");
    }
    let empty = body(OLD, "message.read.empty_body")["result"][0]["body"].clone();
    assert_eq!(inward::text(empty.as_str().unwrap(), false), None);
}

#[test]
fn what_sanitising_left_becomes_matrix_html_without_what_only_odoo_understands() {
    let row = body(OLD, "message.read.html_body_is_html")["result"][0].clone();
    let text = inward::text(row["body"].as_str().unwrap(), false).unwrap();
    let html = text.html.unwrap();
    assert!(
        html.starts_with(
            "<p>Hi <b>b</b> <i>i</i> <code>c</code></p><pre><code>let x = 1 &lt; 2;</code></pre>"
        ),
        "{html}"
    );
    assert!(html.contains("<a href=\"https://matrix.to/#/@bob:example.org\">Bob</a>js"), "{html}");
    for gone in ["<img", "mxc://", "style", "data-o-mail", "<font", "href=\"\""] {
        assert!(!html.contains(gone), "{gone} in {html}");
    }
    assert!(text.plain.contains("> q"), "{}", text.plain);
}

#[test]
fn a_mail_loses_what_it_quotes_and_a_comment_does_not() {
    let body = "<p>No.</p><blockquote data-o-mail-quote=\"1\"><p>Shall we?</p></blockquote>";
    assert_eq!(inward::text(body, true).unwrap().plain, "No.");
    assert_eq!(inward::text(body, false).unwrap().plain, "No.\n\n> Shall we?");
    let all = "<blockquote data-o-mail-quote=\"1\">nothing else</blockquote>";
    assert_eq!(inward::text(all, true).unwrap().plain, "> nothing else");
}

#[test]
fn a_link_to_a_record_of_odoos_is_a_name_outside() {
    let body = "<p><a href=\"https://odoo.example/odoo/res.partner/8\" class=\"o_mail_redirect\" data-oe-model=\"res.partner\" \
                data-oe-id=\"8\">@Alice</a> says <a href='https://example.org/?a=1&amp;b=2'>look</a></p>";
    let text = inward::text(body, false).unwrap();
    assert_eq!(text.plain, "@Alice says look");
    assert_eq!(
        text.html.unwrap(),
        "<p>@Alice says <a href=\"https://example.org/?a=1&amp;b=2\">look</a></p>"
    );
}

#[test]
fn paragraphs_lists_and_broken_html_keep_their_words() {
    let plain = |html: &str| inward::text(html, false).map(|text| text.plain).unwrap_or_default();
    assert_eq!(plain("<p>one<br>two</p><p>three</p>"), "one\ntwo\n\nthree");
    assert_eq!(plain("<div>one</div><div>two</div>"), "one\ntwo");
    assert_eq!(plain("<ul><li>a</li><li>b</li></ul>"), "- a\n- b");
    assert_eq!(plain("a < b && c > d"), "a < b && c > d");
    assert_eq!(plain("<b"), "<b");
    assert_eq!(plain("<a href=\"x>y\">l</a>"), "l");
    assert_eq!(plain("<script>alert(1)</script>x<style>p{}</style>"), "x");
    assert_eq!(plain("&#x1F600;&nbsp;&unknown;&#0;"), "😀 &unknown;&#0;");
    assert_eq!(plain("</p></b>x<b></p>"), "x");
    assert_eq!(plain(&"<b>".repeat(10_000)), "");
}

#[test]
fn matrix_html_keeps_its_form_and_loses_what_odoo_would_show_wrongly() {
    let html = "<mx-reply><blockquote>old</blockquote></mx-reply><p>Hi <strong>b</strong> <img src=\"mxc://a/b\" alt=\":cat:\"> \
                <span data-mx-spoiler>s</span> <a href=\"https://e.org/?a=1&amp;b\" onclick=\"x()\">l</a></p>\
                <pre><code class=\"language-rs\">1 &lt; 2</code></pre>";
    let text = Text { plain: "Hi".to_owned(), html: Some(html.to_owned()) };
    assert_eq!(
        outward::body(&text).unwrap(),
        "<p>Hi <strong>b</strong> :cat: s <a href=\"https://e.org/?a=1&amp;b\">l</a></p>\
         <pre><code class=\"language-rs\">1 &lt; 2</code></pre>"
    );
}

#[test]
fn plain_words_keep_lines_right_to_left_and_emoji_and_lose_nul() {
    let words = "שלום 😀\n<b>&\"\0 end\n";
    assert_eq!(outward::body(&words.into()).unwrap(), "<p>שלום 😀<br>&lt;b&gt;&amp;&quot; end</p>");
}

#[test]
fn what_looks_like_a_secret_or_a_file_is_words() {
    let words = "<odoo> {{secret:odoo}} att:47 mxc://a/b \"datas\":\"\"";
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(5))));
    odoo(&host, settings("crm.lead")).append("7".to_owned(), vec![item("a", words)], host.call("k")).unwrap();
    let body = named(&host.requests()[0])["body"].as_str().unwrap().to_owned();
    assert_eq!(inward::text(&body, false).unwrap().plain, words);
}

#[test]
fn what_no_event_holds_is_cut_short() {
    let text = inward::text(&format!("<p>{}</p>", "ü".repeat(100_000)), false).unwrap();
    assert!(text.plain.len() < 16 << 10 && text.plain.ends_with('…') && text.html.is_none());
    let formatted = format!("<p>{}</p>", "<b>x</b>".repeat(10_000));
    assert_eq!(inward::text(&formatted, false).unwrap().html, None);
}
