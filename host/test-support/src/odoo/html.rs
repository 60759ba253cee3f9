//! What the server does to a body: escaping of plain text, sanitising of HTML, the preview.

use std::{borrow::Cow, collections::HashSet, sync::OnceLock};

use ammonia::Builder;

const TAGS: [&str; 50] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "u",
    "ul",
];
const ATTRIBUTES: [&str; 14] = [
    "href", "src", "style", "class", "color", "title", "alt", "width", "height", "target", "start",
    "colspan", "rowspan", "summary",
];

fn sanitiser() -> &'static Builder<'static> {
    static SANITISER: OnceLock<Builder<'static>> = OnceLock::new();
    SANITISER.get_or_init(|| {
        let mut builder = Builder::empty();
        builder
            .tags(TAGS.into_iter().collect())
            .clean_content_tags(HashSet::from(["script", "style", "iframe", "form", "head", "title"]))
            .generic_attributes(ATTRIBUTES.into_iter().collect())
            .url_schemes(HashSet::from([
                "http",
                "https",
                "mailto",
                "mxc",
                "tel",
                "data",
                "javascript",
                "matrix",
            ]))
            .link_rel(None)
            .attribute_filter(|_, attribute, value| {
                let dangerous = matches!(attribute, "href" | "src")
                    && value.trim_start().to_ascii_lowercase().starts_with("javascript:");
                Some(if dangerous { Cow::Borrowed("") } else { Cow::Borrowed(value) })
            });
        builder
    })
}

/// HTML as the server keeps it.
pub(crate) fn sanitise(html: &str) -> String {
    let had_body = html.contains("<tbody");
    let mut clean = sanitiser().clean(&html.replace('\0', " ")).to_string();
    if !had_body {
        clean = clean.replace("<tbody>", "").replace("</tbody>", "");
    }
    clean.replace("<blockquote>", "<blockquote data-o-mail-quote-node=\"1\" data-o-mail-quote=\"1\">")
}

/// Plain text as a body: escaped, in a paragraph, its newlines kept as they are.
pub(crate) fn paragraph(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = text.replace('\0', " ").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<p>{text}</p>")
}

/// The text of a body on one line.
pub(crate) fn preview(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let Some(end) = tag.find('>') else { break };
        let (tag, after) = tag.split_at(end + 1);
        if ["</p>", "<br", "<tr", "</div>"].iter().any(|wide| tag.starts_with(wide)) {
            text.push(' ');
        }
        rest = after;
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
