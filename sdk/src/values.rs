//! Short ways to make the contract's values: what is not said is absent.

use crate::{
    bindings::{
        adapter::exports::patchbay::plugin::{
            adapter::{Health, Item, Written},
            polling::Page,
            webhooks::{Answer, Batch, Webhook},
        },
        router::exports::patchbay::plugin::routing::{Decision, Placement, Route},
    },
    types::{
        Attachment, Change, Changes, Content, Entry, Header, MediaKind, Message, Named, News, Party, Person,
        Post, Text, Ticket, Timestamp,
    },
};

// === impl Person ===

impl Person {
    /// Someone of whom no more is known. `id` is a Matrix user ID, or `network:identifier`.
    #[must_use]
    pub fn new(id: impl Into<String>, party: Party) -> Self {
        Self {
            id: id.into(),
            remote: None,
            party,
            display_name: None,
            phone: None,
            email: None,
            locale: None,
            identifiers: Vec::new(),
            network: None,
            attributes: Vec::new(),
        }
    }

    /// The name to show: the display name, or else the identifier.
    #[must_use]
    pub fn name(&self) -> &str {
        self.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.id)
    }
}

// === impl Message ===

impl Message {
    /// A message that answers nothing.
    #[must_use]
    pub fn new(id: impl Into<String>, author: Person, sent_at: Timestamp, content: Content) -> Self {
        Self {
            id: id.into(),
            origin: None,
            author,
            sent_at,
            content,
            reply_to: Vec::new(),
            thread: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// The words of a post or of an edit; nothing where there are none.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        let post = match &self.content {
            Content::Post(post) => post,
            Content::Edit(edit) => &edit.post,
            _ => return None,
        };
        post.text.as_ref().map(|text| text.plain.as_str())
    }
}

impl From<Post> for Content {
    fn from(post: Post) -> Self {
        Self::Post(post)
    }
}

/// Words without files.
impl From<Text> for Content {
    fn from(text: Text) -> Self {
        Self::Post(Post { text: Some(text), files: Vec::new() })
    }
}

/// Without formatting.
impl From<String> for Text {
    fn from(plain: String) -> Self {
        Self { plain, html: None }
    }
}

/// Without formatting.
impl From<&str> for Text {
    fn from(plain: &str) -> Self {
        plain.to_owned().into()
    }
}

// === impl Attachment ===

impl Attachment {
    /// A file of which no more is known; its kind follows from its type.
    #[must_use]
    pub fn new(
        handle: impl Into<String>,
        file_name: impl Into<String>,
        mime_type: impl Into<String>,
    ) -> Self {
        let mime_type = mime_type.into();
        let kind = match mime_type.split('/').next() {
            Some("image") => MediaKind::Image,
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => MediaKind::File,
        };
        Self {
            handle: handle.into(),
            kind,
            file_name: file_name.into(),
            mime_type,
            size: None,
            width: None,
            height: None,
            duration: None,
        }
    }
}

// === impl Ticket ===

impl Ticket {
    /// Without a place in the browser.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), url: None }
    }

    /// With the place where an agent opens it.
    #[must_use]
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }
}

// === impl Named ===

impl Named {
    /// Without a name for people.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None }
    }
}

// === impl Entry ===

impl Entry {
    /// News of `ticket`. `id` is unique in this adapter instance: a second one is dropped.
    #[must_use]
    pub fn new(id: impl Into<String>, ticket: impl Into<String>, news: News) -> Self {
        Self { id: id.into(), ticket: ticket.into(), news, not_before: None }
    }
}

/// By nobody in particular.
impl From<Vec<Change>> for Changes {
    fn from(changes: Vec<Change>) -> Self {
        Self { changes, by: None }
    }
}

// === impl Written ===

impl Written {
    /// One item became `parts`, the text first.
    #[must_use]
    pub fn new(item: &Item, parts: Vec<String>) -> Self {
        Self { key: item.key.clone(), parts }
    }
}

// === impl Decision ===

impl Decision {
    /// By these routes, and nothing else. `reason` is for whoever asks why.
    #[must_use]
    pub fn routes(routes: Vec<Route>, reason: impl Into<String>) -> Self {
        Self { routes, replies: Vec::new(), labels: Vec::new(), reason: reason.into() }
    }
}

// === impl Route ===

impl Route {
    /// To the open ticket of `adapter`, or to a new one.
    #[must_use]
    pub fn to(adapter: impl Into<String>) -> Self {
        Self {
            adapter: adapter.into(),
            placement: Placement::ContinueOrOpen,
            internal: false,
            initial: Vec::new(),
            changes: Vec::new(),
        }
    }
}

// === impl Health ===

impl Health {
    /// What answered.
    #[must_use]
    pub fn new(version: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { version: version.into(), detail: detail.into() }
    }
}

// === impl Page ===

impl Page {
    /// The last page for now.
    #[must_use]
    pub fn last(entries: Vec<Entry>, cursor: impl Into<String>) -> Self {
        Self { entries, cursor: cursor.into(), more: false, again_at: None }
    }
}

// === impl Batch ===

impl From<Vec<Entry>> for Batch {
    fn from(entries: Vec<Entry>) -> Self {
        Self { entries, poll: false }
    }
}

// === impl Answer ===

impl Answer {
    /// Kept for `receive`; the caller hears 200.
    #[must_use]
    pub fn keep() -> Self {
        Self { keep: true, status: 200, headers: Vec::new(), body: Vec::new() }
    }

    /// Not kept.
    #[must_use]
    pub fn refuse(status: u16) -> Self {
        Self { keep: false, status, headers: Vec::new(), body: Vec::new() }
    }

    /// With `text` as its body.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
        self.headers.push(header("content-type", "text/plain; charset=utf-8"));
        self.body = text.into().into_bytes();
        self
    }
}

// === impl Webhook ===

impl Webhook {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.as_str())
    }
}
