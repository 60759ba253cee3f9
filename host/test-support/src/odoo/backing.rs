//! Which transcript entry shows the shape of an answer. A request that none shows is not answered, and fails the test.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde_json::Value;

use super::{Transport, Version};

/// The transcripts.
pub const FILES: [(&str, &str); 4] = [
    ("odoo18-jsonrpc", include_str!("../../../../fixtures/odoo/odoo18-jsonrpc.json")),
    ("odoo19-jsonrpc", include_str!("../../../../fixtures/odoo/odoo19-jsonrpc.json")),
    ("odoo19-json2", include_str!("../../../../fixtures/odoo/odoo19-json2.json")),
    ("odoo-webhooks", include_str!("../../../../fixtures/odoo/odoo-webhooks.json")),
];

/// What is answered although no entry shows just this, because another entry shows its shape. What, and why.
pub const ANALOGIES: [(&str, &str); 9] = [
    (
        "ORM methods on any model",
        "search, search_read, read, create, write, unlink, fields_get, load answer alike on all models",
    ),
    (
        "JSON-2 for what only JSON-RPC shows",
        "JSON-2 carries the bare result of the same method (see the pairs that both show)",
    ),
    (
        "fields marked ? in the tables",
        "fields of the standard modules that an adapter or the set-up needs; their kinds are shown by other fields",
    ),
    ("operators other than =, !=, >, in, =ilike", "the rest of the same operator table of the ORM"),
    ("x2many commands other than 6", "the ORM's documented commands"),
    (
        "base.automation, ir.actions.server, res.groups",
        "the webhook recordings need them; how they were made was not recorded",
    ),
    (
        "rights of the limited user on tasks and tickets",
        "as recorded for leads, with the groups of those modules",
    ),
    (
        "an author without an address",
        "the source of both versions raises UserError when neither the author nor email_from gives an address",
    ),
    (
        "SerializationFailure outside load",
        "psycopg2's error by name; the transcripts show other errors of psycopg2",
    ),
];

fn names() -> &'static BTreeMap<&'static str, BTreeSet<String>> {
    static NAMES: OnceLock<BTreeMap<&'static str, BTreeSet<String>>> = OnceLock::new();
    NAMES.get_or_init(|| {
        FILES
            .iter()
            .map(|(file, text)| {
                let entries: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
                let names = entries.iter().filter_map(|e| e["name"].as_str()).map(str::to_owned);
                let same = entries.iter().filter(|e| e["name"] == "_same_as_odoo18");
                let same = same.flat_map(|e| e["names"].as_array().cloned().unwrap_or_default());
                let same = same.filter_map(|name| name.as_str().map(|name| format!("={name}")));
                (*file, names.chain(same).filter(|name| name != "_same_as_odoo18").collect())
            })
            .collect()
    })
}

/// All entries, as `file:name`.
#[must_use]
pub fn all() -> BTreeSet<String> {
    names()
        .iter()
        .flat_map(|(file, names)| {
            names.iter().filter(|name| !name.starts_with('=')).map(move |name| format!("{file}:{name}"))
        })
        .collect()
}

/// The first of the named entries that this version and transport has: as `file:name`.
pub(crate) fn find<'a>(
    version: Version,
    transport: Transport,
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    let files: &[&str] = match (version, transport) {
        (Version::V18, _) => &["odoo18-jsonrpc"],
        (Version::V19, Transport::Json2) => &["odoo19-json2", "odoo19-jsonrpc"],
        (Version::V19, _) => &["odoo19-jsonrpc", "odoo19-json2"],
    };
    for file in files {
        let known = names().get(file)?;
        for name in candidates.clone() {
            if known.contains(name) {
                return Some(format!("{file}:{name}"));
            }
            if known.contains(&format!("={name}")) {
                return Some(format!("odoo18-jsonrpc:{name}"));
            }
        }
    }
    None
}
