//! `m.room.message` and `m.sticker`: words, files, places, and edits of them.

use patchbay_sdk::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Meaning, location,
    media::{EncryptedFile, Info, Media},
    other,
    relation::Relation,
};
use crate::lenient::{content, lenient};

/// The content of a message, or the `m.new_content` of an edit.
#[derive(Default, Deserialize)]
pub(super) struct Body<'a> {
    #[serde(default, deserialize_with = "lenient")]
    msgtype: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    body: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    format: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    formatted_body: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    filename: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    file: Option<EncryptedFile>,
    #[serde(default, deserialize_with = "lenient")]
    info: Option<Info>,
    #[serde(default, deserialize_with = "lenient")]
    geo_uri: Option<String>,
    #[serde(borrow, default, rename = "m.voice")]
    voice: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "org.matrix.msc3245.voice")]
    unstable_voice: Option<&'a RawValue>,
    #[serde(default, rename = "m.relates_to", deserialize_with = "lenient")]
    relates_to: Option<Relation>,
    #[serde(borrow, default, rename = "m.new_content")]
    new_content: Option<&'a RawValue>,
}

pub(super) fn meaning(event: &Event) -> Result<Meaning, String> {
    let mut body: Body<'_> = content(&event.content);
    let relation = body.relates_to.take();
    let msgtype = body.msgtype.clone().filter(|msgtype| msgtype != "m.text");
    if let Some(target) = relation.as_ref().and_then(Relation::replaces) {
        let post = edited(event, body)?;
        return Ok(Meaning::new(Content::Edit(Edit { target: vec![target.to_owned()], post })));
    }
    let replies = relation.as_ref().is_some_and(Relation::quotes);
    let meant = body.meaning(event, replies)?;
    let marked =
        msgtype.filter(|_| matches!(meant, Content::Post(Post { ref files, .. }) if files.is_empty()));
    Ok(Meaning::new(meant).related(relation.as_ref()).with("msgtype", marked))
}

/// A sticker's body describes it; it is no caption.
pub(super) fn sticker(event: &Event) -> Result<Meaning, String> {
    let mut body: Body<'_> = content(&event.content);
    let relation = body.relates_to.take();
    let plain = body.body.clone();
    let meant = match body.attachment(MediaKind::Sticker) {
        Some(file) => Content::Post(Post { text: None, files: vec![file] }),
        None if plain.is_none() => return Err("a sticker of which nothing is left".to_owned()),
        None => Content::Other(other(event, plain)),
    };
    Ok(Meaning::new(meant).related(relation.as_ref()))
}

/// What the message says from now on. Without `m.new_content` its fallback for old clients has to do.
fn edited(event: &Event, fallback: Body<'_>) -> Result<Post, String> {
    let new = fallback.new_content.map(|raw| content::<Body<'_>>(raw.get()));
    let meant = match new.map(|new| new.meaning(event, false)) {
        Some(Ok(meant)) => meant,
        Some(Err(_)) | None => fallback.without_star().meaning(event, false)?,
    };
    match meant {
        Content::Post(post) => Ok(post),
        Content::Other(Other { plain: Some(plain), .. })
        | Content::Location(Location { label: Some(plain), .. }) => {
            Ok(Post { text: Some(Text { plain, html: None }), files: Vec::new() })
        }
        _ => Err("an edit that leaves no words".to_owned()),
    }
}

// === impl Body ===

impl Body<'_> {
    fn meaning(self, event: &Event, replies: bool) -> Result<Content, String> {
        let kind = match self.msgtype.as_deref() {
            Some("m.text" | "m.notice") => return self.words(replies, None),
            Some("m.emote") => return self.words(replies, Some(called(&event.sender))),
            Some("m.location") => return Ok(self.place(event)),
            Some("m.image") => MediaKind::Image,
            Some("m.video") => MediaKind::Video,
            Some("m.file") => MediaKind::File,
            Some("m.audio") if self.voice.or(self.unstable_voice).is_some() => MediaKind::Voice,
            Some("m.audio") => MediaKind::Audio,
            Some(kind) if kind.starts_with("m.key.") => return Err(format!("{kind} is between devices")),
            None if self.body.is_none() => return Err("nothing is left of it: it was redacted".to_owned()),
            _ => return Ok(self.unknown(event)),
        };
        let (plain, caption) = (self.body.clone(), self.caption(replies));
        match self.attachment(kind) {
            Some(file) => Ok(Content::Post(Post { text: caption, files: vec![file] })),
            // A file that lies nowhere: at least its words arrive.
            None => Ok(Content::Other(other(event, plain))),
        }
    }

    fn words(self, replies: bool, emote: Option<&str>) -> Result<Content, String> {
        let mut text = self.text(replies).ok_or("it has no words")?;
        if let Some(name) = emote {
            text.plain = format!("* {name} {}", text.plain);
            text.html = text.html.map(|html| format!("* {} {html}", escape(name)));
        }
        Ok(Content::Post(Post { text: Some(text), files: Vec::new() }))
    }

    fn text(&self, replies: bool) -> Option<Text> {
        let plain = self.body.as_deref()?;
        let html = self.formatted_body.as_deref().filter(|html| self.is_html() && !html.is_empty());
        if !replies {
            return Some(Text { plain: plain.to_owned(), html: html.map(str::to_owned) });
        }
        let html = html.map(|html| without_quote_html(html).to_owned());
        Some(Text { plain: without_quote(plain).to_owned(), html })
    }

    /// The body is a caption where the file's name stands elsewhere, and is another one.
    fn caption(&self, replies: bool) -> Option<Text> {
        let name = self.filename.as_deref().filter(|name| !name.is_empty())?;
        if self.body.as_deref() == Some(name) { None } else { self.text(replies) }
    }

    fn place(self, event: &Event) -> Content {
        match self.geo_uri.as_deref().and_then(location::parse) {
            Some((latitude, longitude)) => {
                let label = self.body.filter(|body| !body.trim().is_empty());
                Content::Location(Location { latitude, longitude, label })
            }
            None => Content::Other(other(event, self.body)),
        }
    }

    /// A message type that is not known is named, since the event's type says only that it is a message.
    fn unknown(self, event: &Event) -> Content {
        let mut unknown = other(event, self.body);
        unknown.kind = self.msgtype.unwrap_or(unknown.kind);
        Content::Other(unknown)
    }

    fn attachment(self, kind: MediaKind) -> Option<Attachment> {
        let url = self.url.or_else(|| self.file.and_then(|file| file.url));
        let name = self.filename.filter(|name| !name.is_empty()).or(self.body);
        Media { kind, url: url?, name, info: self.info.unwrap_or_default() }.attachment()
    }

    fn is_html(&self) -> bool {
        self.format.as_deref() == Some("org.matrix.custom.html")
    }

    fn without_star(mut self) -> Self {
        for text in [&mut self.body, &mut self.formatted_body].into_iter().flatten() {
            if let Some(rest) = text.strip_prefix("* ") {
                *text = rest.to_owned();
            }
        }
        self
    }
}

/// Old clients put what they answer before what they say: lines that begin with `>`, then an empty one.
fn without_quote(plain: &str) -> &str {
    if !plain.starts_with("> <@") && !plain.starts_with("> * <@") {
        return plain;
    }
    let mut rest = plain;
    while rest.starts_with('>') {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}

fn without_quote_html(html: &str) -> &str {
    let Some(quoted) = html.trim_start().strip_prefix("<mx-reply>") else { return html };
    quoted.split_once("</mx-reply>").map_or(html, |(_, rest)| rest)
}

fn called(person: &Person) -> &str {
    person.display_name.as_deref().unwrap_or(&person.id)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
