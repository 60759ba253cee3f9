//! The first-party components, where `cargo xtask guests` has built them.

use std::{path::Path, process::Command};

use patchbay_workbench::Component;

/// A component by its name; built where that was not done.
pub(crate) fn component(name: &str) -> Component {
    let guests = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("guests");
    let file = guests.join(name).with_extension("wasm");
    if !file.exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let status =
            Command::new(env!("CARGO")).args(["xtask", "guests"]).current_dir(root).status().unwrap();
        assert!(status.success(), "the components do not build");
    }
    Component::read(&file).unwrap()
}
