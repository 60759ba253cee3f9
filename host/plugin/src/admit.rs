//! What a component may be: everything that can be said about it without compiling or running it. This is the one
//! check that every component of every contract version ends in.

use patchbay_package::{Manifest, World as Made};
use patchbay_types::tenant::{Grants, Limits};
use semver::Version;
use wasmparser::{Encoding, Parser, Payload};

use crate::{
    bounds::Bounds,
    host_fns::{log::printable, wasi},
    runtime::{LoadError, Wanted, World},
};

const PACKAGE: &str = "patchbay:plugin/";
const MOST_NAMES: u32 = 1000;

/// A component that may be compiled.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) bounds: Bounds,
    /// See [`Manifest::delivery_id`].
    pub(crate) delivery_id: Vec<String>,
}

/// Checks size, form, contract version, world, imports against grants.
///
/// # Errors
/// With the first thing that is wrong, by name, and what to do about it.
pub(crate) fn admit(wanted: &Wanted, most_bytes: u64) -> Result<Admitted, LoadError> {
    let size = wanted.bytes.len() as u64;
    if size > most_bytes {
        return refuse(format!("it has {size} bytes, and `plugins.component-size` allows {most_bytes}"));
    }
    let manifest = Manifest::read(&wanted.bytes).map_err(|error| LoadError::Refused(error.to_string()))?;
    let names = Names::read(&wanted.bytes)?;
    for name in names.imports.iter().chain(&names.exports) {
        contract(name)?;
    }
    if let Some(manifest) = &manifest {
        manifest.check_contract().map_err(|error| LoadError::Refused(error.to_string()))?;
        world(manifest.world, wanted.world)?;
    }
    exports(&names, wanted.world)?;
    for import in &names.imports {
        self::import(import, wanted.world, &wanted.grants, manifest.as_ref())?;
    }
    let (asked, delivery_id) = match manifest {
        Some(manifest) => (manifest.limits, manifest.delivery_id),
        None => (Limits::default(), Vec::new()),
    };
    Ok(Admitted { bounds: Bounds::effective(wanted.world, &asked, &wanted.limits), delivery_id })
}

/// The contract's version stands in the name of each of its interfaces: 0.1.x, whatever x is. What a newer x adds and
/// this host lacks is found when imports are tied to the host.
fn contract(name: &str) -> Result<(), LoadError> {
    let Some(interface) = name.strip_prefix(PACKAGE) else { return Ok(()) };
    let ours = patchbay_package::CONTRACT;
    let version = interface.split_once('@').map_or("none", |(_, version)| version);
    match Version::parse(version) {
        Ok(theirs) if (theirs.major, theirs.minor) == (ours.major, ours.minor) => Ok(()),
        _ => refuse(format!(
            "it was made for version {} of the contract `patchbay:plugin`, and this host speaks {ours}: build it with \
             the SDK of this host",
            printable(version, 40),
        )),
    }
}

fn world(made: Made, slot: World) -> Result<(), LoadError> {
    let (is, fits) = match made {
        Made::Mapper => ("mapper", slot == World::Mapper),
        Made::Router => ("router", slot == World::Router),
        Made::CrmAdapter | Made::DeskAdapter => ("CRM adapter", slot == World::Adapter),
    };
    if fits { Ok(()) } else { refuse(format!("it is a {is}, and this slot needs a {slot}")) }
}

fn exports(names: &Names, world: World) -> Result<(), LoadError> {
    let needed = match world {
        World::Mapper => "mapping",
        World::Router => "routing",
        World::Adapter => "adapter",
    };
    for interface in ["plugin", needed] {
        if !names.exports.iter().any(|name| self::interface(name) == Some(interface)) {
            return refuse(format!("it does not export `{PACKAGE}{interface}`, so it is no {world}"));
        }
    }
    Ok(())
}

fn import(name: &str, world: World, grants: &Grants, manifest: Option<&Manifest>) -> Result<(), LoadError> {
    if wasi::is_stubbed(name) {
        return Ok(());
    }
    let wants = |want: fn(&Grants) -> bool| manifest.is_none_or(|manifest| want(&manifest.wants));
    let (granted, wanted) = match (interface(name), world) {
        (Some("types" | "log" | "settings"), _) | (Some("clock" | "http" | "secrets"), World::Adapter) => {
            return Ok(());
        }
        (Some("store"), World::Adapter) => (grants.store, wants(|grants| grants.store)),
        (Some("desk"), World::Adapter) => (grants.desk, wants(|grants| grants.desk)),
        _ => return refuse(format!("it imports `{}`, which no {world} can be given", printable(name, 120))),
    };
    if !granted {
        return refuse(format!("it imports `{name}`, which was not granted: say so under `grants`"));
    }
    if !wanted {
        return refuse(format!("it imports `{name}`, which its own manifest does not ask for under `wants`"));
    }
    Ok(())
}

/// `log` out of `patchbay:plugin/log@0.1.0`.
fn interface(name: &str) -> Option<&str> {
    let name = name.strip_prefix(PACKAGE)?;
    Some(name.split_once('@').map_or(name, |(interface, _)| interface))
}

/// The names at the outermost level.
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

// === impl Names ===

impl Names {
    fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::parse(bytes)
            .unwrap_or_else(|error| refuse(format!("this is no whole WebAssembly component: {error}")))
    }

    fn parse(bytes: &[u8]) -> wasmparser::Result<Result<Self, LoadError>> {
        let mut names = Self { imports: Vec::new(), exports: Vec::new() };
        let mut depth = 0u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Ok(refuse("this is a core module, not a component".to_owned()));
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    if section.count() > MOST_NAMES {
                        return Ok(refuse(format!("it has {} imports", section.count())));
                    }
                    for import in section {
                        names.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    if section.count() > MOST_NAMES {
                        return Ok(refuse(format!("it has {} exports", section.count())));
                    }
                    for export in section {
                        names.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(Ok(names))
    }
}

fn refuse<T>(why: String) -> Result<T, LoadError> {
    Err(LoadError::Refused(why))
}
