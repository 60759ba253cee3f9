//! The corpus of evil guests, `fixtures/evil/*.wat`: each file is a function `$evil` with what it needs, a sentence on
//! what it does, and how that ends. It can be put into any world: into `prepare`, into the start of the module, or
//! into every call but the golden one.

use std::{fs, path::Path};

use crate::guest::Guest;

/// One evil deed.
#[derive(Debug)]
pub(crate) struct Evil {
    pub(crate) name: String,
    /// In a sentence.
    pub(crate) what: String,
    /// The kind of fault, or `well`.
    pub(crate) ends: String,
    /// Only there, because it is made for what that world answers.
    pub(crate) world: Option<String>,
    /// It cannot be prepared.
    pub(crate) warm: bool,
    fields: String,
}

/// Where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Start,
    Prepare,
    Call,
}

/// All of them, by name.
pub(crate) fn corpus() -> Vec<Evil> {
    let dir = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/evil"));
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "wat")).collect();
    paths.sort();
    paths.iter().map(|path| Evil::read(path)).collect()
}

impl Evil {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let said =
            |key: &str| text.lines().find_map(|line| line.strip_prefix(&format!(";; {key}"))).map(str::trim);
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            what: said("").unwrap().to_owned(),
            ends: said("ends:").unwrap().to_owned(),
            world: said("world:").map(str::to_owned),
            warm: said("warm").is_some(),
            fields: text,
        }
    }

    /// A component of this world that does it there.
    pub(crate) fn guest(&self, world: &'static str, at: At) -> Vec<u8> {
        let guest = Guest::of(world).fields(&self.fields);
        match at {
            At::Start => {
                guest.fields("(func $begin (drop (call $evil (i32.const 0)))) (start $begin)").build()
            }
            At::Prepare => guest.body("prepare", "(call $evil (i32.const 0))").build(),
            At::Call => {
                // Each call's arguments begin with a text; the golden call is told by its length.
                let (functions, golden): (&[&str], usize) = match world {
                    "mapper" => (&["from-matrix", "to-matrix"], "$golden".len()),
                    "router" => (&["decide"], "$golden".len()),
                    _ => (&["open"], "golden".len()),
                };
                let body = format!(
                    "(if (result i32) (i32.eq (i32.load offset=4 (local.get 0)) (i32.const {golden}))
                       (then (i32.const 1024))
                       (else (call $evil (local.get 0))))"
                );
                let guest = functions.iter().fold(guest, |guest, function| guest.body(function, &body));
                // A conversation that has a ticket is appended to; the golden call opens one.
                let appends = matches!(world, "desk-adapter" | "crm-adapter");
                if appends {
                    guest.body("append", "(call $evil (local.get 0))").build()
                } else {
                    guest.build()
                }
            }
        }
    }
}
