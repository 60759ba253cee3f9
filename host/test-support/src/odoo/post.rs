//! `message_post`, and the log lines that the server writes itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Version, access,
    access::Op,
    behaviour, compute,
    error::{Halt, Res, access_error, missing, type_error, user_error, value_error},
    html, orm,
    schema::Model,
    tx::{Event, Tx},
};

/// Keywords that are taken. `message_id` and `date` become fields as they are.
const KEYWORDS: [&str; 23] = [
    "body",
    "subject",
    "message_type",
    "email_from",
    "author_id",
    "parent_id",
    "subtype_xmlid",
    "subtype_id",
    "partner_ids",
    "attachments",
    "attachment_ids",
    "body_is_html",
    "message_id",
    "date",
    "force_send",
    "email_layout_xmlid",
    "email_add_signature",
    "mail_auto_delete",
    "model_description",
    "reply_to",
    "is_internal",
    "record_name",
    "notify_author",
];

/// A line of the server's own.
#[derive(Debug)]
pub(crate) struct Log<'a> {
    pub(crate) kind: &'a str,
    pub(crate) subtype: Option<i64>,
    pub(crate) body: &'a str,
    pub(crate) subject: Option<String>,
    pub(crate) internal: bool,
    /// Without the record's name.
    pub(crate) unnamed: bool,
}

impl Default for Log<'_> {
    fn default() -> Self {
        Self { kind: "notification", subtype: None, body: "", subject: None, internal: false, unnamed: false }
    }
}

/// As the server makes one.
pub(crate) fn new_message_id(tx: &Tx<'_>, model: &str, id: i64) -> String {
    let moment: String = tx.now.chars().filter(char::is_ascii_digit).collect();
    format!("<{:015}.{moment}.{:015}-openerp-{id}-{model}@vm>", tx.serial(), tx.uid)
}

/// Writes a log line; answers its identifier.
pub(crate) fn log(tx: &mut Tx<'_>, model: &str, id: i64, line: Log<'_>) -> i64 {
    let Some(messages) = tx.model("mail.message") else { return 0 };
    let partner = tx.get("res.users", tx.uid, "partner_id");
    let values = json!({
        "model": model, "res_id": id, "message_type": line.kind, "subtype_id": line.subtype, "is_internal": line.internal,
        "body": line.body, "subject": line.subject, "author_id": partner, "message_id": new_message_id(tx, model, id),
        "email_from": sender(tx, partner.as_i64()),
    });
    let Value::Object(values) = values else { return 0 };
    let Ok(message) = orm::create_unchecked(tx, &messages, &values) else { return 0 };
    if line.unnamed
        && let Some(row) = tx.row("mail.message", message)
    {
        let mut row = (*row).clone();
        row.insert("record_name".to_owned(), json!(false));
        tx.put("mail.message", message, row);
    }
    message
}

/// `"Name" <address>`; false without an address.
fn sender(tx: &Tx<'_>, partner: Option<i64>) -> Value {
    let Some(partner) = partner else { return json!(false) };
    match (
        tx.get("res.partner", partner, "name").as_str(),
        tx.get("res.partner", partner, "email_normalized").as_str(),
    ) {
        (Some(name), Some(email)) => json!(format!("\"{name}\" <{email}>")),
        _ => json!(false),
    }
}

fn is_unset(value: Option<&Value>) -> bool {
    matches!(value, None | Some(Value::Null | Value::Bool(false)))
}

/// Posts; answers the message's identifier.
pub(crate) fn message_post(
    tx: &mut Tx<'_>,
    model: &Model,
    ids: &[i64],
    given: &Map<String, Value>,
) -> Res<i64> {
    let [id] = ids else {
        let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        return Err(value_error(
            format!("Expected singleton: {}({list})", model.name),
            &["message_post.multi_record_ids", "error.message_post_no_ids"],
        ));
    };
    let id = *id;
    if !tx.exists(&model.name, id) {
        return Err(missing(&model.name, id, tx.uid, &["error.missing_record.message_post"]));
    }
    let attachments = given.get("attachment_ids");
    if let Some(value) = attachments.filter(|value| !value.is_array() && !is_unset(Some(value))) {
        let shown = value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"));
        return Err(value_error(
            format!(
                "Posting a message should receive attachments records as a list of IDs (received {shown})"
            ),
            &["message_post.bad_attachment_type"],
        ));
    }
    let unknown: BTreeSet<&str> =
        given.keys().map(String::as_str).filter(|name| !KEYWORDS.contains(name)).collect();
    if !unknown.is_empty() {
        let names = unknown.into_iter().collect::<Vec<_>>().join(", ");
        return Err(value_error(
            format!("Those values are not supported when posting or notifying: {names}"),
            &["message_post.unknown_kwarg", "error.message_post_unknown_kwarg"],
        ));
    }
    let kind = given.get("message_type").and_then(Value::as_str).unwrap_or("notification");
    if kind == "user_notification" {
        return Err(value_error(
            "Use message_notify to send a notification to an user.",
            &["message_post.user_notification_type"],
        ));
    }
    let (author, from) = author(tx, given)?;
    let subtype = subtype(tx, given);
    if !access::may(tx.role, Op::Write, &model.name) {
        return Err(refused(tx));
    }
    let message = create(tx, model, id, given, kind, &author, &from, subtype)?;
    let internal = tx.get("mail.message.subtype", subtype, "internal").as_bool() == Some(true);
    if kind == "comment" {
        if tx.flag("mail_create_nosubscribe") != Some(true)
            && tx.flag("mail_post_autofollow_author_skip") != Some(true)
        {
            let me = tx.get("res.users", tx.uid, "partner_id").as_i64();
            behaviour::follow(tx, &model.name, id, me);
        }
        if !internal {
            let by_customer = author
                .as_i64()
                .is_none_or(|author| tx.find("res.users", "partner_id", &json!(author)).is_empty());
            tx.events.push(Event::Posted { model: model.name.clone(), id, by_customer });
        }
    }
    notify(tx, model, id, given, message, author.as_i64(), subtype == 1)?;
    Ok(message)
}

fn author(tx: &Tx<'_>, given: &Map<String, Value>) -> Res<(Value, Value)> {
    let from = given.get("email_from").filter(|from| !is_unset(Some(from))).cloned();
    let author = match given.get("author_id") {
        None => match &from {
            Some(from) => author_of(tx, from),
            None => tx.get("res.users", tx.uid, "partner_id"),
        },
        Some(author) if is_unset(Some(author)) => json!(false),
        Some(author) => author.clone(),
    };
    if let Some(partner) = author.as_i64()
        && !tx.exists("res.partner", partner)
    {
        return Err(missing("res.partner", partner, tx.uid, &["message_post.bad_author"]));
    }
    let from = from.unwrap_or_else(|| sender(tx, author.as_i64()));
    if is_unset(Some(&from)) {
        return Err(user_error(
            "Unable to send message, please configure the sender's email address.",
            &["context.lang", "error.user_error"],
        ));
    }
    Ok((author, from))
}

fn author_of(tx: &Tx<'_>, from: &Value) -> Value {
    let from = from.as_str().unwrap_or("");
    let email = from.rsplit_once('<').map_or(from, |(_, rest)| rest.trim_end_matches('>')).to_lowercase();
    tx.find("res.partner", "email_normalized", &json!(email)).first().map_or(json!(false), |id| json!(id))
}

/// Note unless another one is named and known.
fn subtype(tx: &Tx<'_>, given: &Map<String, Value>) -> i64 {
    if let Some(id) = given.get("subtype_id").and_then(Value::as_i64) {
        return id;
    }
    let Some(name) = given.get("subtype_xmlid").and_then(Value::as_str) else { return 2 };
    let found = tx.find("ir.model.data", "complete_key", &json!(name));
    found.first().and_then(|data| tx.get("ir.model.data", *data, "res_id").as_i64()).unwrap_or(2)
}

fn refused(tx: &Tx<'_>) -> Halt {
    let id = tx.next_id("mail.message");
    let records = if tx.version() == Version::V18 { format!("[{id}]") } else { id.to_string() };
    access_error(
        format!(
            "The requested operation cannot be completed due to security restrictions. Please contact your system \
             administrator.\n\n(Document type: Message, Operation: create)\n\nRecords: {records}, User: {}",
            tx.uid
        ),
        &["message_post.as_limited"],
    )
}

#[expect(clippy::too_many_arguments, reason = "each is a part of the one message that is made")]
fn create(
    tx: &mut Tx<'_>,
    model: &Model,
    id: i64,
    given: &Map<String, Value>,
    kind: &str,
    author: &Value,
    from: &Value,
    subtype: i64,
) -> Res<i64> {
    let messages = tx.model("mail.message").ok_or_else(|| Halt::Unbacked("no messages".to_owned()))?;
    let plain = given.get("body").and_then(Value::as_str).unwrap_or("");
    let is_html = given.get("body_is_html").and_then(Value::as_bool) == Some(true);
    let body = if is_html { plain.to_owned() } else { html::paragraph(plain) };
    let (first, last) = tx.ends_of_thread(&model.name, id);
    // 18 hangs every message on the thread's first one, whatever is asked; 19 on the one before, unless one is named.
    let named = given.get("parent_id").and_then(Value::as_i64).filter(|named| {
        tx.get("mail.message", *named, "res_id").as_i64() == Some(id) && tx.is_of_thread(&model.name, *named)
    });
    let parent = match tx.version() {
        Version::V18 => first,
        Version::V19 => named.or(last),
    };
    let names_thread = kind == "comment" && subtype == 1 && model.name != "helpdesk.ticket";
    let subject = match given.get("subject") {
        Some(subject) if !is_unset(Some(subject)) => subject.clone(),
        _ if names_thread => tx.name_of(&model.name, id),
        _ => json!(false),
    };
    let mut attachments: Vec<Value> =
        given.get("attachment_ids").and_then(Value::as_array).cloned().unwrap_or_default();
    for file in given.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        attachments.push(json!(inline(tx, model, id, file)?));
    }
    if let Some(lost) =
        attachments.iter().filter_map(Value::as_i64).find(|file| !tx.exists("ir.attachment", *file))
    {
        return Err(missing("ir.attachment", lost, tx.uid, &["message_post.bad_attachment"]));
    }
    let message_id = match given.get("message_id") {
        Some(Value::String(given)) => given.clone(),
        _ => new_message_id(tx, &model.name, id),
    };
    let mut values = json!({
        "model": model.name, "res_id": id, "message_type": kind, "subtype_id": subtype, "body": body, "subject": subject,
        "author_id": author, "email_from": from, "reply_to": from, "parent_id": parent, "message_id": message_id,
        "attachment_ids": [[6, 0, attachments]],
        "partner_ids": [[6, 0, given.get("partner_ids").cloned().unwrap_or_else(|| json!([]))]],
    });
    for field in ["date", "reply_to", "is_internal"] {
        if let Some(value) = given.get(field) {
            values[field] = value.clone();
        }
    }
    let Value::Object(values) = values else { return Err(Halt::Unbacked("no values".to_owned())) };
    orm::create_unchecked(tx, &messages, &values)
}

fn inline(tx: &mut Tx<'_>, model: &Model, id: i64, file: &Value) -> Res<i64> {
    let (Some(name), Some(content)) =
        (file.get(0).and_then(Value::as_str), file.get(1).and_then(Value::as_str))
    else {
        return Err(type_error("attachments are pairs of name and content", &[]));
    };
    let attachments = tx.model("ir.attachment").ok_or_else(|| Halt::Unbacked("no attachments".to_owned()))?;
    let values = json!({"name": name, "raw": content, "res_model": model.name, "res_id": id});
    match values {
        Value::Object(values) => orm::create(tx, &attachments, &values),
        _ => Err(Halt::Unbacked("no values".to_owned())),
    }
}

/// Followers other than author and user get a mail: inside the request, unless it is put off.
fn notify(
    tx: &mut Tx<'_>,
    model: &Model,
    id: i64,
    given: &Map<String, Value>,
    message: i64,
    author: Option<i64>,
    to_followers: bool,
) -> Res<()> {
    let me = tx.get("res.users", tx.uid, "partner_id").as_i64();
    let mut partners: Vec<i64> =
        if to_followers { compute::followers(tx, &model.name, id) } else { Vec::new() };
    partners.extend(
        given.get("partner_ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64),
    );
    partners.sort_unstable();
    partners.dedup();
    partners.retain(|partner| Some(*partner) != me && Some(*partner) != author);
    if partners.is_empty() {
        return Ok(());
    }
    let queued =
        given.get("force_send") == Some(&json!(false)) || tx.flag("mail_notify_force_send") == Some(false);
    let subject = tx.name_of(&model.name, id);
    if let Some(row) = tx.row("mail.message", message) {
        let mut row = (*row).clone();
        row.insert("notified_partner_ids".to_owned(), json!(partners));
        tx.put("mail.message", message, row);
    }
    let (mails, notices) = (tx.model("mail.mail"), tx.model("mail.notification"));
    for partner in partners {
        let (state, reason) =
            if queued { ("outgoing", json!(false)) } else { ("exception", json!("111\nConnection refused")) };
        let mail = json!({
            "subject": subject, "recipient_ids": [[6, 0, [partner]]], "state": state, "failure_reason": reason,
            "mail_message_id": message,
        });
        let notice = json!({
            "mail_message_id": message, "res_partner_id": partner,
            "notification_status": if queued { "ready" } else { "exception" },
            "failure_type": if queued { json!(false) } else { json!("mail_smtp") },
        });
        for (model, values) in [(&mails, mail), (&notices, notice)] {
            if let (Some(model), Value::Object(values)) = (model, values) {
                orm::create_unchecked(tx, model, &values)?;
            }
        }
    }
    Ok(())
}
