//! Writes the worlds of adapters that export less than everything, for the export macros: see `bindings::worlds`.

use std::{env, error::Error, fs, path::Path};

use wit_component::StringEncoding;
use wit_parser::Resolve;

const WORLDS: &str = r"
package patchbay:sdk;
world adapter-base { export patchbay:plugin/adapter@0.1.0; }
world adapter-webhooks { export patchbay:plugin/adapter@0.1.0; export patchbay:plugin/webhooks@0.1.0; }
world adapter-polling { export patchbay:plugin/adapter@0.1.0; export patchbay:plugin/polling@0.1.0; }
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../wit");
    println!("cargo::rerun-if-changed=build.rs");
    let mut resolve = Resolve::default();
    resolve.push_dir("../wit")?;
    let package = resolve.push_str("worlds.wit", WORLDS)?;
    let out = env::var("OUT_DIR")?;
    for name in ["adapter-base", "adapter-webhooks", "adapter-polling"] {
        let world = resolve.select_world(&[package], Some(name))?;
        let section = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None)?;
        fs::write(Path::new(&out).join(name).with_extension("wit"), section)?;
    }
    Ok(())
}
