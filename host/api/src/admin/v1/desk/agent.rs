//! An agent, as the desk and the customer see one.

use patchbay_plugin::types::{Party, Person};
use patchbay_types::Problem;
use serde::{Deserialize, Serialize};

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Unique in the tenant; a Matrix user ID, where the agent is in Matrix too.
    pub id: String,
    /// As the customer sees it.
    pub name: String,
}

// === impl Agent ===

impl Agent {
    /// A problem where it is no agent.
    pub(in crate::admin) fn check(&self) -> Result<(), Problem> {
        for (field, value) in [("agent.id", &self.id), ("agent.name", &self.name)] {
            if value.trim().is_empty() || value.len() > 255 {
                return Err(Problem::invalid(format!("`{field}` wants 1 to 255 bytes")));
            }
        }
        Ok(())
    }

    /// The person, as the desk adapter tells of it.
    pub(in crate::admin) fn person(&self) -> Person {
        let in_matrix = self.id.starts_with('@') && self.id.contains(':');
        Person {
            id: if in_matrix { self.id.clone() } else { format!("desk:{}", self.id) },
            remote: None,
            party: Party::Agent,
            display_name: Some(self.name.clone()),
            phone: None,
            email: None,
            locale: None,
            identifiers: Vec::new(),
            network: if in_matrix { None } else { Some("desk".to_owned()) },
            attributes: Vec::new(),
        }
    }
}

impl Default for Agent {
    fn default() -> Self {
        Self { id: "agent".to_owned(), name: "Agent".to_owned() }
    }
}
