//! What a test looks at: committed records and messages, past all rights.

use serde_json::{Map, Value, json};

use super::{Odoo, automation::Sent, tx::Tx};

/// A message of a thread, as it was committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The identifier.
    pub id: i64,
    /// HTML.
    pub body: String,
    /// `comment`, `notification`, `email_outgoing`, …
    pub message_type: String,
    /// None: no subtype.
    pub subtype: Option<i64>,
    /// Whether the subtype is an internal one: what a customer must never see.
    pub internal: bool,
    /// The partner who said it; none: a message by address only.
    pub author: Option<i64>,
    /// The author's name, or the sender's address.
    pub author_name: String,
    /// The user who wrote it.
    pub create_uid: i64,
    /// Verbatim, and not unique.
    pub message_id: String,
    /// `YYYY-MM-DD HH:MM:SS`.
    pub date: String,
    /// Attachments, by identifier.
    pub attachments: Vec<i64>,
    /// The message that it hangs on.
    pub parent: Option<i64>,
}

fn text(row: &Map<String, Value>, field: &str) -> String {
    row.get(field).and_then(Value::as_str).unwrap_or("").to_owned()
}

fn message(tx: &Tx<'_>, id: i64) -> Option<Message> {
    let row = tx.row("mail.message", id)?;
    let number = |field: &str| row.get(field).and_then(Value::as_i64);
    let subtype = number("subtype_id");
    let author = number("author_id");
    Some(Message {
        id,
        body: text(&row, "body"),
        message_type: text(&row, "message_type"),
        subtype,
        internal: subtype
            .is_some_and(|id| tx.get("mail.message.subtype", id, "internal").as_bool() == Some(true)),
        author,
        author_name: author
            .and_then(|id| tx.name_of("res.partner", id).as_str().map(str::to_owned))
            .unwrap_or_else(|| text(&row, "email_from")),
        create_uid: number("create_uid").unwrap_or(0),
        message_id: text(&row, "message_id"),
        date: text(&row, "date"),
        attachments: row
            .get("attachment_ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect(),
        parent: number("parent_id"),
    })
}

impl Odoo {
    /// Messages of a record, the oldest first: log lines and notes too.
    #[must_use]
    pub fn messages(&self, model: &str, id: i64) -> Vec<Message> {
        self.core
            .look(|tx| tx.messages_of(model, id).into_iter().filter_map(|id| message(tx, id)).collect())
            .unwrap_or_default()
    }

    /// Comments of a record that a customer may see, the oldest first.
    #[must_use]
    pub fn comments(&self, model: &str, id: i64) -> Vec<Message> {
        let mut all = self.messages(model, id);
        all.retain(|message| message.message_type == "comment" && !message.internal);
        all
    }

    /// All messages with this `message_id`, of whatever record.
    #[must_use]
    pub fn messages_with_id(&self, message_id: &str) -> Vec<Message> {
        self.core
            .look(|tx| {
                let ids = tx.find("mail.message", "message_id", &json!(message_id));
                ids.into_iter().filter_map(|id| message(tx, id)).collect()
            })
            .unwrap_or_default()
    }

    /// A record's stored fields and its `id`; null: there is none.
    #[must_use]
    pub fn record(&self, model: &str, id: i64) -> Value {
        self.core.look(|tx| shown(tx, model, id)).flatten().unwrap_or(Value::Null)
    }

    /// All records of a model, archived ones too, by identifier.
    #[must_use]
    pub fn records(&self, model: &str) -> Vec<Value> {
        self.core
            .look(|tx| {
                let mut ids = tx.search_json(model, &json!([])).unwrap_or_default();
                ids.sort_unstable();
                ids.into_iter().filter_map(|id| shown(tx, model, id)).collect()
            })
            .unwrap_or_default()
    }

    /// The bytes of an attachment.
    #[must_use]
    pub fn file(&self, attachment: i64) -> Option<Vec<u8>> {
        let checksum = self.record("ir.attachment", attachment)["checksum"].as_str()?.to_owned();
        self.core.files.get(&checksum).map(|bytes| bytes.to_vec())
    }

    /// The record that an external identifier, such as `patchbay.ticket_7`, stands for.
    #[must_use]
    pub fn external(&self, name: &str) -> Option<(String, i64)> {
        self.core.look(|tx| {
            let data = *tx.find("ir.model.data", "complete_key", &json!(name)).first()?;
            let model = tx.get("ir.model.data", data, "model").as_str()?.to_owned();
            Some((model, tx.get("ir.model.data", data, "res_id").as_i64()?))
        })?
    }

    /// Webhooks that were sent so far, in order; a rolled-back write's too.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Sent> {
        self.core.sent.lock().map(|sent| sent.clone()).unwrap_or_default()
    }

    /// Logins and calls with a wrong password or key.
    #[must_use]
    pub fn failed_logins(&self) -> usize {
        self.core.failed_logins.load(std::sync::atomic::Ordering::SeqCst)
    }
}

fn shown(tx: &Tx<'_>, model: &str, id: i64) -> Option<Value> {
    let mut row = (*tx.row(model, id)?).clone();
    row.insert("id".to_owned(), json!(id));
    Some(Value::Object(row))
}
