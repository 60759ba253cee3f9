//! What a tenant can set.

use std::collections::BTreeMap;

use patchbay_sdk::prelude::*;
use serde::Deserialize;

/// All of it; `settings.schema.json` says what each is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    pub(crate) threads: bool,
    pub(crate) encrypt: bool,
    pub(crate) roles: BTreeMap<String, i32>,
    pub(crate) notices: Notices,
}

/// Said by the bot; none: nothing is said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Notices {
    open: Option<String>,
    pending: Option<String>,
    solved: Option<String>,
    closed: Option<String>,
    assigned: Option<String>,
    undelivered: Option<String>,
}

// === impl Settings ===

impl Settings {
    /// # Errors
    /// With each role that would rank with the bot.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let high = self.roles.iter().filter(|&(_, &power)| power > 99);
        let problems: Vec<_> = high
            .map(|(role, _)| {
                problem(format!("/roles/{role}"), "at most 99, or the bot could not take it back")
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The power level of whoever has `role`.
    pub(crate) fn power(&self, role: &str) -> i32 {
        self.roles.get(role).copied().unwrap_or(if role == "agent" { 50 } else { 0 })
    }
}

// === impl Notices ===

impl Notices {
    /// What is said of one change of a ticket.
    pub(crate) fn of(&self, change: &Change) -> Option<String> {
        match change {
            Change::Status(TicketStatus::Open) => self.open.clone(),
            Change::Status(TicketStatus::Pending) => self.pending.clone(),
            Change::Status(TicketStatus::Solved) => self.solved.clone(),
            Change::Status(TicketStatus::Closed) => self.closed.clone(),
            Change::Assignee(Some(agent)) => {
                let name = agent.name.as_deref().unwrap_or(&agent.id);
                Some(self.assigned.as_ref()?.replace("{agent}", name))
            }
            _ => None,
        }
    }

    /// What is said of a message that did not arrive.
    pub(crate) fn undelivered(&self, detail: Option<&str>) -> Option<String> {
        Some(self.undelivered.as_ref()?.replace("{detail}", detail.unwrap_or_default()))
    }
}

/// A person of whom nothing is known.
pub(crate) fn nobody() -> Person {
    Person {
        id: String::new(),
        remote: None,
        party: Party::Customer,
        display_name: None,
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    }
}
