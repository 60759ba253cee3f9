//! Back to an earlier generation, and how long that lasts.

use std::{fs, thread};

use patchbay_plugin::reload::{MovedBy, RollbackError};
use patchbay_types::Clock;

use super::scene::{SETTLE, Scene, mapper, tenant};
use crate::guest::Guest;

/// `acme` serves generation 3, of mapper `m3`.
fn three_generations() -> Scene {
    let scene = Scene::serving();
    for n in 2..=3 {
        scene.write("components/m.wasm", mapper(&format!("m{n}")));
        assert_eq!(scene.settle().activated, [("acme".into(), n)]);
    }
    scene
}

#[test]
fn a_rollback_is_a_move_of_a_pointer() {
    let scene = three_generations();
    // With nothing to compile from, and no compiled copy.
    for dir in ["store", "artefacts"] {
        fs::remove_dir_all(scene.data(dir)).unwrap();
    }
    let status = scene.reloader.rollback(&"acme".into(), None).unwrap();
    assert_eq!((status.generation, status.pinned, status.kept), (Some(2), true, vec![3, 2, 1]));
    assert!(scene.serves("acme", &mapper("m2")));
    let moved = scene.log.pointer("acme").unwrap();
    assert_eq!((moved.generation, moved.by), (Some(2), MovedBy::Rollback));
    scene.reloader.rollback(&"acme".into(), Some(1)).unwrap();
    assert!(scene.serves("acme", &mapper("m1")));
    scene.reloader.rollback(&"acme".into(), Some(3)).unwrap();
    assert!(scene.serves("acme", &mapper("m3")));
}

#[test]
fn it_stays_until_a_file_changes() {
    let scene = three_generations();
    scene.reloader.rollback(&"acme".into(), None).unwrap();
    scene.write("components/m.wasm", mapper("m3"));
    assert!(scene.settle().activated.is_empty(), "touched, not changed");
    assert!(scene.status("acme").pinned);
    scene.write("components/m.wasm", "no good");
    assert_eq!(scene.settle().refused, ["acme".into()]);
    assert_eq!(scene.generation("acme"), Some(2));
    scene.write("components/m.wasm", mapper("m4"));
    assert_eq!(scene.settle().activated, [("acme".into(), 4)]);
    assert!(!scene.status("acme").pinned);
}

#[test]
fn it_stays_over_a_restart() {
    let scene = three_generations();
    scene.reloader.rollback(&"acme".into(), Some(1)).unwrap();
    let scene = scene.restart();
    scene.reloader.start().unwrap();
    scene.settle();
    assert_eq!((scene.generation("acme"), scene.status("acme").pinned), (Some(1), true));
    scene.reloader.rollback(&"acme".into(), Some(3)).unwrap();
    assert!(scene.serves("acme", &mapper("m3")), "made again from the content store");
}

#[test]
fn it_does_not_wait_for_another_tenants_components() {
    let scene = three_generations();
    scene.write(
        "components/slow.wasm",
        Guest::of("mapper").body("prepare", "(loop (br 0)) (unreachable)").build(),
    );
    scene.write("tenants/zeta.toml", tenant("slow", "r"));
    scene.pass_after(0);
    scene.clock.advance(SETTLE);
    thread::scope(|scope| {
        let pass = scope.spawn(|| scene.reloader.pass());
        while scene.reloader.status().looked_at != scene.clock.now() {
            thread::yield_now();
        }
        scene.reloader.rollback(&"acme".into(), None).unwrap();
        assert!(!pass.is_finished(), "`prepare` may take two seconds, and takes them");
        assert_eq!(pass.join().unwrap().refused, ["zeta".into()]);
    });
}

#[test]
fn what_cannot_be_is_said() {
    let scene = Scene::serving();
    let rollback = |tenant: &str, to| scene.reloader.rollback(&tenant.into(), to).unwrap_err();
    assert!(matches!(rollback("nobody", None), RollbackError::Unknown(_)));
    assert!(matches!(rollback("acme", None), RollbackError::Nothing(1)));
    assert_eq!(rollback("acme", Some(9)).to_string(), "generation 9 is not kept; there are [1]");
    scene.remove("tenants/acme.toml");
    scene.settle();
    assert!(matches!(rollback("acme", Some(1)), RollbackError::Removed(_)));
}

#[test]
fn a_rollback_that_cannot_be_written_down_does_not_happen() {
    let scene = three_generations();
    scene.log.break_down(true);
    assert!(matches!(scene.reloader.rollback(&"acme".into(), None), Err(RollbackError::Log(_))));
    assert_eq!(scene.generation("acme"), Some(3));
}
