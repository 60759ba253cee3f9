//! `plugin check`: would the host take this component, and would a tenant's file grant it what it wants?

use patchbay_plugin::World;
use patchbay_types::{
    Digest,
    egress::HttpGrant,
    tenant::{Grants, InstancePolicy, Limits, SlotConfig},
};
use serde::Serialize;

use crate::{
    component::{Component, world},
    sandbox::Sandbox,
};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Name and version, or the digest.
    pub title: String,
    /// The file's digest.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// `mapper`, `router` or `CRM adapter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
    /// The contract that it was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it wants to be granted.
    pub wants: Grants,
    /// The most it says that it needs.
    pub limits: Limits,
    /// What keeps the host from taking it, each with what to change.
    pub problems: Vec<String>,
    /// What is allowed, and worth knowing.
    pub notes: Vec<String>,
}

/// A slot of a tenant, as its file says it.
#[derive(Debug, Clone)]
pub struct Granted {
    /// `mapper`, `router`, `adapters.<name>`.
    pub slot: String,
    /// What the file says of it.
    pub config: SlotConfig,
    /// Its settings, as the guest reads them.
    pub settings: String,
}

// === impl Granted ===

impl Granted {
    fn world(&self) -> World {
        match self.slot.as_str() {
            "mapper" => World::Mapper,
            "router" => World::Router,
            _ => World::Adapter,
        }
    }
}

/// How the runtime begins when it is the settings that it refuses.
const SETTINGS: &str = "its settings are wrong";

/// How it ends when it is an import that was not granted.
const NOT_GRANTED: &str = "which was not granted: say so under `grants`";

/// Checks a component; against a slot's grants, limits and settings, where there is one. The component is prepared and
/// tried as at a start of the host.
#[must_use]
pub fn check(sandbox: &Sandbox, component: &Component, against: Option<&Granted>) -> Check {
    let manifest = component.manifest.as_ref();
    let mut check = Check {
        title: component.title(),
        digest: component.digest,
        size: component.bytes.len() as u64,
        world: component.world().map(|world| world.to_string()),
        contract: manifest.map(|manifest| manifest.contract.to_string()),
        imports: component.imports.clone(),
        wants: manifest.map_or_else(Grants::default, |manifest| manifest.wants.clone()),
        limits: manifest.map_or_else(Limits::default, |manifest| manifest.limits),
        problems: Vec::new(),
        notes: Vec::new(),
    };
    match manifest {
        None => check.problems.push(
            "it has no manifest: `patchbay plugin build` puts `plugin.toml` into the component".to_owned(),
        ),
        Some(manifest) => {
            if let Err(error) = manifest.check_contract() {
                check.problems.push(error.to_string());
            }
        }
    }
    let Some(world) = component.world() else {
        let why = "it exports none of `mapping`, `routing` and `adapter` of `patchbay:plugin`: build it with the SDK and \
                   one of its export macros";
        check.problems.push(why.to_owned());
        return check;
    };
    if let Some(manifest) = manifest
        && self::world(manifest.world) != world
    {
        check.problems.push(format!("its manifest says {:?}, and it exports a {world}", manifest.world));
    }
    if let Some(granted) = against {
        check.problems.extend(lacking(&check.wants, &granted.slot, &granted.config.grants));
    }
    limits(&mut check, world, against);
    // Whether it fits into a slot, that slot's world says.
    let world = against.map_or(world, |granted| granted.world());
    load(&mut check, sandbox, component, world, against);
    check
}

fn load(
    check: &mut Check,
    sandbox: &Sandbox,
    component: &Component,
    world: World,
    against: Option<&Granted>,
) {
    let config = against.map(|granted| &granted.config);
    let wanted = patchbay_plugin::Wanted {
        bytes: component.bytes.clone(),
        digest: component.digest,
        world,
        settings: against.map_or("{}", |granted| granted.settings.as_str()).into(),
        grants: config.map_or_else(|| check.wants.clone(), |config| config.grants.clone()),
        limits: config.map_or_else(Limits::default, |config| config.limits),
        instance: config.map_or(InstancePolicy::Fresh, |config| config.instance),
    };
    match sandbox.load(&wanted) {
        Ok(_) => {}
        Err(why) if against.is_none() && why.starts_with(SETTINGS) => {
            check.notes.push(format!("it does not do without settings: {why}"));
        }
        // It was said already, and by the names that a tenant's file has.
        Err(why) if !check.problems.is_empty() && why.contains(NOT_GRANTED) => {}
        Err(why) => check.problems.push(why),
    }
}

/// What a component wants and a slot does not grant, each with what to change.
#[must_use]
pub fn lacking(wants: &Grants, slot: &str, has: &Grants) -> Vec<String> {
    let mut lacking = Vec::new();
    for wanted in &wants.http {
        if !has.http.iter().any(|grant| covers(grant, wanted)) {
            lacking.push(format!(
                "it wants to call {}, which `{slot}.grants.http` does not cover: add it there",
                shown(wanted)
            ));
        }
    }
    for secret in wants.secrets.iter().filter(|secret| !has.secrets.contains(secret)) {
        lacking.push(format!("it wants the secret `{secret}`: add it to `{slot}.grants.secrets`"));
    }
    for (name, wants, has) in [("store", wants.store, has.store), ("desk", wants.desk, has.desk)] {
        if wants && !has {
            lacking.push(format!("it wants the {name}: say `{name} = true` under `{slot}.grants`"));
        }
    }
    lacking
}

/// Whoever is granted less than asked gets less, and may fault: worth knowing, and no reason not to load.
fn limits(check: &mut Check, world: World, against: Option<&Granted>) {
    let granted = against.map_or_else(Limits::default, |granted| granted.config.limits);
    let default = world.defaults();
    let place =
        against.map_or("the tenant's file".to_owned(), |granted| format!("`{}.limits`", granted.slot));
    let asked = check.limits;
    macro_rules! compare {
        ($($field:ident as $name:literal),*) => { $(
            if let (Some(asked), Some(most)) = (asked.$field, granted.$field.or(default.$field))
                && asked > most
            {
                check.notes.push(format!(
                    concat!("it asks for `", $name, " = {}`, and gets {} unless {} says more"), asked, most, place,
                ));
            }
        )* };
    }
    compare!(
        time as "time", prepare_time as "prepare-time", memory as "memory", output as "output",
        log_lines as "log-lines", host_calls as "host-calls", fuel as "fuel"
    );
}

fn covers(grant: &HttpGrant, wanted: &HttpGrant) -> bool {
    let methods = grant.methods.is_empty()
        || !wanted.methods.is_empty() && wanted.methods.iter().all(|method| grant.methods.contains(method));
    grant.url.covers(wanted.url.url()) && methods
}

fn shown(wanted: &HttpGrant) -> String {
    let methods = if wanted.methods.is_empty() {
        "any method".to_owned()
    } else {
        wanted.methods.join(", ").to_uppercase()
    };
    format!("{} ({methods})", wanted.url.url())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(url: &str, methods: &[&str]) -> HttpGrant {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        HttpGrant { methods, ..HttpGrant::of(url.parse().unwrap()) }
    }

    #[test]
    fn a_grant_covers_what_lies_below_it_by_its_methods() {
        let all = grant("https://crm.example/api/", &[]);
        assert!(covers(&all, &grant("https://crm.example/api/tickets", &["post"])));
        assert!(!covers(&all, &grant("https://crm.example/", &[])));
        assert!(!covers(&all, &grant("https://other.example/api/", &[])));
        let some = grant("https://crm.example/", &["get"]);
        assert!(covers(&some, &grant("https://crm.example/x", &["get"])));
        assert!(!covers(&some, &grant("https://crm.example/x", &["get", "post"])));
        assert!(!covers(&some, &grant("https://crm.example/x", &[])), "wanted for every method");
    }
}
