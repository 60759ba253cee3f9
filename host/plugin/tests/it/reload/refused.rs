//! Whatever is wrong with new files: what served goes on serving, and the reason is there to be read.

use std::{fs::File, os::unix::fs::symlink};

use patchbay_plugin::reload::State;
use patchbay_types::Digest;

use super::scene::{SETTLE, Scene, mapper, router, tenant};
use crate::guest::Guest;

/// Writes a mapper that is no good; answers why.
fn refuse(scene: &Scene, bytes: &[u8]) -> String {
    scene.write("components/m.wasm", bytes);
    assert_eq!(scene.settle().refused, ["acme".into()]);
    assert!(scene.serves("acme", &mapper("m1")), "what served goes on");
    assert_eq!(scene.generation("acme"), Some(1));
    assert!(scene.settle().refused.is_empty(), "the same files are not tried for ever");
    scene.reason("acme")
}

#[test]
fn fifty_mebibytes_of_garbage_are_refused_by_their_size() {
    let scene = Scene::serving();
    File::create(scene.path("components/m.wasm")).unwrap().set_len(50 << 20).unwrap();
    assert_eq!(scene.settle().refused, ["acme".into()]);
    assert!(scene.serves("acme", &mapper("m1")));
    let reason = scene.reason("acme");
    assert!(
        reason.contains("components/m.wasm: 52428800 bytes are more than the 1048576 allowed"),
        "{reason}"
    );
}

#[test]
fn garbage_within_the_size_is_refused_by_its_form() {
    let scene = Scene::serving();
    let noise: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let reason = refuse(&scene, &noise);
    assert!(reason.starts_with("tenants/acme.toml:2:1: `mapper.component`: m: "), "{reason}");
}

#[test]
fn another_version_of_the_contract_is_refused_with_both_named() {
    let scene = Scene::serving();
    let reason = refuse(&scene, &Guest::of("mapper").build_for("0.9.0"));
    assert!(reason.contains("0.9.0") && reason.contains("0.1.0"), "{reason}");
}

#[test]
fn another_world_is_refused() {
    let scene = Scene::serving();
    let reason = refuse(&scene, &router("r"));
    assert!(reason.contains("mapper") && reason.contains("router"), "{reason}");
}

#[test]
fn a_fault_in_prepare_is_refused() {
    let scene = Scene::serving();
    let reason = refuse(&scene, &Guest::of("mapper").body("prepare", "unreachable").build());
    assert!(reason.contains("prepare"), "{reason}");
}

#[test]
fn what_takes_too_long_is_tried_thrice_for_the_machine_may_be_busy() {
    let scene = Scene::serving();
    let config = tenant("m", "r").replace("'m'\n", "'m'\nlimits = { prepare-time = '20ms' }\n");
    scene.write("tenants/acme.toml", config);
    scene.write(
        "components/m.wasm",
        Guest::of("mapper").body("prepare", "(loop (br 0)) (unreachable)").build(),
    );
    scene.pass_after(0);
    let refused = || scene.pass_after(SETTLE).refused.len();
    assert_eq!([refused(), refused(), refused(), refused(), refused()], [1, 1, 1, 0, 0]);
    assert!(scene.serves("acme", &mapper("m1")));
    assert!(scene.reason("acme").contains("prepare"), "{}", scene.reason("acme"));
}

#[test]
fn an_import_that_was_not_granted_is_refused_until_it_is() {
    let scene = Scene::serving();
    let desk = r#"(import "patchbay:plugin/desk@0.1.0" "remove" (func (param i32 i32 i32 i32 i32)))"#;
    scene.write("components/desk.wasm", Guest::of("desk-adapter").fields(desk).build());
    let config = tenant("m", "r") + "[adapters.desk]\ncomponent = 'desk'\n";
    scene.write("tenants/acme.toml", &config);
    assert_eq!(scene.settle().refused, ["acme".into()]);
    let reason = scene.reason("acme");
    assert!(reason.starts_with("tenants/acme.toml:6:1: `adapters.desk.component`: desk: "), "{reason}");
    assert!(reason.contains("desk") && reason.contains("grant"), "{reason}");
    scene.write("tenants/acme.toml", config + "[adapters.desk.grants]\ndesk = true\nstore = true\n");
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
}

#[test]
fn every_slot_that_is_wrong_is_named() {
    let scene = Scene::serving();
    scene.write("components/m.wasm", "no");
    scene.write("components/r.wasm", "no");
    scene.settle();
    let status = scene.status("acme");
    let wrong: Vec<_> =
        status.slots.iter().map(|slot| (slot.slot.as_str(), slot.last_error.is_some())).collect();
    assert_eq!(wrong, [("mapper", true), ("router", true)]);
    assert!(status.slots.iter().all(|slot| slot.serving.is_some()), "{status:?}");
}

#[test]
fn a_broken_tenant_file_names_its_line_and_its_field() {
    let scene = Scene::serving();
    for (text, at) in [
        (
            "[mapper]\ncomponent = 'm'\n[router]\ncomponent = 7\n",
            "tenants/acme.toml:4:13: `router.component`: ",
        ),
        ("[mapper]\ncomponent = 'm'\n[router\n", "tenants/acme.toml:3:8: "),
        (
            "[mapper]\ncomponent = '../m'\n[router]\ncomponent = 'r'\n",
            "tenants/acme.toml:2:1: `mapper.component`: ",
        ),
        ("[mapper]\nsettings = {}\n[router]\ncomponent = 'r'\n", "tenants/acme.toml:1:1: `mapper`: "),
    ] {
        scene.write("tenants/acme.toml", text);
        assert_eq!(scene.settle().refused, ["acme".into()]);
        let reason = scene.reason("acme");
        assert!(reason.starts_with(at), "{reason}");
    }
    assert_eq!(scene.generation("acme"), Some(1));
    scene.write("tenants/acme.toml", tenant("m", "r"));
    scene.settle();
    assert_eq!((scene.generation("acme"), scene.status("acme").state), (Some(1), State::Active), "as it was");
}

#[test]
fn a_component_that_is_deleted_is_missing_and_serves_on() {
    let scene = Scene::serving();
    scene.remove("components/m.wasm");
    assert_eq!(scene.settle().refused, ["acme".into()]);
    let slot = scene.status("acme").slots.remove(0);
    let reason =
        "tenants/acme.toml:2:1: `mapper.component`: components/m.wasm: the file is missing".to_owned();
    assert_eq!(slot.state, State::Missing { reason });
    assert!(scene.serves("acme", &mapper("m1")));
    scene.write("components/m.wasm", mapper("m1"));
    scene.settle();
    assert_eq!((scene.generation("acme"), scene.status("acme").state), (Some(1), State::Active));
}

#[test]
fn a_tenant_without_a_file_holds_and_goes_on_counting_when_it_returns() {
    let scene = Scene::serving();
    scene.remove("tenants/acme.toml");
    assert!(scene.pass_after(0).removed.is_empty(), "it may be about to be written anew");
    assert_eq!(scene.settle().removed, ["acme".into()]);
    assert!(scene.chain("acme").is_none());
    assert_eq!(scene.status("acme").state, State::Removed);
    assert_eq!(scene.log.pointer("acme").unwrap().generation, None);
    scene.write("tenants/acme.toml", tenant("m", "r"));
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
}

#[test]
fn tenants_that_cannot_be_listed_are_not_removed() {
    let scene = Scene::serving();
    std::fs::rename(scene.path("tenants"), scene.path("elsewhere")).unwrap();
    scene.settle();
    assert_eq!(scene.generation("acme"), Some(1));
    let findings = scene.reloader.status().findings;
    assert_eq!(findings[0].to_string(), "tenants/: the directory is missing");
}

#[test]
fn what_cannot_be_written_down_does_not_serve_yet() {
    let scene = Scene::serving();
    scene.log.break_down(true);
    scene.write("components/m.wasm", mapper("m2"));
    assert_eq!(scene.settle().refused, ["acme".into()]);
    assert!(scene.serves("acme", &mapper("m1")));
    assert!(scene.reason("acme").contains("the disk is full"));
    scene.log.break_down(false);
    assert_eq!(scene.pass_after(0).activated, [("acme".into(), 2)], "tried again, though no file changed");
}

#[test]
fn the_hosts_own_file_is_told_to_need_a_restart() {
    let scene = Scene::serving();
    let findings = || scene.reloader.status().findings.iter().map(|f| f.file.clone()).collect::<Vec<_>>();
    scene.write("patchbay.toml", "one");
    scene.settle();
    assert_eq!(findings(), [""; 0], "the first look");
    scene.write("patchbay.toml", "two");
    scene.settle();
    assert_eq!(findings(), ["patchbay.toml"]);
    scene.write("patchbay.toml", "one");
    scene.settle();
    assert_eq!(findings(), [""; 0]);
}

#[test]
fn the_status_says_what_runs_and_why_not_more() {
    let scene = Scene::serving();
    scene.write("components/m.wasm", "no");
    scene.settle();
    let status = serde_json::to_value(scene.reloader.status()).unwrap();
    let tenant = &status["tenants"][0];
    assert_eq!(
        (&tenant["tenant"], &tenant["state"], &tenant["generation"]),
        (&"acme".into(), &"rejected".into(), &1.into())
    );
    let slot = &tenant["slots"][0];
    assert_eq!((&slot["slot"], &slot["state"]), (&"mapper".into(), &"rejected".into()));
    assert_eq!(slot["last_error"]["file"], "tenants/acme.toml");
    assert_eq!(
        (&slot["last_error"]["line"], &slot["last_error"]["field"]),
        (&2.into(), &"mapper.component".into())
    );
    let serving = &slot["serving"];
    assert_eq!(
        (&serving["component"], &serving["name"], &serving["version"]),
        (&"m".into(), &"guest".into(), &"1.0.0".into())
    );
    assert_eq!(serving["digest"], Digest::of(&mapper("m1")).to_string());
    assert_eq!(tenant["slots"][1]["state"], "active");
}

#[test]
fn settings_are_not_read_from_outside() {
    let scene = Scene::serving();
    std::fs::write(scene.outside().join("secret.toml"), "token = 'x'\n").unwrap();
    symlink(scene.outside().join("secret.toml"), scene.path("tenants/mine.toml")).unwrap();
    let config = "[mapper]\ncomponent = 'm'\nsettings-file = 'mine.toml'\n[router]\ncomponent = 'r'\n";
    scene.write("tenants/acme.toml", config);
    assert!(scene.settle().refused.contains(&"acme".into()));
    let reason = scene.reason("acme");
    assert!(reason.contains("`mapper.settings-file`") && reason.contains("outside"), "{reason}");
}
