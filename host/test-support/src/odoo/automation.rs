//! Automation rules that send a webhook: a POST with a second's patience, sent once, whatever becomes of it. 18 sends
//! inside the transaction, 19 after its commit; either way whoever made the call waits.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    domain, python,
    schema::Kind,
    tx::{Event, Tx},
};

/// One webhook that is due.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    pub(crate) body: String,
}

/// A webhook that was sent, and how the other side took it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Where to, with what the URL says in clear.
    pub url: String,
    /// What was sent.
    pub body: Value,
    /// The status, after redirects; none: refused, reset or slower than a second.
    pub status: Option<u16>,
}

/// Models for which a rule listens to messages: on 18 their `message_post` answers a text.
pub(crate) fn listening(tx: &Tx<'_>) -> Vec<String> {
    rules(tx)
        .into_iter()
        .filter(|rule| {
            tx.get("base.automation", *rule, "trigger")
                .as_str()
                .is_some_and(|name| name.starts_with("on_message"))
        })
        .filter_map(|rule| tx.get("base.automation", rule, "model_name").as_str().map(str::to_owned))
        .collect()
}

fn rules(tx: &Tx<'_>) -> Vec<i64> {
    tx.search_json("base.automation", &json!([["active", "=", true]])).unwrap_or_default()
}

/// What the rules make of what happened in a transaction.
pub(crate) fn due(tx: &Tx<'_>) -> Vec<Hook> {
    let mut hooks = Vec::new();
    let rules = rules(tx);
    for event in &tx.events {
        for rule in &rules {
            if let Some((model, id)) = matches(tx, *rule, event) {
                hooks.extend(send(tx, *rule, &model, id));
            }
        }
    }
    hooks
}

fn matches(tx: &Tx<'_>, rule: i64, event: &Event) -> Option<(String, i64)> {
    let field = |name: &str| tx.get("base.automation", rule, name);
    let trigger = field("trigger");
    let trigger = trigger.as_str()?;
    let (model, id) = match event {
        Event::Created { model, id } if matches!(trigger, "on_create" | "on_create_or_write") => (model, *id),
        Event::Written { model, id, changed, .. } if matches!(trigger, "on_write" | "on_create_or_write") => {
            let watched: Vec<i64> = field("trigger_field_ids")
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_i64)
                .collect();
            let touched = watched.iter().any(|watched| {
                tx.get("ir.model.fields", *watched, "name")
                    .as_str()
                    .is_some_and(|name| changed.iter().any(|changed| changed == name))
            });
            if !watched.is_empty() && !touched {
                return None;
            }
            (model, *id)
        }
        Event::Unlinked { model, id } if trigger == "on_unlink" => (model, *id),
        Event::Posted { model, id, by_customer } => {
            let wanted = if *by_customer { "on_message_received" } else { "on_message_sent" };
            if trigger != wanted {
                return None;
            }
            (model, *id)
        }
        _ => return None,
    };
    if field("model_name").as_str() != Some(model) {
        return None;
    }
    if let Some(text) = field("filter_domain").as_str().filter(|text| !text.trim().is_empty()) {
        let about = tx.model(model)?;
        let parsed = domain::parse(tx, &about, &python::literal(text)?).ok()?;
        if !parsed.holds(tx, model, id) {
            return None;
        }
    }
    Some((model.clone(), id))
}

fn send(tx: &Tx<'_>, rule: i64, model: &str, id: i64) -> Vec<Hook> {
    let actions = tx.get("base.automation", rule, "action_server_ids");
    let actions = actions.as_array().into_iter().flatten().filter_map(Value::as_i64);
    actions
        .filter_map(|action| {
            let field = |name: &str| tx.get("ir.actions.server", action, name);
            if field("state").as_str() != Some("webhook") {
                return None;
            }
            let name = field("name");
            let mut body = BTreeMap::from([
                ("_action".to_owned(), json!(format!("{}(#{action})", name.as_str().unwrap_or("")))),
                ("_id".to_owned(), json!(id)),
                ("_model".to_owned(), json!(model)),
            ]);
            body.insert("id".to_owned(), json!(id));
            let fields = field("webhook_field_ids");
            for wanted in fields.as_array().into_iter().flatten().filter_map(Value::as_i64) {
                let name = tx.get("ir.model.fields", wanted, "name");
                let name = name.as_str()?;
                let field = tx.model(model)?.field(name)?.clone();
                let value = tx.value(model, id, &field);
                // Times with what the database keeps, save those that never had more than seconds.
                let value = if field.kind == Kind::Binary { json!(false) } else { value };
                body.insert(name.to_owned(), value);
            }
            Some(Hook {
                url: field("webhook_url").as_str()?.to_owned(),
                body: serde_json::to_string(&body).ok()?,
            })
        })
        .collect()
}

/// As `requests` sends: one connection for each, redirects followed with GET, a second to answer.
pub(crate) fn client() -> Option<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(1))
        .user_agent("python-requests/2.31.0")
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .ok()
}

/// Sends one, once.
pub(crate) async fn post(client: &reqwest::Client, hook: Hook) -> Sent {
    let answer = client
        .post(&hook.url)
        .header("Content-Type", "application/json")
        .header("Connection", "keep-alive")
        .body(hook.body.clone())
        .send()
        .await;
    Sent {
        url: hook.url,
        body: serde_json::from_str(&hook.body).unwrap_or_default(),
        status: answer.ok().map(|answer| answer.status().as_u16()),
    }
}
