//! The two custom fields. The adapter does without them; with them an agent sees in Odoo which conversation and which
//! person it is, and can search for them.

use serde_json::json;

use super::{
    records::text,
    report::{State, Step},
    session::Session,
    setup::Mode,
    trouble::Trouble,
};

/// On the target: the conversation.
pub(super) const CONVERSATION: (&str, &str) = ("x_patchbay_conversation", "Patchbay conversation");
/// On a contact: the person.
pub(super) const PERSON: (&str, &str) = ("x_patchbay_person", "Patchbay person");

/// One text field on one model.
pub(super) async fn ensure(
    odoo: &Session,
    model: &str,
    (name, label): (&str, &str),
    mode: Mode,
) -> Result<Step, Trouble> {
    let what = format!("field `{name}` on `{model}`");
    let domain = json!([["model", "=", model], ["name", "=", name]]);
    let found = odoo.rows("ir.model.fields", domain, &["ttype"]).await?;
    if let Some(field) = found.first() {
        return Ok(match text(field, "ttype") {
            Some("char") => Step::new(State::AsItWas, what),
            other => Step::new(State::Missing, what).detail(format!(
                "there is one of the type {}, and it has to be a text (`char`): rename or delete it",
                other.unwrap_or("unknown")
            )),
        });
    }
    if mode == Mode::Look {
        return Ok(Step::new(State::ToBeMade, what));
    }
    let Some(id) = odoo.model(model).await? else {
        return Ok(Step::new(State::Missing, what).detail("there is no such model"));
    };
    // Not copied: a duplicated ticket is another conversation.
    let values = json!({ "name": name, "model_id": id, "field_description": label, "ttype": "char",
                         "index": true, "copied": false });
    odoo.make("ir.model.fields", values, json!({})).await?;
    Ok(Step::new(State::Made, what))
}
