//! Groups by their external identifiers: their names are translated, these are not.

use serde_json::json;

use super::{
    records::{link, text},
    session::Session,
    trouble::Trouble,
};

/// Whoever works in Odoo.
pub(super) const INTERNAL_USER: &str = "base.group_user";
/// Makes and changes contacts.
pub(super) const CONTACT_CREATION: &str = "base.group_partner_manager";
/// Changes Odoo itself.
pub(super) const SETTINGS: &str = "base.group_system";

/// The identifiers of these groups, in their order; nothing for one that this Odoo does not have.
pub(super) async fn of(odoo: &Session, names: &[&str]) -> Result<Vec<Option<i64>>, Trouble> {
    let parts: Vec<_> = names.iter().filter_map(|name| name.split_once('.')).collect();
    let modules: Vec<_> = parts.iter().map(|(module, _)| module).collect();
    let groups: Vec<_> = parts.iter().map(|(_, name)| name).collect();
    let domain = json!([["model", "=", "res.groups"], ["module", "in", modules], ["name", "in", groups]]);
    let found = odoo.rows("ir.model.data", domain, &["module", "name", "res_id"]).await?;
    let one = |(module, name): &(&str, &str)| {
        let row = found
            .iter()
            .find(|row| text(row, "module") == Some(*module) && text(row, "name") == Some(*name))?;
        link(row, "res_id")
    };
    Ok(parts.iter().map(one).collect())
}
