//! The rules file, as a tenant writes it.

use std::collections::BTreeMap;

use patchbay_sdk::prelude::*;
use serde::Deserialize;

/// All of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// Whether the first matching rule with a route decides, or all of them do.
    pub mode: Mode,
    /// Asked from top to bottom.
    pub rules: Vec<RuleSettings>,
    /// Where a message goes that no rule gave a route. Empty: it is dropped.
    pub default: Vec<RouteSettings>,
    /// Regular expressions by name; a condition asks `patterns.<name>`.
    pub patterns: BTreeMap<String, PatternSettings>,
    /// When `hours.open` holds. Absent: always.
    pub business_hours: Option<HoursSettings>,
}

/// How many rules decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The first one that has a route; those before it that only label or reply count too.
    #[default]
    First,
    /// All that match. Of two routes to one adapter the first counts.
    All,
}

/// One rule.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleSettings {
    /// Named in the decision's reason.
    pub name: String,
    /// A condition in CEL. Absent: always.
    #[serde(default)]
    pub when: Option<String>,
    /// Where the message goes.
    #[serde(default)]
    pub route: Vec<RouteSettings>,
    /// Labels that the conversation gets.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Labels that it loses.
    #[serde(default)]
    pub unlabel: Vec<String>,
    /// Said in the room by the bot, to customers alone.
    #[serde(default)]
    pub reply: Option<String>,
    /// No further rule is asked, and the default does not apply: with no route, the message is dropped.
    #[serde(default)]
    pub stop: bool,
}

/// Where a message goes, and what a ticket has that it opens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RouteSettings {
    /// The adapter's name in this tenant.
    pub adapter: String,
    /// Which ticket.
    #[serde(default)]
    pub placement: PlacementSettings,
    /// Not shown to the customer. Always so from a staff room.
    #[serde(default)]
    pub internal: bool,
    /// A new ticket's queue.
    #[serde(default)]
    pub queue: Option<String>,
    /// A new ticket's assignee.
    #[serde(default)]
    pub assignee: Option<String>,
    /// A new ticket's priority.
    #[serde(default)]
    pub priority: Option<PriorityName>,
    /// A new ticket's subject.
    #[serde(default)]
    pub subject: Option<String>,
    /// A new ticket's tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A new ticket's other fields.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Made after the message, to whatever ticket it went to.
    #[serde(default)]
    pub change: ChangeSettings,
}

/// Which ticket a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementSettings {
    /// The open one, or a new one. Who came and went, and what nobody can show, opens none.
    #[default]
    ContinueOrOpen,
    /// A new one.
    AlwaysOpen,
    /// The open one; where there is none, nothing is done.
    IfOpen,
    /// Nothing is written, only `change` is made, if a ticket is open: for commands.
    ChangesOnly,
}

/// Changes of a ticket.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ChangeSettings {
    /// Its status.
    pub status: Option<StatusName>,
    /// Its queue.
    pub queue: Option<String>,
    /// Its assignee; empty: nobody.
    pub assignee: Option<String>,
    /// Its priority.
    pub priority: Option<PriorityName>,
    /// Its subject.
    pub subject: Option<String>,
    /// Tags that it gets.
    pub tags: Vec<String>,
    /// Tags that it loses.
    pub untag: Vec<String>,
    /// Its other fields.
    pub fields: BTreeMap<String, String>,
}

/// A priority.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PriorityName {
    Low,
    Normal,
    High,
    Urgent,
}

/// A status.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StatusName {
    Open,
    Pending,
    Solved,
    Closed,
}

/// A regular expression, over `content.text` unless it says over what.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum PatternSettings {
    /// Over `content.text`.
    Text(String),
    /// Over another variable that is text.
    On {
        /// The expression, found anywhere in it.
        regex: String,
        /// The variable.
        on: String,
    },
}

/// When somebody is there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HoursSettings {
    /// An IANA name, such as `Europe/Kyiv`.
    pub time_zone: String,
    /// Days (`mon`) or spans of days (`mon-fri`), each with intervals such as `09:00-18:00`.
    #[serde(default)]
    pub week: BTreeMap<String, Vec<String>>,
    /// Closed all day: `2026-12-24`, or each year `12-24`.
    #[serde(default)]
    pub holidays: Vec<String>,
}

impl From<PriorityName> for Priority {
    fn from(name: PriorityName) -> Self {
        match name {
            PriorityName::Low => Self::Low,
            PriorityName::Normal => Self::Normal,
            PriorityName::High => Self::High,
            PriorityName::Urgent => Self::Urgent,
        }
    }
}

impl From<StatusName> for TicketStatus {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Open => Self::Open,
            StatusName::Pending => Self::Pending,
            StatusName::Solved => Self::Solved,
            StatusName::Closed => Self::Closed,
        }
    }
}
