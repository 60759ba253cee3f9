//! From what the compiler writes to what the host loads: a core module that carries its contract's types becomes a
//! component that carries its manifest.

use std::borrow::Cow;

use patchbay_types::config::ConfigError;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::ComponentEncoder;

use crate::{contract::OtherContract, manifest::Manifest, section::SECTION};

/// Why a core module was not made into a component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentizeError {
    /// `plugin.toml` is wrong.
    #[error("plugin.toml: {0}")]
    Manifest(#[from] ConfigError),
    /// `plugin.toml` names a contract that this tool does not speak.
    #[error("plugin.toml: {0}")]
    Contract(#[from] OtherContract),
    /// The module was not built against the contract, or imports what no component can have.
    #[error("the module cannot be made into a component: {0}")]
    Encode(String),
}

/// A component of `core`, with `manifest` embedded. `core` is a module of the target `wasm32-unknown-unknown` that was
/// built with the SDK, or with any other binding generator that leaves its component types in the module.
///
/// # Errors
/// See [`ComponentizeError`].
pub fn componentize(core: &[u8], manifest: &str) -> Result<Vec<u8>, ComponentizeError> {
    Manifest::parse(manifest)?.check_contract()?;
    let encode = || ComponentEncoder::default().validate(true).module(core)?.encode();
    // `{:#}` is the whole chain of causes: the innermost one names what does not fit.
    let mut component = encode().map_err(|error| ComponentizeError::Encode(format!("{error:#}")))?;
    CustomSection { name: Cow::Borrowed(SECTION), data: Cow::Borrowed(manifest.as_bytes()) }
        .append_to_component(&mut component);
    Ok(component)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_checked_before_the_module() {
        let manifest = "name = 'one'\nversion = '1.2.3'\ncontract = '9.0.0'\nworld = 'mapper'\n";
        assert!(matches!(componentize(b"", manifest), Err(ComponentizeError::Contract(_))));
        assert!(matches!(componentize(b"", "name"), Err(ComponentizeError::Manifest(_))));
        let manifest = manifest.replace("9.0.0", "0.1.0");
        assert!(matches!(componentize(b"nothing", &manifest), Err(ComponentizeError::Encode(_))));
    }
}
