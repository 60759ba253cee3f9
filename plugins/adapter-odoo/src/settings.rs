//! What a tenant can set, checked with words that an administrator of Odoo understands.

use std::collections::BTreeMap;

use patchbay_sdk::prelude::*;
use serde::Deserialize;
use serde_json::Value;

/// Where Odoo is, what a ticket is there, and what words mean.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Where people open Odoo, such as `https://odoo.example.org`: without `/web` or `/odoo` behind it.
    pub url: String,
    /// The database's name.
    pub database: String,
    /// The technical user's login. JSON-2 does without: there the key alone says who asks.
    #[serde(default)]
    pub login: String,
    /// The secret that holds the technical user's API key.
    #[serde(default = "odoo")]
    pub secret: String,
    /// How Odoo is spoken to.
    #[serde(default)]
    pub transport: Speech,
    /// What a ticket is.
    pub model: Model,
    /// Fields of each new ticket, by Odoo's names: `project_id = 3`, `team_id = 1`, `x_source = "matrix"`. Numbers of
    /// records for fields that point to records.
    #[serde(default)]
    pub defaults: BTreeMap<String, Value>,
    /// The stage that each status means, by name or number. What is not said follows from the stages' own marks: closed,
    /// won or folded is closed, anything else is open.
    #[serde(default)]
    pub stages: BTreeMap<Status, Id>,
    /// The tenant's names of queues, and the team (for tasks: the project) that each is. A queue that is not here is taken
    /// for a number, or for a name in Odoo.
    #[serde(default)]
    pub teams: BTreeMap<String, Id>,
    /// The value of Odoo's `priority` that each priority is. What is not said is spread over the values that there are.
    #[serde(default)]
    pub priorities: BTreeMap<Urgency, Id>,
    /// The tenant's names of agents, and the user that each is, by login or number.
    #[serde(default)]
    pub agents: BTreeMap<String, Id>,
    /// The tenant's names of fields, and Odoo's.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// A ticket that an agent makes for a contact whom we know, and writes in, is told to the contact.
    #[serde(default)]
    pub start_conversations: bool,
    /// Tell of internal notes, as notes: staff rooms show them, customers never see them.
    #[serde(default)]
    pub notes: bool,
}

/// How Odoo is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Speech {
    /// JSON-2 where the server has it, JSON-RPC elsewhere.
    #[default]
    Auto,
    /// JSON-2, since 19.
    #[serde(rename = "json-2")]
    Json2,
    /// JSON-RPC, up to 21.
    JsonRpc,
}

/// What a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Model {
    /// Helpdesk, of Enterprise or of the OCA.
    #[serde(rename = "helpdesk.ticket")]
    Ticket,
    /// CRM.
    #[serde(rename = "crm.lead")]
    Lead,
    /// Project.
    #[serde(rename = "project.task")]
    Task,
}

/// A ticket's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Open,
    Pending,
    Solved,
    Closed,
}

/// A ticket's priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Urgency {
    Low,
    Normal,
    High,
    Urgent,
}

/// A number, or a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Id {
    Number(i64),
    Name(String),
}

fn odoo() -> String {
    "odoo".to_owned()
}

// === impl Settings ===

impl Settings {
    /// # Errors
    /// With each thing that cannot be right, whatever Odoo is like.
    pub(crate) fn check(&mut self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut wrong = |at: &str, why: &str| problems.push(problem(at, why));
        self.url = self.url.trim_end_matches('/').to_owned();
        let rest = ["https://", "http://"].iter().find_map(|scheme| self.url.strip_prefix(scheme));
        match rest {
            None | Some("") => wrong("/url", "where people open Odoo, such as https://odoo.example.org"),
            Some(rest) if rest.starts_with('/') || rest.contains(['?', '#', '@', ' ']) => {
                wrong("/url", "the address alone: no user, no `?`, no `#`");
            }
            Some(rest)
                if ["/web", "/odoo", "/jsonrpc", "/json/2", "/json", "/web/login"]
                    .iter()
                    .any(|end| rest.ends_with(end)) =>
            {
                wrong(
                    "/url",
                    "without what stands behind Odoo's own address: leave out `/web`, `/odoo` or `/jsonrpc`",
                );
            }
            Some(_) => {}
        }
        if self.database.trim().is_empty() {
            wrong(
                "/database",
                "the database's name, as Odoo's login page or `/web/database/manager` shows it",
            );
        }
        if self.login.trim().is_empty() && self.transport != Speech::Json2 {
            wrong("/login", "the technical user's login (Settings > Users): JSON-RPC asks for it");
        }
        if self.model == Model::Task && !self.defaults.contains_key("project_id") {
            wrong("/defaults", "tasks need a project: say `project_id`, the number in the project's address");
        }
        for (name, value) in &self.defaults {
            if !is_field(name) {
                wrong(
                    &format!("/defaults/{name}"),
                    "no name of a field: Odoo's technical names, such as `team_id`",
                );
            }
            if value.is_array() || value.is_object() {
                wrong(
                    &format!("/defaults/{name}"),
                    "a text, a number or true/false; for records their number",
                );
            }
        }
        for (name, field) in &self.fields {
            if !is_field(field) {
                wrong(
                    &format!("/fields/{name}"),
                    "no name of a field: Odoo's technical names, such as `x_contract`",
                );
            }
        }
        for (place, table) in [("teams", &self.teams), ("agents", &self.agents)] {
            for (name, id) in table {
                if matches!(id, Id::Number(..=0)) || *id == Id::Name(String::new()) {
                    wrong(&format!("/{place}/{name}"), "the number in the record's address, or its name");
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The model's technical name.
    pub(crate) fn model(&self) -> &'static str {
        self.model.name()
    }

    /// What is known of one place is not taken for knowledge of another.
    pub(crate) fn place(&self) -> String {
        format!("{}|{}|{}|{:?}|{}", self.url, self.database, self.login, self.transport, self.model())
    }
}

// === impl Model ===

impl Model {
    /// The technical name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ticket => "helpdesk.ticket",
            Self::Lead => "crm.lead",
            Self::Task => "project.task",
        }
    }

    /// The application that brings it.
    pub(crate) fn application(self) -> &'static str {
        match self {
            Self::Ticket => "Helpdesk (Enterprise), or the OCA's helpdesk_mgmt",
            Self::Lead => "CRM",
            Self::Task => "Project",
        }
    }

    /// The field that holds the queue.
    pub(crate) fn queue(self) -> &'static str {
        if self == Self::Task { "project_id" } else { "team_id" }
    }
}

// === impl Id ===

impl Id {
    /// As text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

impl From<TicketStatus> for Status {
    fn from(status: TicketStatus) -> Self {
        match status {
            TicketStatus::Open => Self::Open,
            TicketStatus::Pending => Self::Pending,
            TicketStatus::Solved => Self::Solved,
            TicketStatus::Closed => Self::Closed,
        }
    }
}

impl From<Status> for TicketStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Pending => Self::Pending,
            Status::Solved => Self::Solved,
            Status::Closed => Self::Closed,
        }
    }
}

impl From<Priority> for Urgency {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
            Priority::Urgent => Self::Urgent,
        }
    }
}

/// What Odoo may call a field: never a path into another record.
pub(crate) fn is_field(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}
