//! Who somebody is to a tenant: customer, agent or bot, and what their room tells of them.

use moka::sync::Cache;
use patchbay_plugin::types;
use patchbay_types::{TenantConfig, tenant::whole};
use regex::Regex;

use crate::room::RoomState;

/// Users whose party is remembered.
const PARTIES: u64 = 10_000;

/// A tenant's own people, as its file says.
#[derive(Debug)]
pub(crate) struct People {
    agents: Vec<Regex>,
    bots: Vec<Regex>,
    staff: Vec<String>,
    /// Matching every member of a room against every pattern for every event would cost more than the plugins do.
    parties: Cache<String, types::Party>,
}

// === impl People ===

impl People {
    /// Reads the patterns; they were checked when the file was.
    #[must_use]
    pub(crate) fn new(config: &TenantConfig) -> Self {
        let compile = |patterns: &[String]| patterns.iter().filter_map(|p| whole(p).ok()).collect();
        Self {
            agents: compile(&config.agents.users),
            bots: compile(&config.agents.bots),
            staff: config.rooms.staff.clone(),
            parties: Cache::new(PARTIES),
        }
    }

    /// What a user ID makes somebody.
    #[must_use]
    pub(crate) fn party(&self, user: &str) -> types::Party {
        self.parties.get_with_by_ref(user, || self.match_party(user))
    }

    fn match_party(&self, user: &str) -> types::Party {
        let any = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(user));
        if any(&self.bots) {
            types::Party::Bot
        } else if any(&self.agents) {
            types::Party::Agent
        } else {
            types::Party::Customer
        }
    }

    /// Whether only agents talk in this room.
    #[must_use]
    pub(crate) fn audience(&self, room: &str) -> types::Audience {
        if self.staff.iter().any(|staff| staff == room) {
            types::Audience::Staff
        } else {
            types::Audience::Customer
        }
    }

    /// The person behind a user ID, with what the room tells of them.
    #[must_use]
    pub(crate) fn person(&self, user: &str, room: &RoomState) -> types::Person {
        let member = room.members.get(user);
        let identifiers = member.map(|member| member.identifiers.clone()).unwrap_or_default();
        let by_scheme =
            |scheme: &str| identifiers.iter().find_map(|uri| uri.strip_prefix(scheme)).map(str::to_owned);
        types::Person {
            id: user.to_owned(),
            remote: None,
            party: self.party(user),
            display_name: member.and_then(|member| member.name.clone()),
            phone: by_scheme("tel:"),
            email: by_scheme("mailto:"),
            locale: None,
            // A bridge's ghost is told from a native user by what the bridge says of it.
            network: if identifiers.is_empty() { None } else { room.network.clone() },
            identifiers,
            attributes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn people() -> People {
        let text = "[mapper]\ncomponent = 'm'\n[router]\ncomponent = 'r'\n[agents]\nusers = ['@agent.*:h']\n\
                    bots = ['@.*bot:h']\n";
        People::new(&TenantConfig::parse(text).unwrap())
    }

    #[test]
    fn a_bots_pattern_wins_over_an_agents() {
        assert_eq!(people().party("@agent-bot:h"), types::Party::Bot);
        assert_eq!(people().party("@agent1:h"), types::Party::Agent);
        assert_eq!(people().party("@agent1:h.evil"), types::Party::Customer);
    }

    #[test]
    fn a_bridges_ghost_brings_its_phone_and_network() {
        let mut room = RoomState { network: Some("whatsapp".into()), ..RoomState::default() };
        let content = json!({"membership": "join", "com.beeper.bridge.identifiers": ["tel:+380441234567"]});
        room.apply("m.room.member", "@whatsapp_1:h", &content);
        let person = people().person("@whatsapp_1:h", &room);
        assert_eq!(person.phone.as_deref(), Some("+380441234567"));
        assert_eq!(person.network.as_deref(), Some("whatsapp"));
        assert_eq!(people().person("@alice:h", &room).network, None);
    }
}
