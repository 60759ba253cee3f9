//! What was found out about a server, and is kept so that a message need not ask again: how it is spoken to, who we are
//! there, which fields and stages there are. A day later, or when an answer contradicts it, it is found out again.

use std::collections::BTreeMap;

use patchbay_sdk::{clock, prelude::*, store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    fault::Fault,
    settings::{Settings, Speech},
    transport::{Ask, Transport, authenticate, common_version, version},
};

/// A field of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// `char`, `many2one`, …
    pub(crate) kind: String,
    /// The model that it points to.
    pub(crate) relation: String,
    pub(crate) required: bool,
    /// The values that it may have, in order.
    pub(crate) choices: Vec<String>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Closed, won or folded.
    pub(crate) done: bool,
    pub(crate) won: bool,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// When.
    at: Timestamp,
    pub(crate) version: String,
    json2: bool,
    pub(crate) uid: i64,
    /// The technical user's own address: a customer without one writes under it.
    #[serde(default)]
    pub(crate) address: Option<String>,
    /// Those of the ticket's fields that we use.
    pub(crate) ticket: BTreeMap<String, Field>,
    /// Those of a partner.
    pub(crate) partner: BTreeMap<String, Field>,
    pub(crate) stages: Vec<Stage>,
}

/// How long it is believed.
const DAY: Timestamp = 24 * 60 * 60 * 1000;

const OF_TICKETS: [&str; 20] = [
    "name",
    "description",
    "partner_id",
    "partner_name",
    "partner_email",
    "partner_phone",
    "contact_name",
    "email_from",
    "phone",
    "stage_id",
    "state",
    "user_id",
    "user_ids",
    "team_id",
    "project_id",
    "priority",
    "tag_ids",
    "active",
    "type",
    "x_patchbay_conversation",
];

const OF_PARTNERS: [&str; 9] = [
    "name",
    "email",
    "email_normalized",
    "phone",
    "mobile",
    "phone_sanitized",
    "user_ids",
    "image_128",
    "x_patchbay_person",
];

// === impl Known ===

impl Known {
    /// What is kept, if it is not too old.
    pub(crate) fn kept(settings: &Settings) -> Option<Self> {
        let known: Self = store::get_json(&key(settings))?;
        let fresh = clock::now().saturating_sub(known.at) < DAY;
        fresh.then_some(known)
    }

    /// Keeps it, if the store takes it: without, the next call asks again.
    pub(crate) fn keep(&self, settings: &Settings) {
        if let Err(error) = store::set_json(&key(settings), self) {
            log::debug(&format!("what was found out about Odoo is not kept: {error}"));
        }
    }

    /// Asks the server.
    ///
    /// # Errors
    /// With what an administrator has to do.
    pub(crate) fn find_out(settings: &Settings) -> Result<Self, Failure> {
        let (version, transport, uid) = speak(settings)?;
        let ask = |ask: Ask| transport.send(settings, ask);
        let model = settings.model();
        let ticket = match ask(fields_get(model, &OF_TICKETS)) {
            Ok(fields) => read_fields(&fields),
            // There is no such model; the name of the error differs between the transports.
            Err(Fault::Refused(_) | Fault::Broken(_)) => {
                return Err(Failure::unauthorised(format!(
                    "Odoo has no `{model}`: install {}, or set another `model`",
                    settings.model.application()
                )));
            }
            Err(fault) => return Err(fault.failure()),
        };
        let partner = read_fields(&ask(fields_get("res.partner", &OF_PARTNERS)).map_err(Fault::failure)?);
        let stage_model = ticket.get("stage_id").map(|field| field.relation.clone()).unwrap_or_default();
        let stages = match stage_model.as_str() {
            "" => Vec::new(),
            stage_model => {
                let marks: &[&str] = match stage_model {
                    "crm.stage" => &["name", "sequence", "is_won", "fold"],
                    "helpdesk.ticket.stage" => &["name", "sequence", "closed", "unattended", "fold"],
                    _ => &["name", "sequence", "fold"],
                };
                let all = Ask::search_read(stage_model, json!([]), marks, 200).named("order", "sequence");
                read_stages(&ask(all).map_err(Fault::failure)?)
            }
        };
        let me = ask(Ask::read("res.users", &[uid], &["email"])).map_err(Fault::failure)?;
        let address = me.pointer("/0/email").and_then(Value::as_str).map(ToOwned::to_owned);
        let json2 = transport == Transport::Json2;
        Ok(Self { at: clock::now(), version, json2, uid, address, ticket, partner, stages })
    }

    /// Whether both say the same, whenever they were found out.
    pub(crate) fn same_place_as(&self, other: &Self) -> bool {
        *other == Self { at: other.at, ..self.clone() }
    }

    pub(crate) fn transport(&self) -> Transport {
        if self.json2 { Transport::Json2 } else { Transport::JsonRpc { uid: self.uid } }
    }

    /// 18 of `18.0`, `saas~18.2` or `18.0+e`.
    pub(crate) fn major(&self) -> u32 {
        let digits = self.version.trim_start_matches(|c: char| !c.is_ascii_digit());
        digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or_default()
    }

    /// `JSON-2` or `JSON-RPC`.
    pub(crate) fn speech(&self) -> &'static str {
        if self.json2 { "JSON-2" } else { "JSON-RPC" }
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.ticket.contains_key(field)
    }

    pub(crate) fn partner_has(&self, field: &str) -> bool {
        self.partner.contains_key(field)
    }
}

/// How it is spoken to, and as whom.
fn speak(settings: &Settings) -> Result<(String, Transport, i64), Failure> {
    if settings.transport != Speech::JsonRpc {
        let version = version(settings).map_err(Fault::failure)?;
        let has_json2 = version.as_deref().and_then(|version| version.split('.').next()?.parse().ok());
        let has_json2 = has_json2.is_some_and(|major: u32| major >= 19);
        match version {
            Some(version) if has_json2 || settings.transport == Speech::Json2 => {
                let me = Transport::Json2.send(settings, Ask::of("res.users", "context_get"));
                let uid = me.map_err(Fault::failure)?.get("uid").and_then(Value::as_i64).unwrap_or_default();
                return Ok((version, Transport::Json2, uid));
            }
            _ if settings.transport == Speech::Json2 => {
                return Err(Failure::unavailable(
                    "this Odoo has no JSON-2 (it came with 19): set `transport` to `json-rpc` or `auto`",
                ));
            }
            _ => {}
        }
    }
    let version = common_version(settings).map_err(Fault::failure)?;
    let uid = authenticate(settings).map_err(Fault::failure)?.ok_or_else(|| {
        let login = &settings.login;
        Failure::unauthorised(format!(
            "Odoo does not know the login `{login}` with this API key: is it that user's key, and has it expired?"
        ))
    })?;
    Ok((version, Transport::JsonRpc { uid }, uid))
}

pub(crate) fn fields_get(model: &str, fields: &[&str]) -> Ask {
    Ask::of(model, "fields_get")
        .given("allfields", json!(fields))
        .named("attributes", json!(["type", "required", "relation", "selection"]))
}

fn read_fields(answer: &Value) -> BTreeMap<String, Field> {
    let text =
        |field: &Value, key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let choice = |choice: &Value| choice.get(0).and_then(Value::as_str).map(ToOwned::to_owned);
    let field = |(name, field): (&String, &Value)| {
        let choices = field.get("selection").and_then(Value::as_array);
        let choices = choices.map(|all| all.iter().filter_map(choice).collect()).unwrap_or_default();
        let required = field.get("required").and_then(Value::as_bool).unwrap_or_default();
        let (kind, relation) = (text(field, "type"), text(field, "relation"));
        (name.clone(), Field { kind, relation, required, choices })
    };
    answer.as_object().map(|fields| fields.iter().map(field).collect()).unwrap_or_default()
}

fn read_stages(answer: &Value) -> Vec<Stage> {
    let stage = |stage: &Value| {
        let is = |mark: &str| stage.get(mark).and_then(Value::as_bool).unwrap_or_default();
        Some(Stage {
            id: stage.get("id")?.as_i64()?,
            name: stage.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            done: is("closed") || is("is_won") || is("fold"),
            won: is("is_won"),
        })
    };
    answer.as_array().map(|all| all.iter().filter_map(stage).collect()).unwrap_or_default()
}

fn key(settings: &Settings) -> String {
    format!("known-{}", digest(&settings.place()))
}

/// 32 hexadecimal digits that stand for `text`.
pub(crate) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
