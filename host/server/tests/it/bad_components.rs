//! Components that are no good, or not granted what they want: what `patchbay plugin check` says beforehand, what
//! `patchbay check` says of the directory, and what a running host says when they are copied in.

use std::fs;

use crate::{
    guest::Guest,
    host::{Directory, Host, patchbay},
};

const TENANT: &str =
    "[mapper]\ncomponent = 'mapper'\n[router]\ncomponent = 'router'\n[adapters.crm]\ncomponent = 'crm'\n";
const GRANTS: &str = "grants = { store = true }\n";

/// A directory in which all is well: an adapter that wants `store`, and gets it.
fn directory() -> Directory {
    let dir = Directory::new("http://127.0.0.1:1");
    put(&dir, "mapper", &Guest::of("mapper").build());
    put(&dir, "router", &Guest::of("router").build());
    put(&dir, "crm", &Guest::of("crm-adapter-base").build());
    dir.write("tenants/acme.toml", &format!("{TENANT}{GRANTS}"));
    dir
}

fn put(dir: &Directory, name: &str, component: &[u8]) {
    let file = dir.path().join("components").join(format!("{name}.wasm"));
    fs::write(file.with_extension("part"), component).unwrap();
    fs::rename(file.with_extension("part"), file).unwrap();
}

/// A component that had no manifest, with one that ends in `more`.
fn with_manifest(mut component: Vec<u8>, world: &str, more: &str) -> Vec<u8> {
    let manifest = format!("name = 'crm'\nversion = '1.0.0'\ncontract = '0.1.0'\nworld = '{world}'\n{more}");
    let name = b"patchbay:manifest";
    let size = 1 + name.len() + manifest.len();
    // A custom section: 0, its size in LEB128, its name, its bytes.
    component.extend([0, (size & 127 | 128) as u8, (size >> 7) as u8, name.len() as u8]);
    component.extend(name);
    component.extend(manifest.as_bytes());
    component
}

/// What `patchbay check` says, and how it ends.
fn check(dir: &Directory) -> (String, Option<i32>) {
    let checked = dir.run(&["check"]);
    (String::from_utf8(checked.stdout).unwrap(), checked.status.code())
}

/// What `patchbay plugin check` says of a component in `slot`.
fn plugin_check(dir: &Directory, name: &str, slot: &str) -> (String, Option<i32>) {
    let file = dir.path().join("components").join(format!("{name}.wasm"));
    let mut command = patchbay();
    command.args(["plugin", "check"]).arg(file).arg("--config").arg(dir.path());
    let checked = command.args(["--tenant", "acme", "--slot", slot]).output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap() + &String::from_utf8(checked.stderr).unwrap();
    (said, checked.status.code())
}

#[test]
fn a_component_that_is_no_good_is_refused_in_the_same_words_everywhere() {
    let dir = directory();
    let (said, code) = check(&dir);
    assert_eq!((said.as_str(), code), ("nothing is wrong\n", Some(0)));
    for (component, wanted) in [
        (
            Guest::of("router").build_for("0.2.0"),
            "it was made for version 0.2.0 of the contract `patchbay:plugin`, and this host speaks 0.1.0: build it with \
             the SDK of this host",
        ),
        (Guest::of("mapper").build(), "it is a mapper, and this slot needs a router"),
        (
            b"\0asm\x01\0\0\0".to_vec(),
            "this is a core module, not a component: `cargo xtask guests` and `patchbay plugin build` make one of it",
        ),
    ] {
        put(&dir, "router", &component);
        let (said, code) = check(&dir);
        let line = format!("tenants/acme.toml:4:1: `router.component`: router: {wanted}\n");
        assert!(said.contains(&line) && code == Some(1), "{line}in\n{said}");
        let (said, code) = plugin_check(&dir, "router", "router");
        assert!(said.contains(wanted) && code == Some(1), "{wanted}\nin\n{said}");
    }
}

#[test]
fn a_component_that_exports_nothing_is_no_plugin() {
    let dir = directory();
    put(&dir, "router", b"\0asm\x0d\0\x01\0");
    let (said, code) = plugin_check(&dir, "router", "router");
    for wanted in [
        "wrong: it has no manifest: `patchbay plugin build` puts `plugin.toml` into the component\n",
        "wrong: it exports none of `mapping`, `routing` and `adapter` of `patchbay:plugin`: build it with the SDK and one \
         of its export macros\n",
    ] {
        assert!(said.contains(wanted) && code == Some(1), "{wanted}in\n{said}");
    }
    let (said, code) = check(&dir);
    let wanted = "router: it does not export `patchbay:plugin/plugin`, so it is no router\n";
    assert!(said.contains(wanted) && code == Some(1), "{wanted}in\n{said}");
}

#[test]
fn a_component_that_is_too_large_for_this_host_is_told_of_with_the_key_that_says_so() {
    let dir = directory();
    let size = fs::metadata(dir.path().join("components/router.wasm")).unwrap().len();
    let text = fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
    dir.write(
        "patchbay.toml",
        &text.replace("[plugins]\n", &format!("[plugins]\ncomponent-size = '{}'\n", size - 1)),
    );
    let wanted = format!("it has {size} bytes, and `plugins.component-size` allows {}", size - 1);
    let (said, code) = plugin_check(&dir, "router", "router");
    assert!(said.contains(&wanted) && code == Some(1), "{wanted}\nin\n{said}");
    let wanted = format!(
        "`router.component`: components/router.wasm: {size} bytes are more than the {} allowed\n",
        size - 1
    );
    let (said, code) = check(&dir);
    assert!(said.contains(&wanted) && code == Some(1), "{wanted}in\n{said}");
}

#[test]
fn what_a_manifest_asks_for_and_a_tenant_does_not_grant_is_named_with_its_place() {
    let dir = directory();
    let wants = "[wants]\nstore = true\nhttp = ['https://crm.example.org/api/']\nsecrets = ['crm-token']\n";
    let import = r#"(import "patchbay:plugin/store@0.1.0" "delete" (func $delete (param i32 i32)))"#;
    let crm = Guest::of("crm-adapter-base").fields(import).build_for("0.1.0");
    put(&dir, "crm", &with_manifest(crm, "crm-adapter", wants));
    dir.write("tenants/acme.toml", TENANT);
    let store = "it imports `patchbay:plugin/store@0.1.0`, which was not granted: say so under `grants`";
    let lacking = [
        "it wants to call https://crm.example.org/api/ (any method), which `adapters.crm.grants.http` does not cover: \
         add it there",
        "it wants the secret `crm-token`: add it to `adapters.crm.grants.secrets`",
    ];
    let (said, code) = plugin_check(&dir, "crm", "adapters.crm");
    let more = "it wants the store: say `store = true` under `adapters.crm.grants`";
    for wanted in [more].into_iter().chain(lacking) {
        assert!(said.contains(&format!("wrong: {wanted}\n")), "{wanted}\nin\n{said}");
    }
    assert!(said.ends_with("3 things have to be changed\n") && code == Some(1), "{said}");

    let (said, code) = check(&dir);
    assert!(said.contains(&format!("`adapters.crm.component`: crm: {store}\n")) && code == Some(1), "{said}");
    // What can do without is taken, and told of.
    dir.write("tenants/acme.toml", &format!("{TENANT}{GRANTS}"));
    let (said, code) = check(&dir);
    for wanted in lacking {
        assert!(said.contains(&format!("warning: tenant `acme`: crm: {wanted}\n")), "{wanted}\nin\n{said}");
    }
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn limits_below_what_a_component_needs_are_told_of() {
    let dir = directory();
    let router = Guest::of("router").manifest("[limits]\nmemory = '4MiB'\ntime = '80ms'\n").build();
    put(&dir, "router", &router);
    let slot = "component = 'router'\n";
    let limited = |limits: &str| TENANT.replace(slot, &format!("{slot}limits = {{ {limits} }}\n")) + GRANTS;
    dir.write("tenants/acme.toml", &limited("memory = '1MiB'"));
    let (said, code) = plugin_check(&dir, "router", "router");
    for wanted in [
        "note: it asks for `memory = 4MiB`, and gets 1MiB unless `router.limits` says more\n",
        "note: it asks for `time = 80ms`, and gets 50ms unless `router.limits` says more\n",
    ] {
        assert!(said.contains(wanted), "{wanted}in\n{said}");
    }
    assert_eq!(code, Some(0), "{said}");
    // Less than the guest begins with.
    dir.write("tenants/acme.toml", &limited("memory = '64KiB'"));
    let (said, code) = plugin_check(&dir, "router", "router");
    assert!(said.contains("wrong: ") && said.contains("memory") && code == Some(1), "{said}");
    let (said, code) = check(&dir);
    assert!(said.contains("`router.component`: router: ") && code == Some(1), "{said}");
}

#[test]
fn a_secret_is_missing_before_anybody_needs_it() {
    let dir = directory();
    let secrets = "grants = { store = true, secrets = ['in-file', 'in-env'] }\n[secrets.in-file]\n\
        from = { file = 'secrets/crm' }\nsign = true\n[secrets.in-env]\nfrom = { env = 'PATCHBAY_TEST_NOT_SET' }\nsign = true\n";
    dir.write("tenants/acme.toml", &format!("{TENANT}{secrets}"));
    let file = dir.path().join("secrets/crm");
    let why = format!("cannot read {}: No such file or directory (os error 2)", file.display());
    let env = "the environment variable PATCHBAY_TEST_NOT_SET is not set";
    let (said, code) = check(&dir);
    for wanted in [
        format!(
            "tenants/acme.toml: `secrets.in-file.from`: it has no value, and `adapters.crm` was granted it: {why}\n"
        ),
        format!(
            "warning: tenant `acme`: the secret `in-env`, which `adapters.crm` was granted, has no value for this \
                 command: {env}\n"
        ),
        "1 thing is wrong\n".to_owned(),
    ] {
        assert!(said.contains(&wanted), "{wanted}in\n{said}");
    }
    assert_eq!(code, Some(1));
    let (said, code) = plugin_check(&dir, "crm", "adapters.crm");
    for wanted in [
        format!("wrong: the secret `in-file` has no value: {why}\n"),
        format!("note: the secret `in-env` has no value: {env}, for this command\n"),
    ] {
        assert!(said.contains(&wanted), "{wanted}in\n{said}");
    }
    assert_eq!(code, Some(1));

    fs::create_dir(dir.path().join("secrets")).unwrap();
    fs::write(file, "hush").unwrap();
    assert_eq!((check(&dir).1, plugin_check(&dir, "crm", "adapters.crm").1), (Some(0), Some(0)));

    dir.write("tenants/acme.toml", &format!("{TENANT}grants = {{ store = true, secrets = ['crm'] }}\n"));
    let wanted = "`adapters.crm.grants.secrets`: `crm` is none of this tenant's: say where it is under `[secrets.crm]`";
    for (said, code) in [check(&dir), plugin_check(&dir, "crm", "adapters.crm")] {
        assert!(said.contains(wanted) && code == Some(1), "{wanted}\nin\n{said}");
    }
}

#[tokio::test]
async fn a_running_host_says_the_same_and_keeps_what_it_has() {
    let dir = directory();
    let host = Host::start(&dir).await;
    let state = async || host.get("/admin/v1/plugins").await.1["tenants"][0]["state"].clone();
    host.until("all is well", async || state().await == "active").await;
    put(&dir, "router", &Guest::of("router").build_for("0.2.0"));
    host.until("the bad file is seen", async || state().await == "rejected").await;
    let said = String::from_utf8(host.run(&dir, &["plugins"]).stdout).unwrap();
    let wanted = "tenants/acme.toml:4:1: `router.component`: router: it was made for version 0.2.0 of the contract \
        `patchbay:plugin`, and this host speaks 0.1.0: build it with the SDK of this host";
    assert!(said.contains(wanted) && said.contains("generation 1"), "{said}");
}
