//! `m.room.member`: who came and who went. A change of name or avatar is a join on top of a join, and says nothing.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use super::Meaning;
use crate::{
    lenient::{content, lenient},
    settings::nobody,
};

#[derive(Default, Deserialize)]
struct Member {
    #[serde(default, deserialize_with = "lenient")]
    membership: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    displayname: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    reason: Option<String>,
}

pub(super) fn meaning(event: &Event, people: &[Person]) -> Result<Meaning, String> {
    let member: Member = content(&event.content);
    let before = event.related.as_ref().map(|related| content::<Member>(&related.content));
    let before = before.as_ref().and_then(|before| before.membership.as_deref()).unwrap_or("leave");
    let presence = match (before, member.membership.as_deref()) {
        ("join", Some("join")) => return Err("a change of profile".to_owned()),
        ("ban", Some("leave")) => return Err("a ban was lifted".to_owned()),
        (_, Some("join")) => Presence::Joined,
        (_, Some("leave")) => Presence::Left,
        (_, Some("invite")) => Presence::Invited,
        (_, Some("ban")) => Presence::Banned,
        (_, Some("knock")) => return Err("somebody asks to be let in".to_owned()),
        (_, _) => return Err("a membership that Matrix does not know".to_owned()),
    };
    let id = event.state_key.clone().ok_or("a membership of nobody")?;
    let who = if id == event.sender.id {
        event.sender.clone()
    } else {
        let known = people.iter().find(|person| person.id == id).cloned();
        known.unwrap_or_else(|| Person { id, display_name: member.displayname, ..nobody() })
    };
    Ok(Meaning::new(Content::Membership(Membership { who, presence })).with("reason", member.reason))
}
