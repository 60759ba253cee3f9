//! All that a generation is made of, read and parsed, nothing of it run yet.

use std::sync::Arc;

use patchbay_types::{Digest, TenantConfig, TenantId, tenant::SlotConfig};

use super::{finding::Finding, places::Places, read::Blob};
use crate::runtime::World;

/// The largest tenant's file.
pub(super) const TENANT_SIZE: u64 = 1 << 20;
/// The largest settings file.
pub(super) const SETTINGS_SIZE: u64 = 4 << 20;

/// A tenant's whole chain, before it is loaded.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tenant: TenantId,
    /// The tenant's file.
    pub(super) text: Arc<str>,
    pub(super) config: Arc<TenantConfig>,
    /// See [`GenerationRecord::inputs`](super::GenerationRecord::inputs).
    pub(super) inputs: Digest,
    pub(super) slots: Places<SlotSource>,
}

/// One slot of it.
#[derive(Debug)]
pub(super) struct SlotSource {
    pub(super) name: Arc<str>,
    pub(super) world: World,
    pub(super) config: SlotConfig,
    pub(super) component: Blob,
    /// JSON text.
    pub(super) settings: Arc<str>,
    pub(super) fallback: Option<(String, Blob)>,
}

/// Why a generation is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The slot; none: the tenant's file itself.
    pub(super) slot: Option<Arc<str>>,
    pub(super) kind: RefusalKind,
    pub(super) finding: Box<Finding>,
}

/// What sort of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalKind {
    /// A file is not there.
    Missing,
    /// A file is no good, and will be no better unless it changes.
    Rejected,
    /// It took too long, perhaps because the machine is busy: worth another try or two.
    Late,
    /// The machine's trouble: worth another try without any change.
    Trouble,
}

// === impl Refusal ===

impl Refusal {
    pub(super) fn slot(slot: &Arc<str>, kind: RefusalKind, finding: Finding) -> Self {
        Self { slot: Some(Arc::clone(slot)), kind, finding: Box::new(finding) }
    }

    pub(super) fn tenant(kind: RefusalKind, finding: Finding) -> Self {
        Self { slot: None, kind, finding: Box::new(finding) }
    }
}
