//! The manifest inside a component: the custom section `patchbay:manifest` of the outermost level. It is found by
//! stepping over sections; nothing is compiled, validated or run, and nested modules are never entered.

use patchbay_types::config::ConfigError;
use wasmparser::{Chunk, CustomSectionReader, Encoding, Parser, Payload};

use crate::manifest::Manifest;

/// The custom section's name.
pub const SECTION: &str = "patchbay:manifest";

/// The largest manifest, in bytes.
pub const MANIFEST_LIMIT: usize = 64 << 10;

/// Why a file's manifest cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A core module is only half of a plugin.
    #[error(
        "this is a core module, not a component: `cargo xtask guests` and `patchbay plugin build` make one of it"
    )]
    CoreModule,
    /// Not WebAssembly, or cut short.
    #[error("this is no whole WebAssembly component: {0}")]
    Malformed(String),
    /// There are two manifests; which one holds would be anybody's guess.
    #[error("there is more than one `{SECTION}` section")]
    Twice,
    /// Too large to be a manifest.
    #[error("the manifest is larger than {MANIFEST_LIMIT} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("the manifest is not text")]
    NotText,
    /// Text, but no manifest.
    #[error("in the manifest: {0}")]
    Invalid(#[from] ConfigError),
}

// === impl Manifest ===

impl Manifest {
    /// The manifest of a component, or nothing where there is none. Time grows with the number of the outermost
    /// sections; memory does not grow.
    ///
    /// # Errors
    /// When `component` is no component, or its manifest cannot be understood.
    pub fn read(component: &[u8]) -> Result<Option<Self>, ReadError> {
        let mut found = None;
        let mut parser = Parser::new(0);
        let mut rest = component;
        loop {
            let (payload, used) = match parser.parse(rest, true).map_err(malformed)? {
                Chunk::Parsed { payload, consumed } => (payload, consumed),
                Chunk::NeedMoreData(_) => return Err(ReadError::Malformed("it ends too early".to_owned())),
            };
            let mut used = used as u64;
            match payload {
                Payload::Version { encoding: Encoding::Module, .. } => return Err(ReadError::CoreModule),
                Payload::ModuleSection { unchecked_range, .. }
                | Payload::ComponentSection { unchecked_range, .. } => {
                    used += unchecked_range.end.saturating_sub(unchecked_range.start);
                }
                Payload::CustomSection(section) if section.name() == SECTION => {
                    let before = found.replace(understand(&section)?);
                    before.map_or(Ok(()), |_| Err(ReadError::Twice))?;
                }
                Payload::End(_) => return Ok(found),
                _ => {}
            }
            rest = usize::try_from(used)
                .ok()
                .and_then(|used| rest.get(used..))
                .ok_or_else(|| ReadError::Malformed("a section ends behind the file's end".to_owned()))?;
        }
    }
}

fn understand(section: &CustomSectionReader<'_>) -> Result<Manifest, ReadError> {
    if section.data().len() > MANIFEST_LIMIT {
        return Err(ReadError::TooLarge);
    }
    let text = std::str::from_utf8(section.data()).map_err(|_| ReadError::NotText)?;
    Ok(Manifest::parse(text)?)
}

fn malformed(error: wasmparser::BinaryReaderError) -> ReadError {
    ReadError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use wasm_encoder::{Component, CustomSection, Module, ModuleSection};

    use super::*;

    const TEXT: &[u8] = b"name = 'one'\nversion = '1.2.3'\ncontract = '0.1.0'\nworld = 'router'\n";

    fn section(data: &[u8]) -> CustomSection<'_> {
        CustomSection { name: Cow::Borrowed(SECTION), data: Cow::Borrowed(data) }
    }

    fn component(manifests: &[&[u8]]) -> Vec<u8> {
        let mut inner = Module::new();
        inner.section(&section(b"a manifest of a nested module is not ours"));
        let mut component = Component::new();
        component.section(&ModuleSection(&inner));
        for data in manifests {
            component.section(&section(data));
        }
        component.finish()
    }

    #[test]
    fn only_the_outermost_section_counts() {
        assert_eq!(Manifest::read(&component(&[])), Ok(None));
        let manifest = Manifest::read(&component(&[TEXT])).unwrap().unwrap();
        assert_eq!(manifest.name, "one");
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        assert_eq!(Manifest::read(&component(&[TEXT, TEXT])), Err(ReadError::Twice));
        assert_eq!(Manifest::read(&component(&[&[0xff]])), Err(ReadError::NotText));
        assert_eq!(Manifest::read(&component(&[&vec![b' '; MANIFEST_LIMIT + 1]])), Err(ReadError::TooLarge));
        assert!(matches!(Manifest::read(&component(&[b"name = 1"])), Err(ReadError::Invalid(_))));
    }

    #[test]
    fn what_is_no_component_is_refused() {
        assert_eq!(Manifest::read(&Module::new().finish()), Err(ReadError::CoreModule));
        assert!(matches!(Manifest::read(b""), Err(ReadError::Malformed(_))));
        assert!(matches!(Manifest::read(&[0x5a; 4096]), Err(ReadError::Malformed(_))));
    }

    #[test]
    fn a_file_cut_short_anywhere_is_never_taken_for_a_whole_one() {
        let whole = component(&[TEXT]);
        for end in 0..whole.len() {
            let read = Manifest::read(&whole[..end]);
            assert!(!matches!(read, Ok(Some(_))), "{end} bytes of {}", whole.len());
        }
    }
}
