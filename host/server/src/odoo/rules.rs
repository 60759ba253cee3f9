//! The two automation rules by which Odoo tells us of news. Each is written whole, with its action, in one call, so that
//! there is never a rule that calls nobody. `load` would be shorter and is of no use: Odoo then leaves the rule asleep until
//! it is started anew.
//!
//! What a rule sends is a hint: Odoo 18 sends before it commits, and nothing is ever sent twice. The adapter reads what is
//! there, so a rule says which record, and no more of it than that.

use serde_json::{Map, Value, json};

use super::{
    records::{Row, id, link, links, text, ticked},
    report::{State, Step},
    session::Session,
    setup::Mode,
    target::Target,
    trouble::Trouble,
};

const RULE: &str = "base.automation";
const ACTION: &str = "ir.actions.server";

/// A rule as it has to be.
pub(super) struct Rule {
    name: String,
    model: &'static str,
    trigger: &'static str,
    domain: String,
    /// Fields whose change it waits for.
    watched: &'static [&'static str],
    /// Fields that it sends, beside model and identifier of the record.
    tells: &'static [&'static str],
}

/// The same, in Odoo's identifiers.
struct Resolved {
    model: i64,
    watched: Vec<i64>,
    tells: Vec<i64>,
}

/// The rules of one target, for a technical user. Two bridges in one Odoo have two users, and so rules of their own.
pub(super) fn of(target: Target, login: &str, uid: i64) -> [Rule; 2] {
    let model = target.model();
    [
        Rule {
            name: format!("Patchbay ({login}): messages of {model}"),
            model: "mail.message",
            trigger: "on_create",
            // `is_internal` is false for notes, too: the subtype tells. What we wrote ourselves is no news.
            domain: format!(
                "[(\"model\", \"=\", \"{model}\"), (\"message_type\", \"in\", [\"comment\", \"email\"]), \
                 (\"subtype_id.internal\", \"=\", False), (\"create_uid\", \"!=\", {uid})]"
            ),
            watched: &[],
            tells: &["model", "res_id"],
        },
        Rule {
            name: format!("Patchbay ({login}): changes of {model}"),
            model,
            trigger: "on_create_or_write",
            domain: format!("[(\"write_uid\", \"!=\", {uid})]"),
            watched: target.watched(),
            tells: &[],
        },
    ]
}

impl Rule {
    fn what(&self) -> String {
        format!("rule “{}”", self.name)
    }
}

/// Makes the rule, or makes it what it has to be. `url` is a password: it is never said.
pub(super) async fn ensure(odoo: &Session, rule: &Rule, url: &str, mode: Mode) -> Result<Vec<Step>, Trouble> {
    let Some(model) = odoo.model(rule.model).await? else {
        return Ok(vec![Step::new(State::Missing, rule.what()).detail("there is no such model")]);
    };
    let watched = odoo.field_ids(rule.model, rule.watched).await?;
    let tells = odoo.field_ids(rule.model, rule.tells).await?;
    let resolved = Resolved { model, watched: sorted(watched), tells: sorted(tells) };
    let found = find(odoo, rule, url, model).await?;
    let mut steps = Vec::new();
    if found.len() > 1 {
        let detail = format!("there are {} that are called so: delete all but one", found.len());
        steps.push(Step::new(State::Note, rule.what()).detail(detail));
    }
    let Some((row, at)) = found.first().and_then(|row| Some((row, id(row)?))) else {
        if mode == Mode::Do {
            let mut values = values(rule, &resolved);
            values.insert("action_server_ids".to_owned(), json!([[0, 0, action(&resolved, url)]]));
            odoo.make(RULE, values.into(), json!({})).await?;
        }
        steps.push(Step::new(if mode == Mode::Do { State::Made } else { State::ToBeMade }, rule.what()));
        return Ok(steps);
    };
    let (mut change, mut said) = differences(rule, &resolved, row);
    let acts = odoo
        .rows(
            ACTION,
            json!([["base_automation_id", "=", at]]),
            &["state", "webhook_url", "webhook_field_ids"],
        )
        .await?;
    // Actions that somebody added are theirs.
    let ours = acts.iter().find(|row| text(row, "webhook_url") == Some(url));
    let ours = ours.or_else(|| acts.iter().find(|row| text(row, "state") == Some("webhook")));
    match ours.and_then(|row| Some((row, id(row)?))) {
        None => {
            said.push("it called nobody".to_owned());
            change.insert("action_server_ids".to_owned(), json!([[0, 0, action(&resolved, url)]]));
        }
        Some((row, number)) => {
            let mut wrong = Map::new();
            if text(row, "webhook_url") != Some(url) {
                said.push("it called another URL".to_owned());
                wrong.insert("webhook_url".to_owned(), json!(url));
            }
            if links(row, "webhook_field_ids") != resolved.tells {
                said.push("it sent other fields".to_owned());
                wrong.insert("webhook_field_ids".to_owned(), json!([[6, 0, resolved.tells]]));
            }
            if !wrong.is_empty() {
                change.insert("action_server_ids".to_owned(), json!([[1, number, wrong]]));
            }
        }
    }
    if said.is_empty() {
        steps.push(Step::new(State::AsItWas, rule.what()));
        return Ok(steps);
    }
    if mode == Mode::Do {
        odoo.change(RULE, at, change.into()).await?;
    }
    let state = if mode == Mode::Do { State::Updated } else { State::ToBeUpdated };
    steps.push(Step::new(state, rule.what()).detail(said.join("; ")));
    Ok(steps)
}

/// By its name; where somebody gave it another one, by what it calls.
async fn find(odoo: &Session, rule: &Rule, url: &str, model: i64) -> Result<Vec<Row>, Trouble> {
    const FIELDS: &[&str] = &["name", "model_id", "active", "trigger", "filter_domain", "trigger_field_ids"];
    let named = odoo.rows(RULE, json!([["name", "=", rule.name]]), FIELDS).await?;
    if !named.is_empty() {
        return Ok(named);
    }
    let domain = json!([["webhook_url", "=", url], ["model_id", "=", model]]);
    let calling = odoo.rows(ACTION, domain, &["base_automation_id"]).await?;
    let ids: Vec<_> = calling.iter().filter_map(|row| link(row, "base_automation_id")).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    odoo.rows(RULE, json!([["id", "in", ids]]), FIELDS).await
}

/// What is to be written over `row`, and why.
fn differences(rule: &Rule, resolved: &Resolved, row: &Row) -> (Map<String, Value>, Vec<String>) {
    let mut said = Vec::new();
    if !ticked(row, "active") {
        said.push("it was switched off".to_owned());
    }
    if link(row, "model_id") != Some(resolved.model) {
        said.push("it was about another model".to_owned());
    }
    if text(row, "trigger") != Some(rule.trigger) {
        said.push("it had another trigger".to_owned());
    }
    if text(row, "filter_domain") != Some(&rule.domain) {
        said.push("it had another condition".to_owned());
    }
    if links(row, "trigger_field_ids") != resolved.watched {
        said.push("it watched other fields".to_owned());
    }
    // All of them, always: Odoo works out those that are not given anew from those that are.
    let change = if said.is_empty() { Map::new() } else { values(rule, resolved) };
    (change, said)
}

fn values(rule: &Rule, resolved: &Resolved) -> Map<String, Value> {
    let values = json!({
        "name": rule.name, "active": true, "model_id": resolved.model, "trigger": rule.trigger,
        "filter_domain": rule.domain, "trigger_field_ids": [[6, 0, resolved.watched]],
    });
    if let Value::Object(values) = values { values } else { Map::new() }
}

fn action(resolved: &Resolved, url: &str) -> Value {
    json!({
        "name": "Tell Patchbay", "state": "webhook", "usage": "base_automation", "model_id": resolved.model,
        "webhook_url": url, "webhook_field_ids": [[6, 0, resolved.tells]],
    })
}

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}
