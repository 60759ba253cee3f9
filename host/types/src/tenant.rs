//! A tenant's file, `tenants/<tenant>.toml`: whose rooms are theirs, which components run for them, with what
//! settings, grants and limits. Parsed and checked here; what it names is read and run elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    config::{ConfigError, parse_toml},
    egress::{HttpGrant, SecretConfig},
    failure::FailureConfig,
    ids::{AdapterName, RegistrationId},
    media::MediaConfig,
    units::{Bytes, Span},
};

/// The whole file. Unknown keys are refused, so that a misspelt one is not silently without effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TenantConfig {
    /// For people; the tenant's identifier is the file's name.
    #[serde(default)]
    pub name: Option<String>,
    /// Which rooms are this tenant's.
    #[serde(default)]
    pub rooms: RoomsConfig,
    /// Who speaks for the tenant.
    #[serde(default)]
    pub agents: AgentsConfig,
    /// Matrix events to messages, and back.
    pub mapper: SlotConfig,
    /// Messages to routes.
    pub router: SlotConfig,
    /// CRM adapters, by the name that routes use.
    #[serde(default)]
    pub adapters: BTreeMap<AdapterName, SlotConfig>,
    /// The tenant's secrets, by the names that plugins use.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretConfig>,
    /// How long things are kept.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// What may be done in Matrix in this tenant's name.
    #[serde(default)]
    pub matrix: MatrixConfig,
    /// Who is told when something does not arrive.
    #[serde(default)]
    pub failure: FailureConfig,
    /// What files may pass.
    #[serde(default)]
    pub media: MediaConfig,
}

/// Whose room is it: explicit links win, then the patterns; what two tenants could claim is nobody's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RoomsConfig {
    /// Registrations whose rooms may be this tenant's; empty: all. Where several homeservers are not trusted alike, one of
    /// them must not bring in a room by another's name.
    pub registrations: Vec<RegistrationId>,
    /// Room IDs that are this tenant's, whatever else could be said of them.
    pub link: Vec<String>,
    /// Regular expressions over the whole alias, such as `#_patchbay_acme_.*:example\.org`. Only aliases in our own
    /// exclusive namespace count: anybody may claim any other.
    pub aliases: Vec<String>,
    /// Regular expressions over the whole user ID of whoever invited our bot or ghost.
    pub users: Vec<String>,
    /// Server names; the inviting user's server must be one of them.
    pub servers: Vec<String>,
    /// Room IDs in which only agents talk: what is said there is internal.
    pub staff: Vec<String>,
    /// One conversation for each room, or one for each thread in it.
    pub conversation: ConversationScope,
    /// Said once in an encrypted room that cannot be read yet. Empty: nothing is said.
    pub encrypted_notice: Option<String>,
    /// Where a conversation goes that the CRM begins.
    pub for_tickets: RoomsForTickets,
}

/// Where a conversation goes that the CRM begins with somebody who is known in Matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomsForTickets {
    /// The customer's newest room in which no ticket of the same adapter is open; a new one where there is none.
    #[default]
    Reuse,
    /// A new room for each ticket; the one that a customer has behind a bridge all the same, since no other leads there.
    New,
}

/// What makes a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConversationScope {
    /// The room.
    #[default]
    Room,
    /// Each thread; what is said outside any thread belongs to the room's own conversation.
    Thread,
}

/// Who of the people in a room is an agent; everybody else is a customer, unless a bot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AgentsConfig {
    /// Regular expressions over the whole user ID.
    pub users: Vec<String>,
    /// Regular expressions over the whole user ID of bots, whose messages are marked as a bot's.
    pub bots: Vec<String>,
}

/// One place in a tenant's chain and what fills it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SlotConfig {
    /// `components/<component>.wasm`.
    pub component: String,
    /// Settings, written here as a table.
    #[serde(default)]
    pub settings: Option<toml::Table>,
    /// Or in a file of their own beside the tenant's (TOML or JSON by its ending). Both: an error.
    #[serde(default)]
    pub settings_file: Option<String>,
    /// What it may do. Default: nothing beyond its world's pure part.
    #[serde(default)]
    pub grants: Grants,
    /// The most it may use; what the plugin asks for in its manifest counts where it is less.
    #[serde(default)]
    pub limits: Limits,
    /// What becomes of an event that this slot cannot handle.
    #[serde(default)]
    pub on_fault: FailurePolicy,
    /// How long conversations that wait for this slot are held while its breaker is open is not bounded; this is how
    /// long an instance is kept. `fresh` is a new sandbox for every call.
    #[serde(default)]
    pub instance: InstancePolicy,
    /// An adapter's deliveries under way at once, over all conversations.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// An adapter's webhooks: count it up, and their URL changes.
    #[serde(default)]
    pub hook_rotation: u32,
    /// An adapter that can be asked what is new is asked so often; 0 is never.
    #[serde(default)]
    pub poll: Option<Span>,
}

/// What a slot may do. Everything is denied that is not written here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Grants {
    /// What may be called, such as `https://crm.example.org/api/`.
    pub http: Vec<HttpGrant>,
    /// Those of the tenant's secrets that may be used, by name.
    pub secrets: Vec<String>,
    /// The embedded desk.
    pub desk: bool,
    /// Small state of its own.
    pub store: bool,
}

/// The most that one call may use. Absent: the host's default for the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Limits {
    /// Wall-clock time of a call.
    pub time: Option<Span>,
    /// CPU time of `prepare`: it runs on a thread of low priority, which a busy host may keep waiting.
    pub prepare_time: Option<Span>,
    /// Linear memory.
    pub memory: Option<Bytes>,
    /// Instructions, where a deterministic budget is wanted: the slot then runs on the metered engine.
    pub fuel: Option<u64>,
    /// Bytes of one result.
    pub output: Option<Bytes>,
    /// Lines of log in one call; further ones are counted.
    pub log_lines: Option<u32>,
    /// Calls of host functions in one call.
    pub host_calls: Option<u32>,
}

/// What becomes of an event that faulted twice while the golden call passes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailurePolicy {
    /// Set aside, with all that is needed to replay it; what refers to it parks behind it.
    #[default]
    Park,
    /// Dropped, with a trace that says so.
    Skip,
    /// Tried with another component, `components/<component>.wasm`; parked if that faults too.
    Fallback(String),
}

/// How long an instance lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstancePolicy {
    /// A fresh copy of the prepared image for every call.
    #[default]
    Fresh,
    /// Kept warm, and replaced after this many calls or a trap: for guests that cannot be prepared.
    Warm(u32),
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RetentionConfig {
    /// Events' bodies and the traces of what was done with them.
    pub bodies: Span,
    /// The keys by which a repeated event is recognised; never shorter than `bodies`.
    pub keys: Span,
}

/// What may be done in Matrix in this tenant's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MatrixConfig {
    /// Event types that a plugin may have sent, message-like or state.
    pub allowed_events: Vec<String>,
    /// Behind a ghost's display name, such as ` (ACME)`.
    pub ghost_suffix: Option<String>,
    /// When a customer's message is marked as read.
    pub receipts: Receipts,
    /// Who says what people say in the CRM.
    pub speak_as: SpeakAs,
}

/// In whose name the host says what somebody said in the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpeakAs {
    /// A Matrix user of their own, made for them.
    #[default]
    Ghost,
    /// The bot, with their name at each message (MSC4144).
    Bot,
}

/// When the bot marks a customer's message as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receipts {
    /// Never.
    #[default]
    Off,
    /// Once a CRM has it.
    Delivered,
}

/// A CRM is not asked more often than this.
const SHORTEST_POLL: Span = Span::millis(1000);

// === impl TenantConfig ===

impl TenantConfig {
    /// Reads and checks a tenant's file.
    ///
    /// # Errors
    /// With the line, the column and the field, when it is no TOML, lacks a key, has an unknown one, or contradicts
    /// itself.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = parse_toml(text)?;
        config.check()?;
        Ok(config)
    }

    /// Every slot with its name: `mapper`, `router`, `adapters.<name>`.
    pub fn slots(&self) -> impl Iterator<Item = (String, &SlotConfig)> {
        let fixed = [("mapper".to_owned(), &self.mapper), ("router".to_owned(), &self.router)];
        fixed.into_iter().chain(self.adapters.iter().map(|(name, slot)| (format!("adapters.{name}"), slot)))
    }

    fn check(&self) -> Result<(), ConfigError> {
        for (field, patterns) in [
            ("rooms.aliases", &self.rooms.aliases),
            ("rooms.users", &self.rooms.users),
            ("agents.users", &self.agents.users),
            ("agents.bots", &self.agents.bots),
        ] {
            for pattern in patterns {
                whole(pattern).map_err(|error| ConfigError::field(field, error.to_string()))?;
            }
        }
        for name in self.adapters.keys() {
            AdapterName::parse(name.as_str())
                .map_err(|error| ConfigError::field("adapters", error.to_string()))?;
        }
        for (name, secret) in &self.secrets {
            check_secret(name, secret)?;
        }
        for (name, slot) in self.slots() {
            slot.check(&name)?;
            if let Some(missing) =
                slot.grants.secrets.iter().find(|secret| !self.secrets.contains_key(*secret))
            {
                let why = format!(
                    "`{missing}` is none of this tenant's: say where it is under `[secrets.{missing}]`"
                );
                return Err(ConfigError::field(format!("{name}.grants.secrets"), why));
            }
        }
        self.media.check()?;
        if self.retention.keys < self.retention.bodies {
            return Err(ConfigError::field(
                "retention.keys",
                "keys must be kept at least as long as bodies, or a repeated event is taken for a new one",
            ));
        }
        Ok(())
    }
}

// === impl SlotConfig ===

impl SlotConfig {
    fn check(&self, name: &str) -> Result<(), ConfigError> {
        component_name(&self.component).map_err(|m| ConfigError::field(format!("{name}.component"), m))?;
        if let FailurePolicy::Fallback(component) = &self.on_fault {
            component_name(component).map_err(|m| ConfigError::field(format!("{name}.on-fault"), m))?;
        }
        if self.settings.is_some() && self.settings_file.is_some() {
            return Err(ConfigError::field(
                format!("{name}.settings-file"),
                "`settings` is there already; keep one",
            ));
        }
        if let Some(file) = &self.settings_file
            && (file.starts_with('/') || file.split('/').any(|part| part == ".."))
        {
            return Err(ConfigError::field(
                format!("{name}.settings-file"),
                "it must lie beside the tenant's file",
            ));
        }
        if self.poll.is_some_and(|every| every > Span::millis(0) && every < SHORTEST_POLL) {
            let why =
                format!("the CRM would be asked without a pause: at least {SHORTEST_POLL}, or 0s for never");
            return Err(ConfigError::field(format!("{name}.poll"), why));
        }
        if self.concurrency == Some(0) {
            return Err(ConfigError::field(format!("{name}.concurrency"), "nothing would ever be delivered"));
        }
        if self.instance == InstancePolicy::Warm(0) {
            return Err(ConfigError::field(
                format!("{name}.instance"),
                "warm = 0 calls would never run; say `fresh`",
            ));
        }
        Ok(())
    }
}

fn check_secret(name: &str, secret: &SecretConfig) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let why = format!("`{name}` is no secret's name: 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`");
        return Err(ConfigError::field("secrets", why));
    }
    if secret.from.as_slice().is_empty() {
        let why = "it needs at least one place, such as { env = \"NAME\" }";
        return Err(ConfigError::field(format!("secrets.{name}.from"), why));
    }
    Ok(())
}

fn component_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(plain) {
        Ok(())
    } else {
        Err(format!("`{name}` is no component: the name of a file in `components/`, without `.wasm`"))
    }
}

/// The pattern, anchored at both ends and bounded in size.
///
/// # Errors
/// When it is no regular expression, or too large a one.
pub fn whole(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build()
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { bodies: Span::days(30), keys: Span::days(90) }
    }
}

impl Default for MatrixConfig {
    fn default() -> Self {
        let allowed = ["m.room.message", "m.reaction", "m.sticker"];
        let allowed_events = allowed.map(str::to_owned).to_vec();
        Self { allowed_events, ghost_suffix: None, receipts: Receipts::Off, speak_as: SpeakAs::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "[mapper]\ncomponent = 'mapper-matrix'\n[router]\ncomponent = 'router-rules'\n";

    #[test]
    fn the_smallest_file_has_sane_defaults() {
        let config = TenantConfig::parse(SMALL).unwrap();
        assert_eq!(config.mapper.on_fault, FailurePolicy::Park);
        assert_eq!(config.retention.keys, Span::days(90));
        assert_eq!(config.mapper.grants, Grants::default());
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line() {
        let error = TenantConfig::parse(&format!("{SMALL}\n[retention]\nbodys = '3d'\n")).unwrap_err();
        assert_eq!(error.line, Some(7));
        assert!(error.message.contains("bodys"), "{error}");
    }

    #[test]
    fn what_contradicts_itself_names_its_field() {
        let field = |extra: &str| TenantConfig::parse(&format!("{SMALL}{extra}")).unwrap_err().field;
        assert_eq!(field("[retention]\nkeys = '1d'\n").as_deref(), Some("retention.keys"));
        assert_eq!(field("[rooms]\nusers = ['(']\n").as_deref(), Some("rooms.users"));
        assert_eq!(
            field("[adapters.a]\ncomponent = 'x'\ngrants.secrets = ['token']\n").as_deref(),
            Some("adapters.a.grants.secrets")
        );
        assert_eq!(field("[secrets.a]\nfrom = []\n").as_deref(), Some("secrets.a.from"));
        assert_eq!(field("[secrets.'a b']\nfrom = { env = 'A' }\n").as_deref(), Some("secrets"));
        assert_eq!(field("[adapters.A]\ncomponent = 'x'\n").as_deref(), Some("adapters"));
        assert_eq!(
            field("[adapters.a]\ncomponent = 'x'\npoll = '20ms'\n").as_deref(),
            Some("adapters.a.poll")
        );
        assert_eq!(field("[adapters.a]\ncomponent = '../x'\n").as_deref(), Some("adapters.a.component"));
        assert_eq!(
            field("[adapters.a]\ncomponent = 'x'\nsettings-file = '../y.toml'\n").as_deref(),
            Some("adapters.a.settings-file")
        );
    }
}
