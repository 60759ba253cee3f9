//! What of a plugin can be asked again, by the names that traces use.

use std::fmt;

use patchbay_plugin::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The functions that can be asked again, as traces name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Function {
    /// `mapping.from-matrix`
    #[serde(rename = "mapper.from-matrix")]
    FromMatrix,
    /// `mapping.to-matrix`
    #[serde(rename = "mapper.to-matrix")]
    ToMatrix,
    /// `mapping.plan-room`
    #[serde(rename = "mapper.plan-room")]
    PlanRoom,
    /// `routing.decide`
    #[serde(rename = "router.decide")]
    Decide,
    /// `adapter.contact`
    #[serde(rename = "adapter.contact")]
    Contact,
    /// `adapter.open`
    #[serde(rename = "adapter.open")]
    Open,
    /// `adapter.append`
    #[serde(rename = "adapter.append")]
    Append,
    /// `adapter.update`
    #[serde(rename = "adapter.update")]
    Update,
    /// `webhooks.accept`
    #[serde(rename = "webhooks.accept")]
    Accept,
    /// `webhooks.receive`
    #[serde(rename = "webhooks.receive")]
    Receive,
}

// === impl Function ===

impl Function {
    /// The function that a trace calls by this name, where it can be asked again.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }

    /// The name that traces use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FromMatrix => "mapper.from-matrix",
            Self::ToMatrix => "mapper.to-matrix",
            Self::PlanRoom => "mapper.plan-room",
            Self::Decide => "router.decide",
            Self::Contact => "adapter.contact",
            Self::Open => "adapter.open",
            Self::Append => "adapter.append",
            Self::Update => "adapter.update",
            Self::Accept => "webhooks.accept",
            Self::Receive => "webhooks.receive",
        }
    }

    /// Which world answers it.
    #[must_use]
    pub fn world(self) -> World {
        match self {
            Self::FromMatrix | Self::ToMatrix | Self::PlanRoom => World::Mapper,
            Self::Decide => World::Router,
            Self::Contact | Self::Open | Self::Append | Self::Update | Self::Accept | Self::Receive => {
                World::Adapter
            }
        }
    }

    pub(super) fn slot(self) -> &'static str {
        match self.world() {
            World::Mapper => "mapper",
            World::Router => "router",
            World::Adapter => "adapters.adapter",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_the_name_it_shows() {
        for name in
            ["mapper.from-matrix", "mapper.to-matrix", "router.decide", "adapter.contact", "adapter.open"]
                .into_iter()
                .chain([
                    "mapper.plan-room",
                    "adapter.append",
                    "adapter.update",
                    "webhooks.accept",
                    "webhooks.receive",
                ])
        {
            assert_eq!(Function::named(name).unwrap().name(), name);
        }
        assert_eq!(Function::named("deliver"), None);
    }
}
