//! `plugin inspect`: all that a component file says of itself.

use std::collections::BTreeMap;

use patchbay_package::Manifest;
use patchbay_types::Digest;
use serde::Serialize;
use serde_json::Value;

use crate::{component::Component, sandbox::Sandbox};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Inspected {
    /// The file's digest, by which the host knows it.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// Its manifest; none: it has none.
    pub manifest: Option<Manifest>,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Bytes of the larger sections, by kind.
    pub sections: BTreeMap<String, u64>,
    /// What settings it takes.
    pub settings: Schema,
}

/// The settings' schema, as the component answers it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schema {
    /// A JSON Schema.
    Schema(Value),
    /// It answers something else, or nothing; why.
    None(String),
}

/// Looks into a component, and asks it for its settings' schema. Nothing else of it is run.
#[must_use]
pub fn inspect(sandbox: &Sandbox, component: &Component) -> Inspected {
    let settings = match sandbox.schema(component) {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(schema) => Schema::Schema(schema),
            Err(error) => Schema::None(format!("what it answers is no JSON: {error}")),
        },
        Err(why) => Schema::None(why),
    };
    Inspected {
        digest: component.digest,
        size: component.bytes.len() as u64,
        manifest: component.manifest.clone(),
        imports: component.imports.clone(),
        exports: component.exports.clone(),
        sections: component.sections.clone(),
        settings,
    }
}
