//! What adapters do outside the house: HTTP behind grants, secrets and a journal, and whether the other side is there.

mod connections;
mod convert;
mod course;
mod fetching;
mod http;
mod journal;
mod missing;
mod reads;
mod secrets;
pub(crate) mod watched;

use std::{collections::BTreeMap, path::PathBuf};

use patchbay_egress::{Egress, Outlet, Secrets};
use patchbay_plugin::Chain;
use patchbay_types::AdapterName;

pub(crate) use self::{
    connections::{Connections, Found, Pass},
    course::Course,
    fetching::Fetching,
    http::Steps,
    journal::Journal,
    missing::Looked,
    reads::Reads,
    secrets::SecretsPort,
};

/// The way out of the house, and where secrets in files lie.
#[derive(Clone)]
pub struct Outside {
    /// The way out.
    pub egress: Egress,
    /// The directory of `patchbay.toml`.
    pub dir: PathBuf,
}

/// One adapter's way out, under one generation.
#[derive(Clone)]
pub(crate) struct Gate {
    /// None: nothing was granted.
    pub(crate) outlet: Option<Outlet>,
    pub(crate) secrets: Secrets,
}

// === impl Outside ===

impl Outside {
    /// The ways out of all of a chain's adapters.
    pub(crate) fn gates(&self, chain: &Chain) -> BTreeMap<AdapterName, Gate> {
        let gate = |(name, slot): (&AdapterName, &patchbay_types::tenant::SlotConfig)| {
            let secrets = Secrets::new(&self.dir, &chain.config.secrets, &slot.grants.secrets);
            let granted = !slot.grants.http.is_empty();
            let outlet =
                granted.then(|| self.egress.outlet(&chain.tenant, name, &slot.grants.http, secrets.clone()));
            (name.clone(), Gate { outlet, secrets })
        };
        chain.config.adapters.iter().map(gate).collect()
    }
}
