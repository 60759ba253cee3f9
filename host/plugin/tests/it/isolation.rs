//! Nothing that a call leaves in memory is seen by another one: not on the same thread, not on another, not by another
//! component in the same place of the pool, whichever way memory is reset.

use std::{sync::Arc, thread};

use patchbay_plugin::{Plugin, World, mapping::Mapped};
use patchbay_types::Digest;

use crate::{
    guest::Guest,
    host::{Host, caller, wanted},
    values,
};

/// Answers `ignore`, with a text as long as the number of bytes of its memory that are not as `prepare` left them (at
/// most 1000); then it fills its memory, grown by a MiB, with the mark. `mark` is also what `prepare` wrote at 9000.
fn scribbler(mark: u8) -> Vec<u8> {
    let body = format!(
        "(local $at i32) (local $wrong i32)
         (drop (memory.grow (i32.const 16)))
         (local.set $at (i32.const 131072))
         (loop $scan
           (local.set $wrong (i32.add (local.get $wrong) (i32.ne (i32.load8_u (local.get $at)) (i32.const 0))))
           (local.set $at (i32.add (local.get $at) (i32.const 509)))
           (br_if $scan (i32.lt_u (local.get $at) (i32.const 1179648))))
         (local.set $at (i32.const 10000))
         (loop $scan
           (local.set $wrong (i32.add (local.get $wrong) (i32.ne (i32.load8_u (local.get $at)) (i32.const 0))))
           (local.set $at (i32.add (local.get $at) (i32.const 1)))
           (br_if $scan (i32.lt_u (local.get $at) (i32.const 60000))))
         (local.set $wrong
           (i32.add (local.get $wrong) (i32.ne (i32.load8_u (i32.const 9000)) (i32.const {mark}))))
         (memory.fill (i32.const 9000) (i32.const {mark}0) (i32.const 51000))
         (memory.fill (i32.const 131072) (i32.const {mark}) (i32.const 1048576))
         (i32.store8 (i32.const 3008) (i32.const 1))
         (i32.store (i32.const 3016) (i32.const 0))
         (i32.store (i32.const 3020) (select (i32.const 1000) (local.get $wrong)
           (i32.gt_u (local.get $wrong) (i32.const 1000))))
         (i32.const 3000)"
    );
    Guest::of("mapper")
        .body("prepare", &format!("(i32.store8 (i32.const 9000) (i32.const {mark})) (i32.const 1024)"))
        .body("from-matrix", &body)
        .build()
}

fn sees_nothing(plugin: &Plugin) {
    let answer = plugin.from_matrix(&caller(), &values::event(), &values::room()).unwrap().value;
    let Mapped::Ignore(seen) = answer else { panic!("{answer:?}") };
    assert_eq!(seen.len(), 0, "bytes of an earlier call");
}

#[test]
fn a_call_sees_nothing_of_an_earlier_one() {
    for pagemap_scan in [true, false] {
        let host = Host::with(pagemap_scan);
        let plugins: Vec<Plugin> =
            [1, 2, 3].map(|mark| host.load(scribbler(mark), World::Mapper).unwrap()).into();
        thread::scope(|scope| {
            for start in 0..3 {
                let plugins = &plugins;
                scope.spawn(move || {
                    (start..start + 60).for_each(|n| sees_nothing(&plugins[n % plugins.len()]))
                });
            }
        });
    }
}

#[test]
fn each_tenant_has_an_image_of_its_own_settings() {
    // Keeps the length of its settings in `prepare`, and answers a text of that length.
    let settings = r#"(import "patchbay:plugin/settings@0.1.0" "get" (func $settings (param i32)))"#;
    let guest = Guest::of("mapper")
        .fields(settings)
        .body("prepare", "(call $settings (i32.const 4000)) (i32.const 1024)")
        .body(
            "from-matrix",
            "(i32.store8 (i32.const 3008) (i32.const 1))
             (i32.store (i32.const 3020) (i32.load (i32.const 4004)))
             (i32.const 3000)",
        )
        .build();
    let host = Host::new();
    let mut loaded = Vec::new();
    for settings in ["{}", r#"{"a":1}"#, "{}"] {
        let mut wanted = wanted(guest.clone(), World::Mapper);
        wanted.settings = Arc::from(settings);
        let plugin = host.runtime.load(&wanted).unwrap();
        assert_eq!(plugin.settings_digest(), Digest::of(settings.as_bytes()));
        let answer = plugin.from_matrix(&caller(), &values::event(), &values::room()).unwrap().value;
        assert_eq!(answer, Mapped::Ignore("\0".repeat(settings.len())));
        loaded.push(plugin);
    }
}
