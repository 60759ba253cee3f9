//! What is known of a plugin before anything of it runs: its `plugin.toml`, how that is put into a component, and how
//! it is read back. Both the host and the tools that build plugins use this crate, so that both mean the same.

mod componentize;
mod contract;
mod manifest;
mod section;

pub use componentize::{ComponentizeError, componentize};
pub use contract::{CONTRACT, OtherContract};
pub use manifest::{Manifest, World};
pub use section::{MANIFEST_LIMIT, ReadError, SECTION};
