//! Generations: which code and which configuration a tenant's chain had, and since when.

use patchbay_types::{Millis, TenantId};
use serde::Serialize;

/// A generation to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGeneration {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number, unique in the tenant and rising.
    pub generation: i64,
    /// What it is made of, as the registry's own JSON.
    pub spec: String,
    /// When it was made.
    pub at: Millis,
    /// Who made it: `watcher`, or an operator's name.
    pub by: String,
    /// What for.
    pub note: String,
}

/// A generation as it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub generation: i64,
    /// What it is made of.
    pub spec: String,
    /// When it was made.
    pub at: Millis,
    /// Who made it.
    pub by: String,
    /// What for.
    pub note: String,
    /// It serves now.
    pub active: bool,
}
