//! Small state: of plugins, and of the host itself.

use patchbay_types::{AdapterName, TenantId};

/// One change of a plugin's small state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvWrite {
    /// The tenant.
    pub tenant: TenantId,
    /// The adapter whose state it is.
    pub adapter: AdapterName,
    /// The key.
    pub key: String,
    /// The new value; none forgets the key.
    pub value: Option<Vec<u8>>,
}
