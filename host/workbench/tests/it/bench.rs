//! What a call costs.

use patchbay_workbench::{Sandbox, bench};
use serde_json::json;

use crate::{
    components::component,
    samples::{case, opening, routing},
};

#[test]
fn a_call_has_a_cost_and_stays_below_its_limits() {
    let sandbox = Sandbox::new().unwrap();
    for (name, step) in [("router-rules", routing("desk")), ("adapter-desk", opening())] {
        let measured = bench(&sandbox, &component(name), &case(json!([step])), 20).unwrap();
        assert!(measured.fresh.p50_us > 0.0 && measured.warm.p50_us > 0.0, "{name}: {measured:?}");
        assert!(measured.needs.fuel.unwrap() > 1000, "{name}: {measured:?}");
        assert!(measured.needs.memory < measured.needs.memory_limit, "{name}: {measured:?}");
    }
}

#[test]
fn a_case_of_another_world_is_refused() {
    let sandbox = Sandbox::new().unwrap();
    let error = bench(&sandbox, &component("adapter-desk"), &case(json!([routing("desk")])), 1).unwrap_err();
    assert!(error.to_string().contains("asks nothing of adapter-desk"), "{error}");
}
