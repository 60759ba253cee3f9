//! The room as the mapper plans it, checked: who may be in it, what state it may have. Power, membership and rules are the
//! host's to set.

use std::{collections::BTreeMap, sync::Arc};

use patchbay_plugin::{
    Caller, mapping,
    types::{Opening, Room},
};
use patchbay_storage::{Park, Trace};
use patchbay_types::{RegistrationId, tenant::SpeakAs};

use super::{Begin, Seats};
use crate::{
    fault::{Called, Verdict},
    news::entry::Stop,
    outgoing,
    payload::{Act, Arrangement, Belongs},
    steps,
};

/// Bounds of one plan.
const LEVELS: usize = 64;
const STATE: usize = 32;
const NAME: usize = 255;
const TOPIC: usize = 1000;
/// Above everybody else, and below the bot.
const POWER: i32 = 99;
/// What the host sets itself, whatever `matrix.allowed-events` says: with these a plan could lock the bot out.
const OURS: [&str; 12] = [
    "m.room.create",
    "m.room.power_levels",
    "m.room.member",
    "m.room.third_party_invite",
    "m.room.join_rules",
    "m.room.encryption",
    "m.room.tombstone",
    "m.room.server_acl",
    "m.room.canonical_alias",
    "m.room.history_visibility",
    "m.room.name",
    "m.room.topic",
];

impl Begin<'_> {
    /// Asks the mapper, and checks what it answers.
    pub(super) fn plan(
        &self,
        opening: &Opening,
        room: Option<&Room>,
        registration: &RegistrationId,
        trace: &mut Trace,
    ) -> Result<Arrangement, Stop> {
        let chain = &self.view.chain;
        let caller = Caller {
            tenant: self.entry.tenant.clone(),
            slot: Arc::clone(&chain.mapper.name),
            about: Some(Arc::from(self.entry.entry_id.as_str())),
        };
        let called = Called { chain, slot: &chain.mapper, caller: &caller, name: "mapper.plan-room" };
        let input = steps::json(&(opening, room));
        let shared = self.shared;
        let verdict = called.run(&shared.breakers, &*shared.clock, trace, &input, |plugin| {
            plugin.plan_room(&caller, opening, room)
        });
        let plan = match verdict {
            Verdict::Value(plan) => plan,
            Verdict::Skip(why) => return Err(Stop::Ignore(why)),
            Verdict::Park(park) => return Err(Stop::Park(park)),
            Verdict::Hold(_) => return Err(Stop::Wait),
        };
        self.check(plan, registration).map_err(|reason| {
            tracing::warn!(tenant = %self.entry.tenant, slot = "mapper", component = %chain.mapper.plugin.digest(),
                entry = %self.entry.entry_id, %reason, "parked: the answer is refused");
            Stop::Park(Park {
                slot: Some(chain.mapper.name.to_string()),
                component: Some(chain.mapper.plugin.digest().to_string()),
                reason,
                behind: None,
            })
        })
    }

    /// A room without its customer would be a conversation with nobody.
    pub(super) fn is_invited(&self, seats: &Seats, wanted: &Arrangement) -> Result<(), Stop> {
        let is_there = |user: &str| wanted.members.iter().any(|member| member.user_id == user);
        match seats.customers().find(|customer| !is_there(customer.as_str())) {
            None => Ok(()),
            Some(_) => Err(self.park("the mapper plans a room to which a customer does not belong")),
        }
    }

    fn check(&self, plan: mapping::RoomPlan, registration: &RegistrationId) -> Result<Arrangement, String> {
        let bounded = |what: &str, many: usize, most: usize| {
            if many > most {
                Err(format!("the mapper plans {many} {what}; {most} are the most"))
            } else {
                Ok(())
            }
        };
        bounded("people", plan.levels.len(), LEVELS)?;
        bounded("pieces of state", plan.state.len(), STATE)?;
        if plan.encrypted {
            return Err("the mapper plans an encrypted room, and the host cannot read one yet".to_owned());
        }
        let mut members = BTreeMap::new();
        for mapping::Level { person, power } in plan.levels {
            if power > POWER {
                return Err(format!("the mapper plans a power of {power}; {POWER} is the most"));
            }
            let power = i64::from(power);
            let member = if self.is_user(&person.id) {
                Belongs { user_id: person.id, ghost: false, display_name: None, power }
            } else if self.view.chain.config.matrix.speak_as == SpeakAs::Bot {
                continue;
            } else {
                let ghost = self.shared.ghost(registration, &self.entry.tenant, &person, &self.view.chain);
                Belongs { user_id: ghost.user_id, ghost: true, display_name: ghost.display_name, power }
            };
            members.insert(member.user_id.clone(), member);
        }
        let mut state = Vec::with_capacity(plan.state.len());
        for piece in plan.state {
            if OURS.contains(&piece.event_type.as_str()) {
                return Err(format!("the mapper plans `{}`, which is the host's to set", piece.event_type));
            }
            let action = mapping::Action::State(piece);
            if let (_, Act::State { event_type, state_key, content }) =
                outgoing::check(&self.view.chain.config.matrix, action)?
            {
                state.push((event_type, state_key, content));
            }
        }
        Ok(Arrangement {
            name: line(Some(plan.name), NAME),
            topic: line(plan.topic, TOPIC),
            read_only: plan.read_only,
            members: members.into_values().collect(),
            state,
        })
    }
}

/// One line of so many characters; none where there is nothing in it.
fn line(text: Option<String>, most: usize) -> Option<String> {
    let words: Vec<String> = text?
        .split(char::is_whitespace)
        .map(|word| word.chars().filter(|c| !c.is_control()).collect())
        .filter(|word: &String| !word.is_empty())
        .collect();
    Some(words.join(" ").chars().take(most).collect()).filter(|line: &String| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_no_name_is_none() {
        let line = |text: &str| line(Some(text.to_owned()), 10);
        assert_eq!(line(" Order\n 17\u{0} ").as_deref(), Some("Order 17"));
        assert_eq!(line(&"x".repeat(99)).map(|line| line.len()), Some(10));
        assert_eq!((line(" \n"), line("")), (None, None));
    }
}
