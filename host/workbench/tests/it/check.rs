//! What `check` and `inspect` say of components.

use patchbay_types::TenantConfig;
use patchbay_workbench::{Component, Granted, Sandbox, Schema, check, inspect};

use crate::components::component;

fn granted(file: &str, slot: &str) -> Granted {
    let config = TenantConfig::parse(file).unwrap();
    let (slot, config) = config.slots().find(|(name, _)| name == slot).map(|(n, c)| (n, c.clone())).unwrap();
    Granted { slot, config, settings: "{}".to_owned() }
}

const TENANT: &str = "[mapper]\ncomponent='mapper-matrix'\n[router]\ncomponent='router-rules'\n\
                      [adapters.desk]\ncomponent='adapter-desk'\n";

/// The preambles alone.
const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0";

#[test]
fn a_component_is_good_alone_and_wants_what_a_tenant_has_not_granted() {
    let (sandbox, desk) = (Sandbox::new().unwrap(), component("adapter-desk"));
    let alone = check(&sandbox, &desk, None);
    assert_eq!(alone.problems, [""; 0]);
    assert_eq!(alone.world.as_deref(), Some("CRM adapter"));

    let denied = check(&sandbox, &desk, Some(&granted(TENANT, "adapters.desk")));
    assert!(
        denied.problems[0].contains("`desk = true` under `adapters.desk.grants`"),
        "{:?}",
        denied.problems
    );

    let file = format!("{TENANT}grants = {{ desk = true }}\n");
    assert_eq!(check(&sandbox, &desk, Some(&granted(&file, "adapters.desk"))).problems, [""; 0]);
}

#[test]
fn settings_that_a_component_needs_are_a_note_and_wrong_ones_of_a_tenant_a_problem() {
    let (sandbox, router) = (Sandbox::new().unwrap(), component("router-rules"));
    let mut tenant = granted(TENANT, "router");
    tenant.settings = r#"{"rulez":[]}"#.to_owned();
    let refused = check(&sandbox, &router, Some(&tenant));
    assert!(refused.problems[0].contains("rulez"), "{:?}", refused.problems);
    assert_eq!(check(&sandbox, &router, None).problems, [""; 0]);
}

#[test]
fn what_is_no_plugin_is_refused_with_what_to_do() {
    let sandbox = Sandbox::new().unwrap();
    let without = Component::parse(EMPTY_COMPONENT.to_vec()).unwrap();
    let said = check(&sandbox, &without, None).problems.join("\n");
    assert!(said.contains("patchbay plugin build") && said.contains("export macros"), "{said}");
    let core = Component::parse(EMPTY_MODULE.to_vec()).unwrap_err();
    assert!(core.contains("patchbay plugin build"), "{core}");
}

#[test]
fn inspect_shows_the_schema_of_settings_without_any_settings() {
    let (sandbox, router) = (Sandbox::new().unwrap(), component("router-rules"));
    let inspected = inspect(&sandbox, &router);
    let Schema::Schema(schema) = inspected.settings else { panic!("{:?}", inspected.settings) };
    assert!(schema["properties"].is_object());
    assert!(inspected.exports.iter().any(|name| name.contains("routing")));
    assert!(inspected.sections.contains_key("custom `patchbay:manifest`"), "{:?}", inspected.sections);
}
