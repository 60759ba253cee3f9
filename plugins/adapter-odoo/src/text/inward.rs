//! From Odoo to Matrix: what an agent wrote, as plain words and as HTML with nothing in it that only Odoo understands.

use patchbay_sdk::prelude::*;

use super::html::{Piece, Reader, Tag, escaped};

/// What an agent wrote; none where there are no words. `mail`: it came by mail, with what it answers below it; what is
/// quoted in a message that was written in Odoo is quoted on purpose.
pub(crate) fn text(body: &str, mail: bool) -> Option<Text> {
    let whole = read(body, mail);
    // A message that is all quotation is what was meant.
    let read = if whole.plain.trim().is_empty() { read(body, false) } else { whole };
    let plain = tidied(&read.plain);
    if plain.is_empty() {
        return None;
    }
    if plain.len() > MOST {
        let mut short: String = plain.chars().take(MOST / 4).collect();
        short.push('…');
        return Some(short.as_str().into());
    }
    let html = read.formatted.then(|| read.html.trim().to_owned()).filter(|html| html.len() <= MOST);
    Some(Text { plain, html })
}

/// A Matrix event has 64 KiB at most, all in all.
const MOST: usize = 24 << 10;

#[derive(Default)]
struct Read {
    plain: String,
    html: String,
    /// There is more to it than paragraphs and lines.
    formatted: bool,
}

fn read(body: &str, drop_quotes: bool) -> Read {
    let mut read = Read::default();
    // What is open, and whether it is shown.
    let mut open: Vec<(String, bool)> = Vec::new();
    for piece in Reader::of(body) {
        let shown = open.iter().all(|(_, shown)| *shown);
        match piece {
            Piece::Text(words) if shown => read.say(&words, open.iter().any(|(name, _)| name == "pre")),
            Piece::Text(_) => {}
            Piece::Open(tag) => {
                let hidden = drop_quotes && is_quotation(&tag) || is_decoration(&tag);
                if shown && !hidden {
                    read.open(&tag, &open);
                }
                if !tag.closed
                    && !matches!(tag.name.as_str(), "br" | "hr" | "img" | "input" | "meta" | "link" | "wbr")
                {
                    open.push((name_of(&tag), !hidden));
                }
            }
            Piece::Close(name) => {
                let Some(at) = open.iter().rposition(|(known, _)| known.split(' ').next() == Some(&name))
                else {
                    continue;
                };
                for (name, _) in open.split_off(at).into_iter().rev() {
                    if open.iter().all(|(_, shown)| *shown) {
                        read.close(&name);
                    }
                }
            }
        }
    }
    for (name, _) in open.into_iter().rev() {
        read.close(&name);
    }
    read
}

/// A link that leads into Odoo closes as nothing.
fn name_of(tag: &Tag<'_>) -> String {
    if tag.name == "a" && href(tag).is_none() { "a inside".to_owned() } else { tag.name.clone() }
}

/// What Odoo itself found to be quoted from an earlier mail. A quotation that the writer meant has no such mark where it is
/// written in Odoo, but gets it where it comes in from outside.
fn is_quotation(tag: &Tag<'_>) -> bool {
    tag.has("data-o-mail-quote") || tag.has("data-o-mail-quote-container") || tag.is_of("gmail_quote")
}

fn is_decoration(tag: &Tag<'_>) -> bool {
    tag.is_of("o-mail-Message-edited") || tag.is_of("o_mail_notification_content_hidden")
}

/// Where a link leads, if that is a place for people outside: Odoo's own records are not.
fn href(tag: &Tag<'_>) -> Option<String> {
    let inside = tag.has("data-oe-model") || tag.is_of("o_mail_redirect") || tag.is_of("o_channel_redirect");
    let href = tag.attribute("href").filter(|_| !inside)?;
    let outside = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme));
    outside.then_some(href)
}

// === impl Read ===

impl Read {
    fn say(&mut self, words: &str, as_it_is: bool) {
        if as_it_is {
            self.plain.push_str(words);
            self.html.push_str(&escaped(words));
            return;
        }
        let mut after = self.plain.chars().next_back().is_none_or(char::is_whitespace);
        let mut out = String::with_capacity(words.len());
        for c in words.chars() {
            // A line break in the source is a space; what may not be broken stays.
            let space = c.is_ascii_whitespace();
            if !(space && after) {
                out.push(if space { ' ' } else { c });
            }
            after = space;
        }
        self.html.push_str(&escaped(&out));
        self.plain.push_str(&out.replace('\u{a0}', " "));
    }

    fn line(&mut self, blank: bool) {
        // What a list or a quotation begins with is followed by its words.
        if matches!(self.plain.rsplit('\n').next(), Some("> " | "- " | "1. ")) {
            return;
        }
        while self.plain.ends_with(' ') {
            self.plain.pop();
        }
        let wanted = if blank { "\n\n" } else { "\n" };
        while !self.plain.is_empty() && !self.plain.ends_with(wanted) {
            self.plain.push('\n');
        }
    }

    fn open(&mut self, tag: &Tag<'_>, open: &[(String, bool)]) {
        match tag.name.as_str() {
            "br" => {
                self.html.push_str("<br>");
                self.plain.push('\n');
            }
            "hr" => {
                self.line(false);
                self.plain.push_str("---\n");
                self.mark("hr");
            }
            "p" | "div" => {
                self.line(false);
                if tag.name == "p" {
                    self.html.push_str("<p>");
                } else if !self.html.is_empty() && !self.html.ends_with('>') {
                    self.html.push_str("<br>");
                }
            }
            "a" => {
                if let Some(href) = href(tag) {
                    self.html.push_str(&format!("<a href=\"{}\">", escaped(&href)));
                    self.formatted = true;
                }
            }
            "li" => {
                self.line(false);
                let ordered = open.iter().rev().find(|(name, _)| matches!(name.as_str(), "ol" | "ul"));
                self.plain.push_str(if ordered.is_some_and(|(name, _)| name == "ol") { "1. " } else { "- " });
                self.mark("li");
            }
            "blockquote" => {
                self.line(false);
                self.plain.push_str("> ");
                self.mark("blockquote");
            }
            "td" | "th" => {
                if !self.plain.is_empty() && !self.plain.ends_with(['\n', ' ']) {
                    self.plain.push(' ');
                }
                let name = tag.name.clone();
                self.mark(&name);
            }
            name if is_kept(name) => {
                if is_block(name) {
                    self.line(false);
                }
                self.mark(name);
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => {
                self.html.push_str("</p>");
                self.line(true);
            }
            "div" => self.line(false),
            "a" => self.html.push_str("</a>"),
            name if is_kept(name) => {
                self.html.push_str(&format!("</{name}>"));
                if is_block(name) {
                    self.line(false);
                }
            }
            _ => {}
        }
    }

    fn mark(&mut self, name: &str) {
        self.html.push_str(&format!("<{name}>"));
        self.formatted = true;
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "h1" | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "ul"
            | "ol"
            | "li"
            | "pre"
            | "blockquote"
            | "table"
            | "tr"
            | "details"
    )
}

fn is_kept(name: &str) -> bool {
    is_block(name)
        || matches!(
            name,
            "b" | "strong"
                | "i"
                | "em"
                | "u"
                | "s"
                | "del"
                | "code"
                | "sub"
                | "sup"
                | "td"
                | "th"
                | "thead"
                | "tbody"
                | "summary"
        )
}

/// At most one empty line, and none at either end.
fn tidied(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    let mut empty = 0;
    for line in plain.trim().lines() {
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}
