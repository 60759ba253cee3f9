//! What is not loaded, and what is said about it.

use std::{fs, os::unix::fs::PermissionsExt};

use patchbay_plugin::{LoadError, Wanted, World};
use patchbay_types::tenant::{Grants, InstancePolicy};

use crate::{
    guest::Guest,
    host::{Host, wanted},
};

fn why(host: &Host, wanted: &Wanted) -> String {
    let Err(LoadError::Refused(why)) = host.runtime.load(wanted) else { panic!("it was loaded") };
    why
}

#[test]
fn what_is_no_component_is_refused_before_anything_of_it_is_compiled() {
    let host = Host::new();
    let module = wat::parse_str("(module)").unwrap();
    for (bytes, says) in [
        (vec![0x5a; 50 << 20], "component-size"),
        (vec![0x5a; 1 << 20], "no whole WebAssembly component"),
        (Vec::new(), "no whole WebAssembly component"),
        (module, "core module"),
        (wat::parse_str("(component)").unwrap(), "does not export `patchbay:plugin/plugin`"),
    ] {
        let why = why(&host, &wanted(bytes, World::Mapper));
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn a_component_cut_short_anywhere_is_refused() {
    let host = Host::new();
    let whole = Guest::of("mapper").build();
    for end in (0..whole.len()).step_by(97) {
        why(&host, &wanted(whole[..end].to_vec(), World::Mapper));
    }
}

#[test]
fn a_huge_custom_section_is_skipped() {
    let host = Host::new();
    let mut bytes = Guest::of("mapper").build();
    let content = vec![0; 20 << 20];
    bytes.push(0);
    let mut size = content.len() + 2;
    while size >= 0x80 {
        bytes.push((size as u8 & 0x7f) | 0x80);
        size >>= 7;
    }
    bytes.extend([size as u8, 1, b'x']);
    bytes.extend(content);
    host.load(bytes, World::Mapper).unwrap();
}

#[test]
fn another_contract_version_is_refused_with_both_named() {
    let host = Host::new();
    for version in ["0.2.0", "1.0.0", "0.0.9"] {
        let why = why(&host, &wanted(Guest::of("mapper").build_for(version), World::Mapper));
        assert!(why.contains(version) && why.contains("0.1.0"), "{why}");
    }
    host.load(Guest::of("mapper").build_for("0.1.7"), World::Mapper).unwrap();
}

#[test]
fn a_function_with_other_types_than_the_contracts_is_refused() {
    let host = Host::new();
    let unlike = Guest::of("mapper").build_unlike("mapping", "to-matrix");
    let why = why(&host, &wanted(unlike, World::Mapper));
    assert!(why.contains("`mapping`"), "{why}");
}

#[test]
fn a_component_of_another_world_is_refused_by_name() {
    let host = Host::new();
    let why = why(&host, &wanted(Guest::of("router").build(), World::Mapper));
    assert!(why.contains("router") && why.contains("mapper"), "{why}");
}

#[test]
fn imports_that_were_not_granted_are_refused_by_name() {
    let host = Host::new();
    let store = r#"(import "patchbay:plugin/store@0.1.0" "delete" (func $delete (param i32 i32)))"#;
    let mut wanted = wanted(Guest::of("crm-adapter").fields(store).build(), World::Adapter);
    host.runtime.load(&wanted).unwrap();
    wanted.grants = Grants::default();
    let why = why(&host, &wanted);
    assert!(why.contains("patchbay:plugin/store@0.1.0") && why.contains("not granted"), "{why}");
}

#[test]
fn a_mapper_that_is_an_adapter_as_well_gets_no_clock() {
    let host = Host::new();
    let clock = r#"(import "patchbay:plugin/clock@0.1.0" "now" (func $now (result i64)))"#;
    let mut wanted = wanted(Guest::of("crm-adapter").fields(clock).build(), World::Adapter);
    host.runtime.load(&wanted).unwrap();
    wanted.world = World::Mapper;
    assert!(why(&host, &wanted).contains("CRM adapter"));
}

#[test]
fn settings_that_are_wrong_are_named_by_their_pointers() {
    // One problem: at `/rules/3`, `no such day`.
    let guest = Guest::of("router").fields(r#"(data (i32.const 5000) "/rules/3no such day")"#).body(
        "prepare",
        "(i32.store8 (i32.const 2000) (i32.const 1))
         (i32.store (i32.const 2004) (i32.const 3000)) (i32.store (i32.const 2008) (i32.const 1))
         (i32.store (i32.const 3000) (i32.const 5000)) (i32.store (i32.const 3004) (i32.const 8))
         (i32.store (i32.const 3008) (i32.const 5008)) (i32.store (i32.const 3012) (i32.const 11))
         (i32.const 2000)",
    );
    let why = why(&Host::new(), &wanted(guest.build(), World::Router));
    assert_eq!(why, "its settings are wrong: at `/rules/3`: no such day");
}

#[test]
fn what_cannot_be_prepared_is_refused_with_the_way_out_and_runs_warm() {
    let host = Host::new();
    let changes = "(table $table 1 funcref)
        (func $change (export \"change\") (table.set $table (i32.const 0) (ref.null func)))";
    let mut wanted = wanted(Guest::of("mapper").fields(changes).build(), World::Mapper);
    let why = why(&host, &wanted);
    assert!(why.contains("table.set") && why.contains("warm = 100"), "{why}");
    wanted.instance = InstancePolicy::Warm(100);
    host.runtime.load(&wanted).unwrap();
}

#[test]
fn in_prepare_nothing_but_log_and_settings_answers() {
    let clock = r#"(import "patchbay:plugin/clock@0.1.0" "now" (func $now (result i64)))"#;
    let guest = Guest::of("crm-adapter").fields(clock).body("prepare", "(drop (call $now)) (i32.const 1024)");
    let why = why(&Host::new(), &wanted(guest.build(), World::Adapter));
    assert!(why.contains("clock"), "{why}");
}

#[test]
fn an_artefact_that_was_planted_or_cut_is_refused_and_made_anew() {
    let host = Host::new();
    let guest = Guest::of("mapper").build();
    host.load(guest.clone(), World::Mapper).unwrap();
    let artefacts =
        || fs::read_dir(host.cache.path().join("artefacts")).unwrap().map(|entry| entry.unwrap().path());
    assert!(artefacts().count() >= 1);
    for path in artefacts() {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let authentic = fs::read(&path).unwrap();
        for planted in [vec![0x7f; 4096], authentic[..authentic.len() / 2].to_vec(), Vec::new()] {
            fs::write(&path, planted).unwrap();
            host.restarted().load(&wanted(guest.clone(), World::Mapper)).unwrap();
        }
    }
}
