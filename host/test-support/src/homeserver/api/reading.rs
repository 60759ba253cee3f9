//! What is looked up in rooms. Who was in a room sees it up to where he left; who was banned or has forgotten it,
//! nothing.

use serde_json::{Value, json};

use super::{Answered, Asked, ok, unbacked};
use crate::homeserver::{
    event::{Event, To},
    identity::Asker,
    room::Room,
    world::{Refusal, World},
};

pub(super) fn route(world: &World, asker: &Asker, asked: &Asked, room: &str, rest: &[&str]) -> Answered {
    let user = asker.user.as_str();
    match rest {
        ["joined_members"] => joined_members(world, asker, room),
        ["messages"] => messages(world, asker, asked, room),
        ["event", event] => {
            let not_found = || Refusal::new(404, "M_NOT_FOUND", "Event not found.");
            let event = may_see(world, room, user, event).ok_or_else(not_found)?;
            ok(seen(world, room, asker, event))
        }
        ["members"] => {
            let (room, until) = visible(world, room, user)?;
            let mut state = room.state_at(until);
            state.retain(|event| event.kind == "m.room.member");
            let shown: Vec<Value> =
                state.into_iter().map(|event| world.shown(&room.id, event, None, To::All)).collect();
            ok(json!({ "chunk": shown }))
        }
        ["state"] => {
            let (room, until) = visible(world, room, user)?;
            let state = room.state_at(until);
            ok(state.into_iter().map(|event| world.shown(&room.id, event, None, To::All)).collect())
        }
        ["state", kind] => one_state(world, room, user, kind, ""),
        ["state", kind, key] => one_state(world, room, user, kind, key),
        _ => Err(unbacked()),
    }
}

/// The room, and the place up to which this user sees it.
fn visible<'a>(world: &'a World, id: &str, user: &str) -> Result<(&'a Room, u64), Refusal> {
    let hidden = || {
        let sentence = format!("User {user} not in room {id}, and room previews are disabled");
        Refusal::new(403, "M_FORBIDDEN", sentence)
    };
    let room = world.room(id).filter(|room| !room.forgotten.contains(user)).ok_or_else(hidden)?;
    let member = room.now("m.room.member", user).ok_or_else(hidden)?;
    match member.membership() {
        "join" => Ok((room, u64::MAX)),
        // One who only declined was never in it.
        "leave" if room.timeline.iter().any(|e| e.is("m.room.member", user) && e.membership() == "join") => {
            Ok((room, member.position))
        }
        _ => Err(hidden()),
    }
}

pub(super) fn may_see<'a>(world: &'a World, room: &str, user: &str, event: &str) -> Option<&'a Event> {
    let (room, until) = visible(world, room, user).ok()?;
    room.event(event).filter(|event| event.position <= until)
}

/// As this user sees it: with what he was in the room when it came.
fn seen(world: &World, room: &str, asker: &Asker, event: &Event) -> Value {
    let membership = world.rooms[room].membership_at(&asker.user, event.position).to_owned();
    let to = To::Reader(&asker.user, asker.device.as_deref());
    let mut shown = world.shown(room, event, Some(&membership), to);
    if let Some(by) = &event.redacted_by {
        shown["unsigned"]["redacted_by"] = by.as_str().into();
    }
    shown
}

fn one_state(world: &World, room: &str, user: &str, kind: &str, key: &str) -> Answered {
    let (room, until) = visible(world, room, user)?;
    let found = room.state_at(until).into_iter().find(|event| event.is(kind, key));
    let not_found = || Refusal::new(404, "M_NOT_FOUND", "Event not found.");
    ok(found.ok_or_else(not_found)?.content.clone())
}

fn joined_members(world: &World, asker: &Asker, room: &str) -> Answered {
    let known = world.room(room);
    let is_in = |room: &&Room| match asker.ours {
        true => room.joined().any(|user| world.is_ours(user)) && room.is_joined(&world.bot),
        false => room.is_joined(&asker.user),
    };
    let Some(known) = known.filter(is_in) else {
        if !asker.ours {
            return Err(unbacked());
        }
        return Err(Refusal::new(403, "M_FORBIDDEN", "Appservice not in room"));
    };
    let shown = |user: &str| {
        let member = &known.now("m.room.member", user).unwrap().content;
        let shown = json!({ "avatar_url": member["avatar_url"], "display_name": member["displayname"] });
        (user.to_owned(), shown)
    };
    ok(json!({ "joined": known.joined().map(shown).collect::<serde_json::Map<_, _>>() }))
}

pub(super) fn joined_rooms(world: &World, asker: &Asker) -> Answered {
    let rooms = world.rooms.values().filter(|room| room.is_joined(&asker.user));
    ok(json!({ "joined_rooms": rooms.map(|room| room.id.as_str()).collect::<Vec<_>>() }))
}

fn messages(world: &World, asker: &Asker, asked: &Asked, room: &str) -> Answered {
    let (room, until) = visible(world, room, &asker.user)?;
    let limit = asked.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10_usize).min(1000);
    let back = asked.query.get("dir").is_some_and(|dir| dir == "b");
    let from = asked.query.get("from").map(|token| place(token)).transpose()?;
    let all = room.timeline.iter().filter(|event| event.position <= until);
    let (chunk, start): (Vec<&Event>, u64) = if back {
        let start = from.unwrap_or(world.position).min(until);
        (all.rev().filter(|event| event.position <= start).take(limit).collect(), start)
    } else {
        let start = from.unwrap_or(0);
        (all.filter(|event| event.position > start).take(limit).collect(), start)
    };
    let end = chunk.last().map(|event| if back { event.position - 1 } else { event.position });
    let shown: Vec<Value> = chunk.into_iter().map(|event| seen(world, &room.id, asker, event)).collect();
    let token = |place: u64| format!("t{place}-{place}_0_0_0_0_0_0_0_0_0_0_0_0_0");
    let mut answer = json!({ "chunk": shown, "start": token(start) });
    if let Some(end) = end {
        answer["end"] = token(end).into();
    }
    ok(answer)
}

fn place(token: &str) -> Result<u64, Refusal> {
    let digits = token.trim_start_matches(['t', 's']).split(['-', '_']).next().unwrap_or_default();
    let is_token = token.starts_with(['t', 's']);
    let place = digits.parse().ok().filter(|_| is_token);
    place.ok_or_else(|| Refusal::new(400, "M_UNKNOWN", "'from' parameter is invalid"))
}
