//! What is posted. Two attempts at the same effect post the same bytes under the same identifier; only the timestamp
//! and the signature in the headers differ.

use patchbay_sdk::prelude::{self as contract, JsonSchema, schemars};
use serde::Serialize;

use crate::change::Changed;

/// One effect.
///
/// Headers: `webhook-id` and `idempotency-key` are `id`; `webhook-timestamp` is the time of the attempt in seconds;
/// `webhook-signature` is `v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`. For `file.upload` the body is the
/// file: this JSON, Base64, is in the header `patchbay-envelope`, and is signed in place of the body.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Envelope")]
pub struct Envelope<'a> {
    /// The same on every attempt, and another one for every other effect: who has done it answers as before.
    pub id: &'a str,
    /// It happened long ago: notify nobody.
    pub history: bool,
    /// What is to be done.
    #[serde(flatten)]
    pub event: &'a Event,
}

/// What is to be done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// Find or make a person, or take over a changed profile. Answer: `id`.
    #[serde(rename = "contact.upsert")]
    ContactUpsert(ContactUpsert),
    /// A new ticket; its messages follow. Answer: `id`, `url`.
    #[serde(rename = "ticket.open")]
    TicketOpen(TicketOpen),
    /// A ticket changed.
    #[serde(rename = "ticket.update")]
    TicketUpdate(TicketUpdate),
    /// Something was said. Answer: `id`, or `parts`.
    #[serde(rename = "message.append")]
    MessageAppend(Box<MessageAppend>),
    /// Something said was changed.
    #[serde(rename = "message.edit")]
    MessageEdit(Box<MessageEdit>),
    /// Something said was taken back.
    #[serde(rename = "message.remove")]
    MessageRemove(MessageRemove),
    /// Somebody reacted, or took a reaction back.
    #[serde(rename = "message.react")]
    MessageReact(MessageReact),
    /// A file of the message that follows; see the headers. Answer: `id`.
    #[serde(rename = "file.upload")]
    FileUpload(FileUpload),
    /// Somebody types, or has read. Never repeated.
    #[serde(rename = "signal")]
    Signal(SignalSent),
    /// Are you there? Answer: `version`.
    #[serde(rename = "ping")]
    Ping(Ping),
}

/// `contact.upsert`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ContactUpsert {
    /// Who.
    pub person: Person,
}

/// `ticket.open`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TicketOpen {
    /// Worth storing.
    pub conversation: String,
    /// For whom.
    pub customer: Person,
    /// What the ticket has from the beginning.
    pub changes: Vec<Changed>,
}

/// `ticket.update`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TicketUpdate {
    /// As you named it.
    pub ticket: String,
    /// In order.
    pub changes: Vec<Changed>,
    /// Whose doing it is.
    pub by: Option<Person>,
}

/// `message.append`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageAppend {
    /// As you named it.
    pub ticket: String,
    /// Who wrote it.
    pub author: Person,
    /// Milliseconds since the Unix epoch.
    pub sent_at: u64,
    /// Not shown to the customer.
    pub internal: bool,
    /// Its words.
    #[serde(flatten)]
    pub text: Words,
    /// Its files.
    pub files: Vec<File>,
    /// A place.
    pub location: Option<Location>,
    /// A neutral remark instead of words, such as a member who left.
    pub remark: Option<String>,
    /// What it answers, as you named it.
    pub reply_to: Vec<String>,
}

/// `message.edit`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageEdit {
    /// As you named it.
    pub ticket: String,
    /// What is changed, as you named it; the text first. Empty: nobody knows any more.
    pub target: Vec<String>,
    /// Who changed it.
    pub author: Person,
    /// Its new words.
    #[serde(flatten)]
    pub text: Words,
}

/// `message.remove`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageRemove {
    /// As you named it.
    pub ticket: String,
    /// What is taken back, as you named it.
    pub target: Vec<String>,
    /// Who took it back.
    pub by: Person,
}

/// `message.react`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageReact {
    /// As you named it.
    pub ticket: String,
    /// What is reacted to, as you named it.
    pub target: Vec<String>,
    /// Mostly an emoji.
    pub key: String,
    /// False: it is taken back.
    pub on: bool,
    /// Whose reaction it is.
    pub by: Person,
}

/// `file.upload`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileUpload {
    /// As you named it.
    pub ticket: String,
    /// What it is.
    pub file: File,
}

/// `signal`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignalSent {
    /// As you named it.
    pub ticket: String,
    /// What.
    pub kind: SignalKind,
    /// Who.
    pub by: Person,
    /// Read up to here, as you named it.
    pub target: Vec<String>,
}

/// A kind of signal.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SignalKind {
    Typing,
    StoppedTyping,
    Read,
}

/// `ping`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ping {}

/// Words.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Words {
    /// Without formatting; null: no words.
    pub text: Option<String>,
    /// The same in HTML, of Matrix's safe subset.
    pub html: Option<String>,
}

/// A place: degrees, WGS 84.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
    pub label: Option<String>,
}

/// A file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct File {
    /// As you named it when it was uploaded, or else the upload's identifier. Null in the upload itself, and where files
    /// are not sent.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// As in MIME.
    pub mime_type: String,
    /// In bytes.
    pub size: Option<u64>,
}

/// Anyone who writes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Person {
    /// The tenant's own name of them, and it stays.
    pub id: String,
    /// As you named them.
    pub contact: Option<String>,
    /// Whose side they are on.
    pub party: Party,
    /// To show.
    pub name: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// An address.
    pub email: Option<String>,
    /// BCP 47.
    pub locale: Option<String>,
    /// Other names of the same person, as URIs.
    pub identifiers: Vec<String>,
    /// `whatsapp`, `telegram`, …; null is Matrix itself.
    pub network: Option<String>,
}

/// Whose side somebody is on.
#[derive(Debug, Clone, Copy, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Party {
    Customer,
    Agent,
    Bot,
    System,
}

impl From<&contract::Person> for Person {
    fn from(person: &contract::Person) -> Self {
        let person = person.clone();
        Self {
            id: person.id,
            contact: person.remote,
            party: match person.party {
                contract::Party::Customer => Party::Customer,
                contract::Party::Agent => Party::Agent,
                contract::Party::Bot => Party::Bot,
                contract::Party::System => Party::System,
            },
            name: person.display_name,
            phone: person.phone,
            email: person.email,
            locale: person.locale,
            identifiers: person.identifiers,
            network: person.network,
        }
    }
}

impl From<contract::SignalKind> for SignalKind {
    fn from(kind: contract::SignalKind) -> Self {
        match kind {
            contract::SignalKind::Typing => Self::Typing,
            contract::SignalKind::StoppedTyping => Self::StoppedTyping,
            contract::SignalKind::Read => Self::Read,
        }
    }
}
