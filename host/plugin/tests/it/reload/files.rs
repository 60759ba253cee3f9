//! However files come to be changed, a tenant goes from one whole generation to the next.

use std::{fs, os::unix::fs::symlink, sync::Arc, thread};

use patchbay_plugin::reload::State;
use patchbay_types::Digest;

use super::scene::{SETTLE, Scene, mapper, router, tenant};

#[test]
fn a_half_written_file_is_waited_for() {
    let scene = Scene::serving();
    let whole = mapper("m2");
    scene.write("components/m.wasm", &whole[..whole.len() / 2]);
    let passed = scene.pass_after(0);
    assert_eq!(passed.due, Some(1_000_000 + 2 * SETTLE), "come again when it may be whole");
    scene.pass_after(SETTLE - 1);
    scene.write("components/m.wasm", &whole);
    let passed = scene.pass_after(1);
    assert!(
        passed.refused.is_empty() && passed.activated.is_empty(),
        "half a file was looked at: {passed:?}"
    );
    assert_eq!(scene.status("acme").state, State::Pending);
    assert_eq!(scene.pass_after(SETTLE).activated, [("acme".into(), 2)]);
    assert!(scene.serves("acme", &whole));
}

#[test]
fn a_file_renamed_over_another_is_a_new_generation() {
    let scene = Scene::serving();
    scene.write("components/.m.new", mapper("m2"));
    fs::rename(scene.path("components/.m.new"), scene.path("components/m.wasm")).unwrap();
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
    assert!(scene.serves("acme", &mapper("m2")));
}

#[test]
fn a_file_that_is_deleted_and_written_anew_is_one_change() {
    let scene = Scene::serving();
    scene.remove("components/m.wasm");
    scene.pass_after(0);
    scene.write("components/m.wasm", mapper("m2"));
    let passed = scene.settle();
    assert_eq!((passed.activated.len(), passed.refused.len()), (1, 0));
}

#[test]
fn a_touch_without_a_change_does_nothing() {
    let scene = Scene::serving();
    for name in ["components/m.wasm", "tenants/acme.toml"] {
        scene.write(name, fs::read(scene.path(name)).unwrap());
    }
    assert!(scene.settle().activated.is_empty());
    assert_eq!(scene.generation("acme"), Some(1));
    assert_eq!(scene.status("acme").state, State::Active);
}

#[test]
fn a_config_map_swapped_by_its_link_is_one_generation_of_code_and_configuration() {
    let scene = Scene::empty();
    let put = |volume: &str, stamp: &str, limit: &str| {
        scene.write(&format!("{volume}/components/m.wasm"), mapper(stamp));
        scene.write(&format!("{volume}/components/r.wasm"), router(stamp));
        let config = tenant("m", "r") + "[router.limits]\ntime = '" + limit + "'\n";
        scene.write(&format!("{volume}/tenants/acme.toml"), config);
    };
    put("..2026_01", "1", "1s");
    symlink("..2026_01", scene.path("..data")).unwrap();
    for sub in ["components", "tenants"] {
        fs::remove_dir(scene.path(sub)).unwrap();
        symlink(format!("..data/{sub}"), scene.path(sub)).unwrap();
    }
    assert_eq!(scene.settle().activated, [("acme".into(), 1)]);

    put("..2026_02", "2", "2s");
    assert!(scene.settle().activated.is_empty(), "nothing points there yet");
    symlink("..2026_02", scene.path("..data_tmp")).unwrap();
    fs::rename(scene.path("..data_tmp"), scene.path("..data")).unwrap();
    fs::remove_dir_all(scene.path("..2026_01")).unwrap();
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
    assert!(scene.serves("acme", &mapper("2")));
    let chain = scene.chain("acme").unwrap();
    assert_eq!(chain.router.plugin.digest(), Digest::of(&router("2")));
    assert_eq!(chain.config.router.limits.time.unwrap().to_string(), "2s");
}

#[test]
fn many_changes_at_once_are_one_generation() {
    let scene = Scene::serving();
    scene.write("components/m.wasm", mapper("m2"));
    scene.pass_after(0);
    scene.write("components/other.wasm", router("r2"));
    scene.pass_after(SETTLE / 2);
    scene.write("tenants/acme.toml", tenant("m", "other"));
    assert!(scene.pass_after(SETTLE / 2).activated.is_empty(), "one of them is whole, the others are not");
    assert_eq!(scene.pass_after(SETTLE).activated, [("acme".into(), 2)]);
    let chain = scene.chain("acme").unwrap();
    assert_eq!(chain.router.plugin.digest(), Digest::of(&router("r2")));
    assert!(scene.serves("acme", &mapper("m2")));
    let note = scene.log.pointer("acme").unwrap().note;
    assert_eq!(note, "components/m.wasm, components/other.wasm, tenants/acme.toml");
}

#[test]
fn several_passes_at_once_make_a_generation_once() {
    let scene = Scene::serving();
    scene.write("components/m.wasm", mapper("m2"));
    scene.pass_after(0);
    scene.clock.advance(SETTLE);
    let made: usize = thread::scope(|scope| {
        let passes: Vec<_> = (0..4).map(|_| scope.spawn(|| scene.reloader.pass().activated.len())).collect();
        passes.into_iter().map(|pass| pass.join().unwrap()).sum()
    });
    assert_eq!((made, scene.generation("acme")), (1, Some(2)));
}

#[test]
fn a_tenant_is_touched_by_its_own_files_alone() {
    let scene = Scene::serving();
    scene.write("components/m2.wasm", mapper("other"));
    scene.write("tenants/zeta.toml", tenant("m2", "r"));
    assert_eq!(scene.settle().activated, [("zeta".into(), 1)]);
    scene.write("components/m2.wasm", "no component");
    assert_eq!(scene.settle().refused, ["zeta".into()]);
    assert_eq!(scene.status("acme").state, State::Active);
    scene.write("components/r.wasm", router("r2"));
    let passed = scene.settle();
    assert_eq!(passed.activated, [("acme".into(), 2)], "shared, but zeta's mapper is still no good");
    scene.write("components/m2.wasm", mapper("better"));
    assert_eq!(scene.settle().activated, [("zeta".into(), 2)]);
}

#[test]
fn settings_in_a_file_are_part_of_the_generation_and_no_tenant() {
    let scene = Scene::serving();
    let config = "[mapper]\ncomponent = 'm'\nsettings-file = 'rules.toml'\n\
        [router]\ncomponent = 'r'\nsettings-file = './acme/router.json'\n";
    scene.write("tenants/rules.toml", "n = 1\n");
    scene.write("tenants/acme/router.json", "{\"n\": 1}");
    scene.write("tenants/acme.toml", config);
    assert_eq!(scene.settle().activated, [("acme".into(), 2)]);
    scene.write("tenants/acme/router.json", "{\"n\": 2}");
    assert_eq!(scene.settle().activated, [("acme".into(), 3)]);
    let settings = |text: &str| Digest::of(text.as_bytes());
    let chain = scene.chain("acme").unwrap();
    assert_eq!(chain.mapper.plugin.settings_digest(), settings("{\"n\":1}"));
    assert_eq!(chain.router.plugin.settings_digest(), settings("{\"n\": 2}"));
    let tenants = scene.reloader.status().tenants;
    assert_eq!(tenants.len(), 1, "{tenants:?}");
}

#[test]
fn who_holds_a_chain_keeps_it_and_then_it_goes() {
    let scene = Scene::serving();
    let held = scene.chain("acme").unwrap();
    let gone = Arc::downgrade(&held);
    for n in 2..=5 {
        scene.write("components/m.wasm", mapper(&format!("m{n}")));
        assert_eq!(scene.settle().activated, [("acme".into(), n)]);
    }
    held.mapper.plugin.golden(&crate::host::caller()).unwrap();
    drop(held);
    assert!(gone.upgrade().is_some(), "watched over until the next look");
    scene.pass_after(0);
    assert!(gone.upgrade().is_none(), "the fourth before the current one is not kept");
    assert_eq!(scene.status("acme").kept, [5, 4, 3]);
    // Tenant's file, settings, router, and three mappers.
    assert_eq!(fs::read_dir(scene.data("store")).unwrap().count(), 6);
}
