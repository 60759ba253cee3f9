//! What people and administrators do in Odoo while a test runs, and how the server itself is set up to behave.

use std::{sync::atomic::Ordering, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Odoo, Transport,
    access::Role,
    core::Held as Gate,
    error::{Halt, Res},
    methods::Request,
    orm,
    tx::Tx,
};

/// A rule that sends a webhook.
#[derive(Debug, Clone)]
pub struct Automation {
    /// `mail.message`, `crm.lead`, …
    pub model: String,
    /// `on_create`, `on_write`, `on_create_or_write`, `on_message_sent`, `on_message_received`, `on_unlink`.
    pub trigger: String,
    /// A domain as Python writes it; empty: every record.
    pub filter: String,
    /// Fields whose change triggers an `on_write` rule; empty: any.
    pub watched: Vec<String>,
    /// Fields that are sent.
    pub fields: Vec<String>,
}

/// A commit that is held back until this is dropped or released.
#[derive(Debug)]
pub struct Held<'a> {
    odoo: &'a Odoo,
    ticket: u64,
}

impl Automation {
    /// Comments for the customer that somebody other than `bridge` wrote, on these models.
    #[must_use]
    pub fn comments(models: &[&str], bridge: i64) -> Self {
        let models: Vec<String> = models.iter().map(|model| format!("'{model}'")).collect();
        let fields = [
            "attachment_ids",
            "author_id",
            "body",
            "create_date",
            "create_uid",
            "date",
            "email_from",
            "is_internal",
            "message_id",
            "message_type",
            "model",
            "parent_id",
            "partner_ids",
            "record_name",
            "res_id",
            "subtype_id",
        ];
        Self {
            model: "mail.message".to_owned(),
            trigger: "on_create".to_owned(),
            filter: format!(
                "[('model', 'in', [{}]), ('message_type', '=', 'comment'), ('subtype_id.internal', '=', False), \
                 ('create_uid', '!=', {bridge})]",
                models.join(", ")
            ),
            watched: Vec::new(),
            fields: fields.map(str::to_owned).to_vec(),
        }
    }

    /// Changes of these fields of a model.
    #[must_use]
    pub fn changes(model: &str, watched: &[&str], fields: &[&str]) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            model: model.to_owned(),
            trigger: "on_create_or_write".to_owned(),
            filter: String::new(),
            watched: owned(watched),
            fields: owned(fields),
        }
    }
}

impl Odoo {
    /// A call as a user makes it in the browser: with webhooks, without faults, not among `calls`.
    async fn act(&self, uid: i64, model: &str, method: &str, ids: Option<i64>, kwargs: Value) -> Value {
        let Value::Object(kwargs) = kwargs else { return Value::Null };
        let request = Request {
            model: model.to_owned(),
            method: method.to_owned(),
            args: Vec::new(),
            kwargs,
            ids: ids.map(|id| vec![id]),
        };
        let done = self.core.run(uid, &request, &Map::new(), Transport::Json2, None).await;
        match done.result {
            Ok(outcome) => outcome.value.unwrap_or(Value::Null),
            Err(halt) => {
                self.core.unbacked(format!("{model}.{method} by a user of the test: {halt:?}"));
                Value::Null
            }
        }
    }

    async fn post(&self, model: &str, id: i64, html: &str, subtype: &str, attachments: Vec<i64>) -> i64 {
        let kwargs = json!({
            "body": html, "body_is_html": true, "message_type": "comment", "subtype_xmlid": subtype,
            "attachment_ids": attachments,
        });
        let answer = self.act(self.agent().uid, model, "message_post", Some(id), kwargs).await;
        message_number(&answer)
    }

    /// The agent answers; the customer may see it. Answers the message.
    pub async fn agent_comment(&self, model: &str, id: i64, html: &str) -> i64 {
        self.post(model, id, html, "mail.mt_comment", Vec::new()).await
    }

    /// The agent writes an internal note. Answers the message.
    pub async fn agent_note(&self, model: &str, id: i64, html: &str) -> i64 {
        self.post(model, id, html, "mail.mt_note", Vec::new()).await
    }

    /// The agent answers with a file. Answers the message and the attachment.
    pub async fn agent_attach(
        &self,
        model: &str,
        id: i64,
        html: &str,
        name: &str,
        mimetype: &str,
        bytes: &[u8],
    ) -> (i64, i64) {
        let values = json!({
            "name": name, "mimetype": mimetype, "datas": STANDARD.encode(bytes), "res_model": model, "res_id": id,
        });
        let made =
            self.act(self.agent().uid, "ir.attachment", "create", None, json!({"vals_list": [values]})).await;
        let attachment = made.get(0).and_then(Value::as_i64).unwrap_or(0);
        (self.post(model, id, html, "mail.mt_comment", vec![attachment]).await, attachment)
    }

    /// The agent changes a field.
    pub async fn set(&self, model: &str, id: i64, field: &str, value: Value) {
        self.act(self.agent().uid, model, "write", Some(id), json!({"vals": {field: value}})).await;
    }

    /// The agent edits a message that is there already.
    pub async fn edit_message(&self, message: i64, html: &str) {
        self.set("mail.message", message, "body", json!(html)).await;
    }

    /// The agent deletes a message: Odoo leaves it there, empty.
    pub async fn delete_message(&self, message: i64) {
        let values = json!({"body": "", "attachment_ids": [[5]]});
        self.act(self.agent().uid, "mail.message", "write", Some(message), json!({"vals": values})).await;
    }

    /// The agent archives a record.
    pub async fn archive(&self, model: &str, id: i64) {
        self.set(model, id, "active", json!(false)).await;
    }

    /// An administrator deletes a record, with its messages and files.
    pub async fn unlink(&self, model: &str, id: i64) {
        self.act(self.admin().uid, model, "unlink", Some(id), json!({})).await;
    }

    /// The agent makes a record. Answers it.
    pub async fn new_ticket(&self, model: &str, values: Value) -> i64 {
        let made = self.act(self.agent().uid, model, "create", None, json!({"vals_list": [values]})).await;
        made.get(0).and_then(Value::as_i64).unwrap_or(0)
    }

    /// Any record, past all rights and webhooks. Answers it.
    pub fn seed(&self, model: &str, values: Value) -> i64 {
        let made = self.force(|tx| {
            let about = tx.model(model).ok_or_else(|| Halt::Unbacked(model.to_owned()))?;
            match values {
                Value::Object(values) => orm::create_unchecked(tx, &about, &values),
                _ => Err(Halt::Unbacked("no values".to_owned())),
            }
        });
        made.unwrap_or(0)
    }

    /// Writes past all rights and webhooks.
    pub fn put(&self, model: &str, id: i64, values: Value) {
        self.force(|tx| {
            let about = tx.model(model).ok_or_else(|| Halt::Unbacked(model.to_owned()))?;
            match values {
                Value::Object(values) => orm::write(tx, &about, &[id], &values),
                _ => Err(Halt::Unbacked("no values".to_owned())),
            }
        });
    }

    /// An administrator merges a contact into another one: what pointed to it points to the other.
    pub fn merge_partners(&self, from: i64, into: i64) {
        self.force(|tx| {
            for name in tx.model_names() {
                let Some(model) = tx.model(&name) else { continue };
                let points = model
                    .fields
                    .iter()
                    .filter(|field| field.stored && field.relation.as_deref() == Some("res.partner"));
                let points: Vec<_> = points.cloned().collect();
                for field in points {
                    let ids = tx.search_json(&name, &json!([[field.name, "=", from]]))?;
                    for id in ids {
                        let Some(row) = tx.row(&name, id) else { continue };
                        let mut row = (*row).clone();
                        let value = match row.get(&field.name) {
                            Some(Value::Array(all)) => {
                                json!(
                                    all.iter()
                                        .map(|v| if v == &json!(from) { json!(into) } else { v.clone() })
                                        .collect::<Vec<_>>()
                                )
                            }
                            _ => json!(into),
                        };
                        row.insert(field.name.clone(), value);
                        tx.put(&name, id, row);
                    }
                }
            }
            for data in tx.find("ir.model.data", "res_id", &json!(from)) {
                if tx.get("ir.model.data", data, "model").as_str() == Some("res.partner")
                    && let Some(row) = tx.row("ir.model.data", data)
                {
                    let mut row = (*row).clone();
                    row.insert("res_id".to_owned(), json!(into));
                    tx.put("ir.model.data", data, row);
                }
            }
            tx.delete("res.partner", from);
            Ok(())
        });
    }

    /// A rule that sends a webhook to `url`. Answers the rule.
    pub fn automation(&self, url: &str, rule: &Automation) -> i64 {
        let made = self.force(|tx| {
            let model = tx.find("ir.model", "model", &json!(rule.model)).first().copied();
            let fields = |tx: &Tx<'_>, names: &[String]| -> Vec<i64> {
                let all = tx.find("ir.model.fields", "model", &json!(rule.model));
                all.into_iter()
                    .filter(|id| {
                        tx.get("ir.model.fields", *id, "name")
                            .as_str()
                            .is_some_and(|name| names.iter().any(|wanted| wanted == name))
                    })
                    .collect()
            };
            let (watched, sent) = (fields(tx, &rule.watched), fields(tx, &rule.fields));
            let about = tx.model("base.automation").ok_or_else(|| Halt::Unbacked("no rules".to_owned()))?;
            let values = json!({
                "name": "Patchbay", "model_id": model, "trigger": rule.trigger, "filter_domain": rule.filter,
                "trigger_field_ids": [[6, 0, watched]],
            });
            let Value::Object(values) = values else { return Ok(0) };
            let made = orm::create_unchecked(tx, &about, &values)?;
            let about =
                tx.model("ir.actions.server").ok_or_else(|| Halt::Unbacked("no actions".to_owned()))?;
            let values = json!({
                "model_id": model, "state": "webhook", "usage": "base_automation", "base_automation_id": made,
                "webhook_url": url, "webhook_field_ids": [[6, 0, sent]],
            });
            if let Value::Object(values) = values {
                orm::create_unchecked(tx, &about, &values)?;
            }
            Ok(made)
        });
        made.unwrap_or(0)
    }

    /// Holds back the commit of the next call of a method, such as `message_post`: its identifiers are taken, and nobody
    /// sees its records, until what this answers is dropped. Later calls overtake it.
    #[must_use]
    pub fn hold(&self, method: &str) -> Held<'_> {
        let ticket = self.core.held.borrow().as_ref().map_or(1, |held| held.ticket + 1);
        self.core.held.send_replace(Some(Gate { method: method.to_owned(), ticket }));
        Held { odoo: self, ticket }
    }

    /// How long each call takes; half before it is carried out, half before it commits.
    pub fn latency(&self, latency: Duration) {
        if let Ok(mut kept) = self.core.latency.lock() {
            *kept = latency;
        }
    }

    /// What a wrong password or key costs. Real servers: 400 to 500 ms.
    pub fn login_cost(&self, cost: Duration) {
        if let Ok(mut kept) = self.core.login_cost.lock() {
            *kept = cost;
        }
    }

    /// A server that serves this database only: no header is needed, and files can be fetched on 18 too.
    pub fn one_database(&self) {
        self.core.one_database.store(true, Ordering::SeqCst);
    }

    /// The key is good no more: deleted, or past its day.
    pub fn revoke_keys(&self, login: &str) {
        let uid = self.login(login).uid;
        if let Ok(mut users) = self.core.users.write()
            && let Some(user) = users.get_mut(&uid)
        {
            user.keys.clear();
        }
    }

    /// A user without the rights of sales, projects and tickets from now on, or with them.
    pub fn limit(&self, login: &str, limited: bool) {
        let uid = self.login(login).uid;
        if let Ok(mut users) = self.core.users.write()
            && let Some(user) = users.get_mut(&uid)
        {
            user.role = if limited { Role::Limited } else { Role::Internal };
        }
    }

    /// A server without a module: its model, and what stands below it, is not there.
    pub fn without_model(&self, model: &str) {
        let module = match model {
            "crm.lead" => "crm",
            "project.task" => "project",
            "helpdesk.ticket" => "helpdesk_mgmt",
            "base.automation" => "base_automation",
            other => other,
        };
        self.force(|tx| {
            for id in tx.find("ir.module.module", "name", &json!(module)) {
                let Some(row) = tx.row("ir.module.module", id) else { continue };
                let mut row = (*row).clone();
                row.insert("state".to_owned(), json!("uninstalled"));
                tx.put("ir.module.module", id, row);
            }
            for id in tx.find("ir.model", "model", &json!(model)) {
                tx.delete("ir.model", id);
            }
            Ok(())
        });
        if let Ok(mut db) = self.core.db.write() {
            db.schema.remove_model(model);
        }
    }

    /// A server whose model does not have this field.
    pub fn without_field(&self, model: &str, field: &str) {
        if let Ok(mut db) = self.core.db.write() {
            db.schema.remove_field(model, field);
        }
    }

    /// A field that somebody made mandatory, without a default.
    pub fn require_field(&self, model: &str, field: &str) {
        if let Ok(mut db) = self.core.db.write() {
            db.schema.require_field(model, field);
        }
    }

    /// A custom field, as an administrator adds it.
    pub fn custom_field(&self, model: &str, field: &str, kind: &str) {
        let owner =
            self.core.look(|tx| tx.find("ir.model", "model", &json!(model)).first().copied()).flatten();
        self.seed(
            "ir.model.fields",
            json!({"name": field, "model_id": owner, "field_description": field, "ttype": kind}),
        );
    }

    /// The identifier that the next record of a model gets.
    pub fn next_id(&self, model: &str, id: i64) {
        if let Ok(db) = self.core.db.read() {
            db.set_next_id(model, id);
        }
    }

    fn force<T>(&self, change: impl FnOnce(&mut Tx<'_>) -> Res<T>) -> Option<T> {
        match self.core.force(self.admin().uid, change) {
            Ok(value) => Some(value),
            Err(halt) => {
                self.core.unbacked(format!("a change by the test: {halt:?}"));
                None
            }
        }
    }
}

impl Held<'_> {
    /// Waits until a call stands before its commit.
    pub async fn reached(&self) {
        self.odoo.core.waiting.notified().await;
    }

    /// Lets it commit.
    pub fn release(self) {}
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.odoo.core.held.send_if_modified(|held| {
            let mine = held.as_ref().is_some_and(|held| held.ticket == self.ticket);
            if mine {
                *held = None;
            }
            mine
        });
    }
}

/// All three shapes of what `message_post` answers.
fn message_number(answer: &Value) -> i64 {
    match answer {
        Value::Array(ids) => ids.first().and_then(Value::as_i64).unwrap_or(0),
        Value::String(text) => {
            text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
        }
        other => other.as_i64().unwrap_or(0),
    }
}
