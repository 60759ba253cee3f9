//! One change of a ticket, in both directions: an object of one field.

use patchbay_sdk::prelude::{self as contract, Attribute, Change, JsonSchema, schemars};
use serde::{Deserialize, Serialize};

/// What is different now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// How far it is.
    Status(Status),
    /// Null: nobody's.
    Assignee(Option<Named>),
    /// Null: in none.
    Queue(Option<Named>),
    /// How urgent.
    Priority(Priority),
    /// Its title.
    Subject(String),
    /// One more tag.
    Tag(String),
    /// One tag less.
    Untag(String),
    /// A field of your own.
    Field {
        /// Its name.
        key: String,
        /// What it holds now.
        value: String,
    },
}

/// How far a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Open,
    Pending,
    Solved,
    Closed,
}

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

/// Something of yours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// As you named it.
    pub id: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
}

impl From<Change> for Changed {
    fn from(change: Change) -> Self {
        let named =
            |named: Option<contract::Named>| named.map(|contract::Named { id, name }| Named { id, name });
        match change {
            Change::Status(status) => Self::Status(match status {
                contract::TicketStatus::Open => Status::Open,
                contract::TicketStatus::Pending => Status::Pending,
                contract::TicketStatus::Solved => Status::Solved,
                contract::TicketStatus::Closed => Status::Closed,
            }),
            Change::Assignee(who) => Self::Assignee(named(who)),
            Change::Queue(queue) => Self::Queue(named(queue)),
            Change::Priority(priority) => Self::Priority(match priority {
                contract::Priority::Low => Priority::Low,
                contract::Priority::Normal => Priority::Normal,
                contract::Priority::High => Priority::High,
                contract::Priority::Urgent => Priority::Urgent,
            }),
            Change::Subject(subject) => Self::Subject(subject),
            Change::Tag(tag) => Self::Tag(tag),
            Change::Untag(tag) => Self::Untag(tag),
            Change::Field(Attribute { key, value }) => Self::Field { key, value },
        }
    }
}

impl From<Changed> for Change {
    fn from(changed: Changed) -> Self {
        let named = |named: Option<Named>| named.map(|Named { id, name }| contract::Named { id, name });
        match changed {
            Changed::Status(status) => Self::Status(match status {
                Status::Open => contract::TicketStatus::Open,
                Status::Pending => contract::TicketStatus::Pending,
                Status::Solved => contract::TicketStatus::Solved,
                Status::Closed => contract::TicketStatus::Closed,
            }),
            Changed::Assignee(who) => Self::Assignee(named(who)),
            Changed::Queue(queue) => Self::Queue(named(queue)),
            Changed::Priority(priority) => Self::Priority(match priority {
                Priority::Low => contract::Priority::Low,
                Priority::Normal => contract::Priority::Normal,
                Priority::High => contract::Priority::High,
                Priority::Urgent => contract::Priority::Urgent,
            }),
            Changed::Subject(subject) => Self::Subject(subject),
            Changed::Tag(tag) => Self::Tag(tag),
            Changed::Untag(tag) => Self::Untag(tag),
            Changed::Field { key, value } => Self::Field(Attribute { key, value }),
        }
    }
}
