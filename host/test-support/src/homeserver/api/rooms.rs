//! What is done in rooms.

use serde_json::{Value, json};

use super::{Answered, Asked, ok, reading, unbacked};
use crate::homeserver::{
    identity::Asker,
    rules,
    world::{Refusal, World},
};

pub(super) fn route(world: &mut World, asker: &Asker, asked: &Asked, room: &str, rest: &[&str]) -> Answered {
    let user = asker.user.as_str();
    match (asked.method.as_str(), rest) {
        ("POST", ["join"]) => world.join(room, user).and_then(|()| ok(json!({ "room_id": room }))),
        ("POST", ["leave"]) => world.leave(room, user, &reason(asked)).and_then(|()| ok(json!({}))),
        ("POST", ["forget"]) => forget(world, room, user),
        ("POST", ["invite"]) => {
            world.invite(room, user, target(asked)?, &reason(asked)).and_then(|()| ok(json!({})))
        }
        ("POST", [how @ ("kick" | "ban" | "unban")]) => {
            world.expel(how, room, user, target(asked)?, &reason(asked)).and_then(|()| ok(json!({})))
        }
        ("POST", ["upgrade"]) => {
            let version = asked.text("new_version").unwrap_or_default();
            ok(json!({ "replacement_room": world.upgrade(room, user, version)? }))
        }
        ("PUT", ["send", kind, txn]) => once(world, asker, asked, |world| {
            world.send(
                room,
                user,
                kind,
                None,
                asked.object()?,
                (at(asker, asked), Some((txn, asker.device.as_deref()))),
            )
        }),
        ("PUT", ["redact", event, txn]) => once(world, asker, asked, |world| {
            world.redact(room, user, event, asked.text("reason"), Some((txn, asker.device.as_deref())))
        }),
        ("PUT", ["state", kind]) => state(world, asker, asked, room, kind, ""),
        ("PUT", ["state", kind, key]) => state(world, asker, asked, room, kind, key),
        ("PUT", ["typing", whose]) => {
            if *whose != user {
                return Err(Refusal::new(400, "M_FORBIDDEN", "Cannot set another user's typing state"));
            }
            rules::present(world.room(room), room, user)?;
            world.typing(room, user, asked.body["typing"] == true);
            ok(json!({}))
        }
        ("POST", ["receipt", "m.read", event]) => {
            if reading::may_see(world, room, user, event).is_none() {
                let sentence = "You don't have permission to access that event.";
                return Err(Refusal::new(403, "M_FORBIDDEN", sentence));
            }
            world.receipt(room, user, event);
            ok(json!({}))
        }
        ("GET", rest) => reading::route(world, asker, asked, room, rest),
        _ => Err(unbacked()),
    }
}

/// A request with a transaction ID: what was answered once is answered again.
fn once(
    world: &mut World,
    asker: &Asker,
    asked: &Asked,
    send: impl FnOnce(&mut World) -> Result<String, Refusal>,
) -> Answered {
    if let Some(event) = world.answered(asker, &asked.path) {
        return ok(json!({ "event_id": event }));
    }
    let event = send(world)?;
    world.remember(asker, &asked.path, &event);
    ok(json!({ "event_id": event }))
}

fn state(world: &mut World, asker: &Asker, asked: &Asked, room: &str, kind: &str, key: &str) -> Answered {
    let content = asked.object()?;
    let event = world.send(room, &asker.user, kind, Some(key), content, (at(asker, asked), None))?;
    ok(json!({ "event_id": event }))
}

/// An application service may say when a thing happened.
fn at(asker: &Asker, asked: &Asked) -> Option<u64> {
    asked.query.get("ts").and_then(|ts| ts.parse().ok()).filter(|_| asker.ours)
}

fn target(asked: &Asked) -> Result<&str, Refusal> {
    asked.text("user_id").ok_or_else(unbacked)
}

fn reason(asked: &Asked) -> Value {
    asked.text("reason").map_or(Value::Null, |reason| json!({ "reason": reason }))
}

fn forget(world: &mut World, room: &str, user: &str) -> Answered {
    let known =
        world.rooms.get_mut(room).filter(|room| matches!(room.membership(user), Some("leave" | "ban")));
    known.ok_or_else(unbacked)?.forgotten.insert(user.to_owned());
    ok(json!({}))
}

pub(super) fn join_by_name(world: &mut World, asker: &Asker, target: &str) -> Answered {
    let room = if target.starts_with('#') { resolve(world, target)? } else { target.to_owned() };
    world.join(&room, &asker.user).and_then(|()| ok(json!({ "room_id": room })))
}

fn resolve(world: &World, alias: &str) -> Result<String, Refusal> {
    let room = world.aliases.get(alias).cloned();
    room.ok_or_else(|| Refusal::new(404, "M_NOT_FOUND", format!("Room alias {alias} not found")))
}

pub(super) fn alias(world: &mut World, asker: &Asker, asked: &Asked, alias: &str) -> Answered {
    match asked.method.as_str() {
        "GET" => ok(json!({ "room_id": resolve(world, alias)?, "servers": [world.server] })),
        "PUT" => {
            world.may_alias(alias, asker.ours)?;
            let room = asked.text("room_id").unwrap_or_default().to_owned();
            world.aliases.insert(alias.to_owned(), room);
            ok(json!({}))
        }
        "DELETE" if asker.ours => {
            resolve(world, alias)?;
            world.aliases.remove(alias);
            ok(json!({}))
        }
        _ => Err(unbacked()),
    }
}
