//! A component file, as far as it can be known without running it.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use patchbay_package::{CONTRACT, Manifest, World as Made};
use patchbay_plugin::World;
use patchbay_types::Digest;
use semver::Version;
use wasmparser::{Encoding, Parser, Payload};

use crate::error::WorkbenchError;

/// A component.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Their digest.
    pub digest: Digest,
    /// What it says of itself; none: it has no manifest.
    pub manifest: Option<Manifest>,
    /// What it imports, by full name.
    pub imports: Vec<String>,
    /// What it exports, by full name.
    pub exports: Vec<String>,
    /// Bytes of each kind of section at the outermost level.
    pub sections: BTreeMap<String, u64>,
}

// === impl Component ===

impl Component {
    /// Looks into a component.
    ///
    /// # Errors
    /// With a sentence, when it is none, or its manifest cannot be understood.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let manifest = Manifest::read(&bytes).map_err(|error| error.to_string())?;
        let mut component = Self {
            digest: Digest::of(&bytes),
            manifest,
            imports: Vec::new(),
            exports: Vec::new(),
            sections: BTreeMap::new(),
            bytes: bytes.into(),
        };
        let bytes = Arc::clone(&component.bytes);
        component.look(&bytes).map_err(|error| format!("this is no whole WebAssembly component: {error}"))?;
        Ok(component)
    }

    /// Reads a component file.
    ///
    /// # Errors
    /// With the file's path.
    pub fn read(path: &Path) -> Result<Self, WorkbenchError> {
        let bytes = fs::read(path).map_err(WorkbenchError::file(path))?;
        Self::parse(bytes).map_err(|why| WorkbenchError::content(path, why))
    }

    /// Its world, by its manifest, or else by what it exports.
    #[must_use]
    pub fn world(&self) -> Option<World> {
        if let Some(manifest) = &self.manifest {
            return Some(world(manifest.world));
        }
        let worlds = [World::Mapper, World::Router, World::Adapter];
        worlds.into_iter().find(|world| self.exports(interface(*world)))
    }

    /// Whether it exports this interface of the contract, such as `routing`.
    pub(crate) fn exports(&self, interface: &str) -> bool {
        self.exports.iter().any(|name| is(name, interface))
    }

    /// The version of the contract that it was made for, by the names of what it imports and exports, where that is none
    /// that we speak.
    pub(crate) fn other_contract(&self) -> Option<String> {
        let mut versions = self.imports.iter().chain(&self.exports).filter_map(|name| {
            let interface = name.strip_prefix("patchbay:plugin/")?;
            Some(interface.split_once('@').map_or("no version", |(_, version)| version))
        });
        let is_ours = |version: &&str| {
            let line = |version: &Version| (version.major, version.minor);
            Version::parse(version).is_ok_and(|theirs| line(&theirs) == line(&CONTRACT))
        };
        versions.find(|version| !is_ours(version)).map(str::to_owned)
    }

    /// `router-rules 0.1.0`, or the digest where it has no manifest.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.manifest {
            Some(manifest) => format!("{} {}", manifest.name, manifest.version),
            None => self.digest.short(),
        }
    }

    fn look(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        let mut depth = 0u32;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            if depth == 0
                && let Some((kind, range)) = section(&payload)
            {
                *self.sections.entry(kind).or_default() += range;
            }
            match payload {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Ok(()),
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        self.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        self.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The world that the runtime calls a manifest's.
pub(crate) fn world(made: Made) -> World {
    match made {
        Made::Mapper => World::Mapper,
        Made::Router => World::Router,
        Made::CrmAdapter | Made::DeskAdapter => World::Adapter,
    }
}

/// What a component of this world exports besides `plugin`.
pub(crate) fn interface(world: World) -> &'static str {
    match world {
        World::Mapper => "mapping",
        World::Router => "routing",
        World::Adapter => "adapter",
    }
}

fn is(name: &str, interface: &str) -> bool {
    let rest = name.strip_prefix("patchbay:plugin/").and_then(|rest| rest.strip_prefix(interface));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

fn section(payload: &Payload<'_>) -> Option<(String, u64)> {
    let size = |range: std::ops::Range<u64>| range.end.saturating_sub(range.start);
    Some(match payload {
        Payload::ModuleSection { unchecked_range, .. } => {
            ("core modules".to_owned(), size(unchecked_range.clone()))
        }
        Payload::ComponentSection { unchecked_range, .. } => {
            ("components".to_owned(), size(unchecked_range.clone()))
        }
        Payload::CustomSection(section) => {
            (format!("custom `{}`", section.name()), section.data().len() as u64)
        }
        _ => return None,
    })
}
