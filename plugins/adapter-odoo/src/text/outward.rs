//! From Matrix to Odoo: HTML that says the same in the chatter. Odoo sanitises it again and keeps most of it; it would show
//! a reply's fallback as words, and a picture that only a homeserver has as a broken one.

use patchbay_sdk::prelude::*;

use super::html::{Piece, Reader, escaped};

/// A body beyond this is no message; Matrix has none above 64 KiB.
const MOST: usize = 1 << 20;

/// Words as Odoo's HTML.
///
/// # Errors
/// When it is too large for any chatter.
pub(crate) fn body(text: &Text) -> Result<String, Failure> {
    let size = text.plain.len().max(text.html.as_ref().map_or(0, String::len));
    if size > MOST {
        return Err(Failure::rejected(format!("the message has {size} bytes; Odoo is given {MOST} at most")));
    }
    let formatted = text.html.as_deref().map(dressed).filter(|html| !html.trim().is_empty());
    Ok(formatted.unwrap_or_else(|| paragraph(&text.plain)))
}

/// Plain words as one paragraph, line by line.
pub(crate) fn paragraph(plain: &str) -> String {
    let lines: Vec<String> = plain.trim_end().lines().map(escaped).collect();
    format!("<p>{}</p>", lines.join("<br>"))
}

fn dressed(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut silent = 0_usize;
    for piece in Reader::of(html) {
        match piece {
            Piece::Open(tag) if tag.name == "mx-reply" => silent += 1,
            Piece::Close(name) if name == "mx-reply" => silent = silent.saturating_sub(1),
            _ if silent > 0 => {}
            Piece::Text(words) => out.push_str(&escaped(&words)),
            Piece::Open(tag) if tag.name == "img" => {
                let shown = tag.attribute("alt").or_else(|| tag.attribute("title")).unwrap_or_default();
                out.push_str(&escaped(&shown));
            }
            Piece::Open(tag) => {
                let Some(name) = kept(&tag.name) else { continue };
                out.push('<');
                out.push_str(name);
                if name == "a"
                    && let Some(href) = tag.attribute("href")
                {
                    out.push_str(&format!(" href=\"{}\"", escaped(&href)));
                }
                if name == "code"
                    && let Some(class) = tag.attribute("class").filter(|class| class.starts_with("language-"))
                {
                    out.push_str(&format!(" class=\"{}\"", escaped(&class)));
                }
                if name == "ol"
                    && let Some(start) = tag.attribute("start").and_then(|start| start.parse::<u32>().ok())
                {
                    out.push_str(&format!(" start=\"{start}\""));
                }
                out.push('>');
            }
            Piece::Close(name) => {
                if let Some(name) = kept(&name).filter(|name| !matches!(*name, "br" | "hr")) {
                    out.push_str(&format!("</{name}>"));
                }
            }
        }
    }
    out
}

/// What Odoo shows as Matrix means it; of anything else the words remain.
fn kept(name: &str) -> Option<&'static str> {
    const KEPT: [&str; 33] = [
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "del",
        "strike",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "a",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "div",
    ];
    KEPT.into_iter().find(|kept| *kept == name)
}
