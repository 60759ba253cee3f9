//! A component made ready with one tenant's settings. Around each of its calls stand [`enter`] and [`leave`]; the calls
//! themselves are in [`pure`] and [`adapter`].

mod adapter;
mod conform;
mod enter;
mod functions;
mod golden;
mod leave;
mod pure;
mod warm;

use std::{fmt, sync::Arc};

use patchbay_types::{Digest, tenant::InstancePolicy};
use wasmtime::{Result, component::InstancePre};

use crate::{
    bounds::Bounds,
    engine::Engine,
    image::Image,
    linker,
    meters::Meters,
    plugin::{functions::Functions, warm::Warm},
    runtime::World,
    slots::Slots,
    state::State,
};

/// A component made ready with one tenant's settings: cheap to clone, callable from any thread.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

/// What a plugin is made of.
pub(crate) struct Parts {
    pub(crate) digest: Digest,
    pub(crate) settings: Arc<str>,
    pub(crate) world: World,
    pub(crate) bounds: Bounds,
    pub(crate) delivery_id: Arc<[String]>,
    pub(crate) policy: InstancePolicy,
    pub(crate) engine: Engine,
    pub(crate) image: Arc<Image>,
    pub(crate) slots: Arc<Slots>,
}

struct Inner {
    parts: Parts,
    pre: InstancePre<State>,
    settings: Digest,
    functions: Functions,
    warm: Warm,
    meters: Meters,
}

// === impl Plugin ===

impl Plugin {
    /// # Errors
    /// When the component's imports or exports are not of the contract's types.
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            pre: linker::link(&parts.engine, &parts.image.component, parts.world)?,
            settings: Digest::of(parts.settings.as_bytes()),
            functions: Functions::find(&parts.image.component)?,
            warm: Warm::new(parts.policy),
            meters: Meters::default(),
            parts,
        })))
    }

    /// The component's digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.parts.digest
    }

    /// The settings' digest.
    #[must_use]
    pub fn settings_digest(&self) -> Digest {
        self.0.settings
    }

    /// Whether it exports `webhooks`.
    #[must_use]
    pub fn takes_webhooks(&self) -> bool {
        self.0.functions.accept.is_some()
    }

    /// Whether it exports `polling`.
    #[must_use]
    pub fn polls(&self) -> bool {
        self.0.functions.poll.is_some()
    }

    /// Headers that carry a webhook's own identifier, as its manifest says: the first that a webhook has counts.
    #[must_use]
    pub fn delivery_id(&self) -> &Arc<[String]> {
        &self.0.parts.delivery_id
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("digest", &self.digest()).field("settings", &self.0.settings).finish()
    }
}
