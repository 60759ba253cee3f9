//! What a receiver may send back: one object, or a list of them.

use patchbay_sdk::prelude::{self as contract, Edit, Entry, JsonSchema, Message, News, Webhook, schemars};
use serde::Deserialize;

use crate::{change::Changed, envelope::Party};

/// The body of a webhook, signed as Standard Webhooks says it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "Webhook")]
pub enum Body {
    /// Several, in order.
    Many(Vec<Told>),
    /// One.
    One(Box<Told>),
}

/// What happened to one ticket. Unknown fields are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Told {
    /// Unique among all that you send: a second one is dropped. Absent: the webhook's own identifier, and the place in
    /// the list.
    #[serde(default)]
    pub id: Option<String>,
    /// As you named it.
    pub ticket: String,
    /// Shown no earlier: milliseconds since the Unix epoch.
    #[serde(default)]
    pub not_before: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// Shown to the customer.
    Message(Said),
    /// Seen by agents alone.
    Note(Said),
    /// A message of yours has other words now.
    Edit {
        /// As you named it.
        target: Vec<String>,
        /// Who changed it.
        author: Author,
        /// Its new words.
        text: String,
        /// The same in HTML.
        #[serde(default)]
        html: Option<String>,
    },
    /// A message of yours is taken back.
    Removal {
        /// As you named it.
        target: Vec<String>,
        /// Who took it back.
        author: Author,
    },
    /// Somebody reacted to a message.
    Reaction {
        /// As you named it.
        target: Vec<String>,
        /// Mostly an emoji.
        key: String,
        /// Who reacted.
        author: Author,
    },
    /// The ticket is different now.
    Changed {
        /// In order.
        changes: Vec<Changed>,
        /// Whose doing it is.
        #[serde(default)]
        by: Option<Author>,
    },
    /// What became of a message that you were sent.
    Report {
        /// As you named it.
        target: Vec<String>,
        /// How far it came.
        progress: Progress,
        /// Why it failed.
        #[serde(default)]
        detail: Option<String>,
    },
    /// An agent types, or has stopped.
    Typing {
        /// Who.
        by: Author,
        /// False: not any more.
        active: bool,
    },
    /// An agent has read.
    Read {
        /// Who.
        by: Author,
        /// Up to here, as you named it.
        target: Vec<String>,
    },
}

/// Something said: words, files, or both.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Said {
    /// Who said it.
    pub author: Author,
    /// Its words.
    #[serde(default)]
    pub text: Option<String>,
    /// The same in HTML.
    #[serde(default)]
    pub html: Option<String>,
    /// Its files.
    #[serde(default)]
    pub files: Vec<Linked>,
    /// What it answers, as you named it.
    #[serde(default)]
    pub reply_to: Vec<String>,
    /// Milliseconds since the Unix epoch. Absent: now.
    #[serde(default)]
    pub sent_at: Option<u64>,
}

/// A file that is fetched from you.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Linked {
    /// Where it is: a URL that was granted, asked for with the same `Authorization` as envelopes have.
    pub url: String,
    /// Its name.
    pub name: String,
    /// As in MIME.
    pub mime_type: String,
    /// In bytes.
    #[serde(default)]
    pub size: Option<u64>,
}

/// Who did it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Author {
    /// A Matrix user ID, `network:identifier`, or a name of your own.
    pub id: String,
    /// To show.
    #[serde(default)]
    pub name: Option<String>,
    /// Absent: an agent.
    #[serde(default)]
    pub party: Option<Party>,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Progress {
    Sent,
    Delivered,
    Failed,
}

/// The entries that `hook` tells, each with an identifier that is the same when it is sent again.
///
/// # Errors
/// With what is wrong or missing.
pub fn entries(hook: &Webhook, now: contract::Timestamp) -> Result<Vec<Entry>, String> {
    // Read by its first character: an untagged body would only say that it fits neither form.
    let list = hook.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let told: Result<Vec<Told>, _> = if list {
        serde_json::from_slice(&hook.body)
    } else {
        serde_json::from_slice(&hook.body).map(|one| vec![one])
    };
    let told = told.map_err(|error| error.to_string())?;
    let delivery = hook.header("webhook-id").unwrap_or_default();
    told.into_iter().enumerate().map(|(n, told)| told.entry(&format!("{delivery}-{n}"), now)).collect()
}

// === impl Told ===

impl Told {
    fn entry(self, fallback: &str, now: contract::Timestamp) -> Result<Entry, String> {
        let id = self.id.filter(|id| !id.is_empty()).unwrap_or_else(|| fallback.to_owned());
        let message = |author: Author, content| Message::new(&id, author.into(), now, content);
        let news = match self.what {
            What::Message(said) => News::Message(said.message(&id, now)?),
            What::Note(said) => News::Note(said.message(&id, now)?),
            What::Edit { target, author, text, html } => {
                let text = Some(contract::Text { plain: text, html });
                let edit = Edit { target, post: contract::Post { text, files: Vec::new() } };
                News::Message(message(author, contract::Content::Edit(edit)))
            }
            What::Removal { target, author } => {
                News::Message(message(author, contract::Content::Removal(target)))
            }
            What::Reaction { target, key, author } => {
                let reaction = contract::Reaction { target, key, removed: None };
                News::Message(message(author, contract::Content::Reaction(reaction)))
            }
            What::Changed { changes, by } => {
                let changes = changes.into_iter().map(Into::into).collect();
                News::Changed(contract::Changes { changes, by: by.map(Into::into) })
            }
            What::Report { target, progress, detail } => {
                let progress = progress.into();
                News::Report(contract::Report { target, progress, detail })
            }
            What::Typing { by, active } => {
                let kind =
                    if active { contract::SignalKind::Typing } else { contract::SignalKind::StoppedTyping };
                News::Signal(contract::Signal { kind, by: by.into(), target: Vec::new() })
            }
            What::Read { by, target } => {
                News::Signal(contract::Signal { kind: contract::SignalKind::Read, by: by.into(), target })
            }
        };
        Ok(Entry { not_before: self.not_before, ..Entry::new(id, self.ticket, news) })
    }
}

// === impl Said ===

impl Said {
    fn message(self, id: &str, now: contract::Timestamp) -> Result<Message, String> {
        let html = self.html;
        let text = self.text.filter(|plain| !plain.is_empty()).map(|plain| contract::Text { plain, html });
        let files: Vec<_> = self.files.into_iter().map(contract::Attachment::from).collect();
        if text.is_none() && files.is_empty() {
            return Err("there is neither `text` nor `files`".to_owned());
        }
        let content = contract::Content::Post(contract::Post { text, files });
        let message = Message::new(id, self.author.into(), self.sent_at.unwrap_or(now), content);
        Ok(Message { reply_to: self.reply_to, ..message })
    }
}

impl From<Linked> for contract::Attachment {
    fn from(file: Linked) -> Self {
        Self { size: file.size, ..Self::new(file.url, file.name, file.mime_type) }
    }
}

/// Whoever has a name of the receiver's own is somebody of the network `webhook`.
impl From<Author> for contract::Person {
    fn from(author: Author) -> Self {
        let party = match author.party {
            None | Some(Party::Agent) => contract::Party::Agent,
            Some(Party::Customer) => contract::Party::Customer,
            Some(Party::Bot) => contract::Party::Bot,
            Some(Party::System) => contract::Party::System,
        };
        let (id, network) = match author.id.split_once(':') {
            Some((network, _)) if !network.starts_with('@') => (author.id.clone(), Some(network.to_owned())),
            Some(_) => (author.id.clone(), None),
            None => (format!("webhook:{}", author.id), Some("webhook".to_owned())),
        };
        Self { display_name: author.name, network, ..Self::new(id, party) }
    }
}

impl From<Progress> for contract::Progress {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Sent => Self::Sent,
            Progress::Delivered => Self::Delivered,
            Progress::Failed => Self::Failed,
        }
    }
}
