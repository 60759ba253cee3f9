//! Start-up: from the host's own copies first, then from the directory, and never not at all.

use std::fs;

use patchbay_plugin::reload::{State, check};
use patchbay_types::Digest;

use super::scene::{Scene, mapper, tenant};

#[test]
fn a_file_that_is_missing_at_start_up_is_taken_from_the_last_good_generation() {
    let scene = Scene::serving();
    scene.remove("components/m.wasm");
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    assert!(scene.serves("acme", &mapper("m1")), "at once, before the directory has settled");
    scene.settle();
    assert!(scene.serves("acme", &mapper("m1")));
    assert_eq!(scene.generation("acme"), Some(1));
    assert!(matches!(scene.status("acme").state, State::Missing { .. }));
}

#[test]
fn files_that_got_worse_while_the_host_was_down_change_nothing() {
    let scene = Scene::serving();
    scene.write("components/m.wasm", "no good");
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    assert_eq!(scene.settle().refused, ["acme".into()]);
    assert!(scene.serves("acme", &mapper("m1")));
}

#[test]
fn files_that_changed_while_the_host_was_down_are_the_next_generation() {
    let scene = Scene::serving();
    scene.write("components/m.wasm", mapper("m2"));
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
}

#[test]
fn a_tenant_whose_file_went_while_the_host_was_down_holds() {
    let scene = Scene::serving();
    scene.write("tenants/zeta.toml", tenant("m", "r"));
    scene.settle();
    scene.remove("tenants/acme.toml");
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    scene.settle();
    assert!(scene.chain("acme").is_none());
    assert_eq!(scene.status("acme").state, State::Removed);
    assert_eq!(scene.generation("zeta"), Some(1));
}

#[test]
fn when_every_tenants_file_is_missing_at_start_up_the_last_generations_serve() {
    let scene = Scene::serving();
    scene.remove("tenants/acme.toml");
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    scene.settle();
    assert_eq!(scene.generation("acme"), Some(1));
    assert!(matches!(scene.status("acme").state, State::Missing { .. }));
    scene.write("tenants/acme.toml", tenant("m", "r"));
    scene.settle();
    assert_eq!((scene.generation("acme"), scene.status("acme").state), (Some(1), State::Active));
    scene.remove("tenants/acme.toml");
    scene.settle();
    assert!(scene.chain("acme").is_none(), "it was there, and was taken away");
}

#[test]
fn a_fallback_is_made_ready_and_comes_back_after_a_restart() {
    let scene = Scene::serving();
    scene.write("components/spare.wasm", mapper("spare"));
    let config = "[mapper]\ncomponent = 'm'\non-fault = { fallback = 'spare' }\n[router]\ncomponent = 'r'\n";
    scene.write("tenants/acme.toml", config);
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
    scene.remove("components/spare.wasm");
    assert_eq!(scene.settle().refused, ["acme".into()]);
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    let chain = scene.chain("acme").unwrap();
    assert_eq!(chain.mapper.fallback.as_ref().unwrap().digest(), Digest::of(&mapper("spare")));
}

#[test]
fn a_damaged_copy_is_made_good_from_the_file() {
    let scene = Scene::serving();
    let copy = scene.data("store").join(Digest::of(&mapper("m1")).to_string());
    fs::write(copy, "damaged").unwrap();
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    assert!(scene.chain("acme").is_none());
    let said = scene.status("acme").last_error.unwrap().finding.to_string();
    assert!(said.contains("damaged"), "{said}");
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
    assert!(scene.serves("acme", &mapper("m1")));
}

#[test]
fn a_tenant_that_never_worked_does_not_stop_the_start() {
    let scene = Scene::empty();
    scene.write("tenants/acme.toml", tenant("m", "r"));
    scene.write("tenants/BAD.toml", "");
    scene.reloader.start().unwrap();
    scene.settle();
    assert!(scene.chain("acme").is_none());
    let status = scene.status("acme");
    assert_eq!((status.generation, status.slots.len()), (None, 2));
    assert_eq!(scene.reloader.status().findings[0].file, "tenants/BAD.toml");
}

#[test]
fn a_check_finds_what_a_start_would_and_lets_nothing_serve() {
    let scene = Scene::empty();
    scene.write("components/m.wasm", mapper("m1"));
    scene.write("tenants/acme.toml", tenant("m", "gone"));
    scene.write("tenants/broken.toml", "[mapper]\ncomponents = 'm'\n");
    let findings: Vec<_> = check(&scene.path(""), None).iter().map(ToString::to_string).collect();
    assert_eq!(findings.len(), 3, "{findings:#?}");
    assert_eq!(findings[0], "patchbay.toml: the file is missing");
    assert_eq!(
        findings[1],
        "tenants/acme.toml:4:1: `router.component`: components/gone.wasm: the file is missing"
    );
    assert!(findings[2].starts_with("tenants/broken.toml:2:1: `mapper.components`: "), "{}", findings[2]);
    assert!(!scene.data("store").join("x").exists() && scene.chains.all().is_empty());
}
