//! Who wrote: partners, read all at once.

use std::collections::BTreeMap;

use patchbay_sdk::prelude::*;
use serde_json::{Value, json};

use crate::{
    contact::PARTNER,
    known::digest,
    session::{Session, id, pointed, rows, text},
    transport::Ask,
};

/// Partners by number.
pub(crate) struct Authors(BTreeMap<i64, Value>);

// === impl Authors ===

impl Authors {
    /// Those who wrote these messages.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(crate) fn of(session: &Session<'_>, messages: &[Value]) -> Result<Self, Failure> {
        let mut ids: Vec<i64> =
            messages.iter().filter_map(|row| pointed(row, "author_id")).map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let known = session.known();
        let fields: Vec<&str> =
            ["name", "user_ids", "image_128"].into_iter().filter(|field| known.partner_has(field)).collect();
        let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        // An agent who left is archived, and of a picture the size is enough.
        let read = Ask::search_read(PARTNER, json!([["id", "in", ids]]), &fields, limit)
            .archived_too()
            .with("bin_size", true);
        let partners = rows(session.ask(read)?);
        Ok(Self(partners.into_iter().filter_map(|row| Some((id(&row)?, row))).collect()))
    }

    /// Who wrote a message. Whoever works in Odoo is an agent; anyone else is a customer, whatever the channel.
    pub(crate) fn person(&self, message: &Value) -> Person {
        let Some((partner, shown)) = pointed(message, "author_id") else { return by_mail(message) };
        let row = self.0.get(&partner);
        let is_agent = row.is_none_or(|row| {
            row.get("user_ids").and_then(Value::as_array).is_none_or(|users| !users.is_empty())
        });
        let party = if is_agent { Party::Agent } else { Party::Customer };
        let name = row.and_then(|row| text(row, "name")).map(ToOwned::to_owned).or(shown);
        let mut person = of_partner(partner, party, name);
        // Its size stands for the picture: another one has another handle, and is fetched anew.
        if let Some(size) = row.and_then(|row| text(row, "image_128")) {
            let value = format!("avatar:{partner}:{}", digest(size).get(..8).unwrap_or_default());
            person.attributes.push(Attribute { key: "avatar".to_owned(), value });
        }
        person
    }
}

/// A partner as a person; the host knows by `remote` whom it brought here itself.
pub(crate) fn of_partner(partner: i64, party: Party, name: Option<String>) -> Person {
    Person {
        remote: Some(partner.to_string()),
        display_name: name,
        network: Some("odoo".to_owned()),
        ..Person::new(format!("odoo:partner:{partner}"), party)
    }
}

/// `"Eve" <eve@example.org>`, of whom Odoo made no partner.
fn by_mail(message: &Value) -> Person {
    let from = text(message, "email_from").unwrap_or("unknown");
    let address = from.rsplit('<').next().unwrap_or(from).trim_end_matches('>').trim().to_lowercase();
    let name = from.split('<').next().unwrap_or_default().trim().trim_matches('"').trim();
    Person {
        display_name: (!name.is_empty()).then(|| name.to_owned()),
        network: Some("odoo".to_owned()),
        ..Person::new(format!("odoo:mail:{address}"), Party::Customer)
    }
}
