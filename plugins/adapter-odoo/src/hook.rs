//! Webhooks of Odoo's automation rules. They are hints and nothing else: 18 sends them before it commits, and for what it
//! rolls back; none is repeated; none is signed, so the URL's token is all there is. What happened is asked for.

use patchbay_sdk::prelude::*;
use serde_json::Value;

use crate::{append::MESSAGE, settings::Settings};

/// Odoo's bodies are some hundred bytes, unless somebody puts a long field in.
const MOST: usize = 64 << 10;

/// Keeps what may tell of one of our tickets. Odoo takes no notice of the answer but for a line in its log: it says there what
/// is wrong with the rule.
pub(crate) fn accept(settings: &Settings, hook: &Webhook) -> Answer {
    if !hook.method.eq_ignore_ascii_case("post") {
        return Answer::refuse(405).saying("an automation rule posts here");
    }
    if hook.body.len() > MOST {
        return Answer::refuse(413).saying("choose fewer fields in the webhook's action: they are not read");
    }
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&hook.body) else {
        return Answer::refuse(400).saying("no JSON object");
    };
    let of = |key: &str| body.get(key).and_then(Value::as_str);
    let model = settings.model();
    let ours = match of("_model").or_else(|| of("model")) {
        Some(MESSAGE) => of("model").is_none_or(|about| about == model),
        Some(about) => about == model,
        None => false,
    };
    if ours && body.get("_id").or_else(|| body.get("id")).is_some_and(Value::is_number) {
        Answer::keep()
    } else {
        Answer::refuse(400).saying(format!("only rules on {model} and on its messages are of use here"))
    }
}
