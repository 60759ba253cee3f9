//! The stack to try things with, `docker-compose.yml`: what can be known of it without containers.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use yaml_rust2::{Yaml, YamlLoader};

use crate::host::{Directory, patchbay};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn compose() -> Yaml {
    let text = fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn keys(table: &Yaml) -> BTreeSet<String> {
    let keys = table.as_hash().into_iter().flatten().map(|(key, _)| key.as_str().unwrap().to_owned());
    keys.collect()
}

#[test]
fn each_file_that_is_mounted_is_there_and_each_volume_is_declared() {
    let compose = compose();
    let volumes = keys(&compose["volumes"]);
    let mut mounted = 0;
    for (name, service) in compose["services"].as_hash().unwrap() {
        for mount in service["volumes"].as_vec().into_iter().flatten() {
            let source = mount.as_str().unwrap().split(':').next().unwrap();
            mounted += 1;
            match source.strip_prefix("./") {
                Some(path) => assert!(root().join(path).exists(), "{name:?} mounts {source}"),
                None => assert!(volumes.contains(source), "{name:?} mounts {source}, of {volumes:?}"),
            }
        }
    }
    assert!(mounted > 8, "the file is not understood any more");
}

#[test]
fn who_waits_for_somebody_waits_for_what_will_come() {
    let compose = compose();
    let services = &compose["services"];
    let names = keys(services);
    let mut waits = 0;
    for (name, service) in services.as_hash().unwrap() {
        for (other, how) in service["depends_on"].as_hash().into_iter().flatten() {
            let other = other.as_str().unwrap();
            assert!(names.contains(other), "{name:?} waits for {other}");
            let healthy = how["condition"].as_str() == Some("service_healthy");
            let tells = !services[other]["healthcheck"].is_badvalue();
            assert_eq!(healthy, tells, "{name:?} waits for {other}: {how:?}");
            waits += 1;
        }
    }
    assert!(waits > 5, "the file is not understood any more");
}

#[test]
fn its_tenant_is_what_the_host_takes_and_its_network_is_granted() {
    let compose = compose();
    let dir = Directory::new("http://127.0.0.1:1");
    let tenant = fs::read_to_string(root().join("deploy/tenants/acme.toml")).unwrap();
    let subnet = compose["networks"]["default"]["ipam"]["config"][0]["subnet"].as_str().unwrap();
    assert!(tenant.contains(&format!("addresses = [\"{subnet}\"]")), "{subnet}");
    // In the container the key is where setup writes it; here it is beside the host's file.
    dir.write("acme.odoo-key", "secret");
    dir.write("tenants/acme.toml", &tenant.replace("/var/lib/patchbay/", ""));
    for component in ["mapper-matrix", "router-rules", "adapter-odoo", "adapter-desk"] {
        dir.component(component);
    }
    let found = dir.run(&["check"]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn the_example_of_a_tenant_with_odoo_is_what_the_host_takes() {
    let dir = tempfile::tempdir().unwrap();
    let example = root().join("examples/tenant-odoo");
    for file in ["patchbay.toml", "tenants/acme.toml"] {
        let to = dir.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(example.join(file), to).unwrap();
    }
    for secret in ["as-token", "hs-token", "acme.odoo-key"] {
        fs::write(dir.path().join(secret), format!("0123456789abcdef-{secret}")).unwrap();
    }
    fs::create_dir(dir.path().join("components")).unwrap();
    for component in ["mapper-matrix", "router-rules", "adapter-odoo"] {
        let built = crate::host::guests().join(format!("{component}.wasm"));
        fs::copy(built, dir.path().join("components").join(format!("{component}.wasm"))).unwrap();
    }
    let found = patchbay().args(["check", "--config"]).arg(dir.path()).output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}
