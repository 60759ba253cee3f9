//! Who may do what in a room, with the sentences that Synapse says when somebody may not.

use serde_json::Value;

use super::{room::Room, world::Refusal};

type Allowed = Result<(), Refusal>;

fn forbidden(sentence: String) -> Refusal {
    Refusal::new(403, "M_FORBIDDEN", sentence)
}

/// Whether the user is in the room, as sending needs it.
pub(crate) fn present(room: Option<&Room>, id: &str, user: &str) -> Allowed {
    let is = room.is_some_and(|room| room.is_joined(user));
    if is { Ok(()) } else { Err(forbidden(format!("User {user} not in room {id}"))) }
}

/// Whether this may be sent.
pub(crate) fn send(room: &Room, user: &str, kind: &str, state_key: Option<&str>, content: &Value) -> Allowed {
    let (has, needs) = (room.power_of(user), room.power_to_send(kind, state_key.is_some()));
    if has < needs {
        return Err(forbidden(format!(
            "You don't have permission to post that to the room. user_level ({has}) < send_level ({needs})"
        )));
    }
    if kind == "m.room.power_levels" {
        power_levels(room, content)?;
    }
    Ok(())
}

/// Creators of a room of version 12 are above all power: they are not listed.
pub(crate) fn power_levels(room: &Room, content: &Value) -> Allowed {
    let listed = |creator: &&str| content["users"].get(*creator).is_some();
    match room.creators().into_iter().find(listed).filter(|_| room.has_creators()) {
        None => Ok(()),
        Some(creator) => Err(Refusal::new(
            400,
            "M_UNKNOWN",
            format!("Creator user {creator} must not appear in content.users"),
        )),
    }
}

pub(crate) fn redact(room: &Room, user: &str, target: &str) -> Allowed {
    let Some(event) = room.event(target) else {
        return Err(Refusal::new(404, "M_NOT_FOUND", format!("Could not find event {target}")));
    };
    if event.sender == user || room.power_of(user) >= room.power_to("redact") {
        return Ok(());
    }
    Err(forbidden("You don't have permission to redact events".to_owned()))
}

pub(crate) fn join(room: &Room, user: &str) -> Allowed {
    match room.membership(user) {
        Some("ban") => Err(Refusal::new(403, "M_BAD_STATE", "Cannot join user who was banned".to_owned())),
        Some("join" | "invite") => Ok(()),
        _ if room.now("m.room.join_rules", "").is_some_and(|r| r.content["join_rule"] == "public") => Ok(()),
        _ => Err(forbidden("You are not invited to this room.".to_owned())),
    }
}

pub(crate) fn invite(room: &Room, by: &str, user: &str) -> Allowed {
    if room.membership(user) == Some("ban") {
        return Err(Refusal::new(403, "M_BAD_STATE", "Cannot invite user who was banned".to_owned()));
    }
    inside(room, by)?;
    if room.membership(user) == Some("join") {
        return Err(forbidden(format!("{user} is already in the room.")));
    }
    if room.power_of(by) < room.power_to("invite") {
        return Err(forbidden("You don't have permission to invite users".to_owned()));
    }
    Ok(())
}

/// Whether the user is in the room, as changes of membership need it.
fn inside(room: &Room, user: &str) -> Allowed {
    if room.is_joined(user) { Ok(()) } else { Err(forbidden(format!("{user} not in room {}.", room.id))) }
}

/// Answers whether there is anything to do.
pub(crate) fn leave(room: &Room, user: &str) -> Result<bool, Refusal> {
    let member = room.now("m.room.member", user);
    match member.map(|event| (event.membership(), event.sender == user)) {
        Some(("join" | "invite" | "knock", _)) => Ok(true),
        Some(("leave", true)) => Ok(false),
        _ => Err(forbidden(format!("{user} not in room {}.", room.id))),
    }
}

pub(crate) fn kick(room: &Room, by: &str, user: &str) -> Allowed {
    if !matches!(room.membership(user), Some("join" | "invite")) {
        return Err(forbidden("The target user is not in the room".to_owned()));
    }
    inside(room, by)?;
    stronger(room, by, user, "kick", || format!("You cannot kick user {user}."))
}

pub(crate) fn ban(room: &Room, by: &str, user: &str) -> Allowed {
    inside(room, by)?;
    stronger(room, by, user, "ban", || "You don't have permission to ban".to_owned())
}

pub(crate) fn unban(room: &Room, by: &str, user: &str) -> Allowed {
    inside(room, by)?;
    stronger(room, by, user, "ban", || format!("You cannot unban user {user}."))
}

fn stronger(room: &Room, by: &str, user: &str, what: &str, sentence: impl Fn() -> String) -> Allowed {
    let has = room.power_of(by);
    if has < room.power_to(what) || has <= room.power_of(user) { Err(forbidden(sentence())) } else { Ok(()) }
}
