//! The corpus as component files, for the torture: it puts them into a whole host.

use std::{fs, path::PathBuf};

use crate::corpus::{At, Evil, corpus};

#[test]
#[ignore = "writes files: the torture asks for them, into the directory that PATCHBAY_CORPUS names"]
fn the_corpus_is_written_as_components() {
    let dir = PathBuf::from(std::env::var_os("PATCHBAY_CORPUS").expect("PATCHBAY_CORPUS names a directory"));
    fs::create_dir_all(&dir).unwrap();
    let mut index = Vec::new();
    for evil in corpus() {
        for world in ["mapper", "router", "desk-adapter"] {
            if evil.world.as_deref().is_some_and(|only| only != world) {
                continue;
            }
            for (at, word) in [(At::Call, "call"), (At::Prepare, "prepare")] {
                if at == At::Prepare && !spoils_preparing(&evil) {
                    continue;
                }
                let file = format!("{}--{world}--{word}.wasm", evil.name);
                fs::write(dir.join(&file), evil.guest(world, at)).unwrap();
                let name = &evil.name;
                index.push(format!(r#"{{"name":"{name}","world":"{world}","at":"{word}","file":"{file}"}}"#));
            }
        }
    }
    fs::write(dir.join("corpus.json"), format!("[{}]", index.join(",\n"))).unwrap();
}

/// What an answer holds is nothing in `prepare`, where another type is answered.
fn spoils_preparing(evil: &Evil) -> bool {
    evil.world.is_none() && evil.ends != "well" && !evil.name.starts_with("answers")
}
