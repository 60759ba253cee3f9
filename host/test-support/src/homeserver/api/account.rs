//! Accounts: registered, named, given devices.

use serde_json::{Value, json};

use super::{Answer, Answered, Asked, ok, unbacked};
use crate::homeserver::{
    Shared,
    identity::{Asker, token},
    world::{Refusal, World},
};

pub(super) fn versions() -> Answered {
    let old = ["r0.0.1", "r0.1.0", "r0.2.0", "r0.3.0", "r0.4.0", "r0.5.0", "r0.6.0", "r0.6.1"];
    let new = (1..=15).map(|minor| format!("v1.{minor}"));
    let versions: Vec<String> = old.into_iter().map(str::to_owned).chain(new).collect();
    ok(json!({ "versions": versions, "unstable_features": { "fi.mau.msc2659.stable": true } }))
}

pub(super) fn register(shared: &Shared, world: &mut World, asked: &Asked) -> Answered {
    if asked.method != "POST" {
        return Err(unbacked());
    }
    let shown = asked.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if shown.is_empty() {
        return Err(unbacked());
    }
    if shown != format!("Bearer {}", shared.options.as_token) {
        return Err(Refusal::new(401, "M_UNKNOWN_TOKEN", "Unrecognised access token"));
    }
    if asked.text("type") != Some("m.login.application_service") {
        let sentence = "An access token should not be provided on requests to /register \
                        (except if type is m.login.application_service)";
        return Err(Refusal::new(400, "M_UNKNOWN", sentence));
    }
    let name = asked.text("username").unwrap_or_default();
    let user = format!("@{name}:{}", world.server);
    if !world.is_ours(&user) {
        return Err(Refusal::new(400, "M_EXCLUSIVE", "Invalid user localpart for this application service."));
    }
    if world.accounts.contains_key(&user) {
        return Err(Refusal::new(400, "M_USER_IN_USE", "User ID already taken."));
    }
    world.account(&user, None);
    let mut answer = json!({ "user_id": user, "home_server": world.server });
    if asked.body["inhibit_login"] != true {
        if shared.options.msc4190 {
            // The user was made nevertheless.
            let sentence =
                "This appservice has MSC4190 enabled, so the inhibit_login parameter must be set to true.";
            return Err(Refusal::new(400, "M_APPSERVICE_LOGIN_UNSUPPORTED", sentence));
        }
        let device = "ZCLDKYXZVR";
        world.account(&user, None).devices.insert(device.to_owned());
        answer["access_token"] = token(&user).into();
        answer["device_id"] = device.into();
    }
    ok(answer)
}

pub(super) fn route(
    shared: &Shared,
    world: &mut World,
    asker: &Asker,
    asked: &Asked,
    rest: &[&str],
) -> Answered {
    match (asked.method.as_str(), rest) {
        ("GET", ["account", "whoami"]) => {
            let mut answer = json!({ "user_id": asker.user, "is_guest": false });
            if let Some(device) = &asker.device {
                answer["device_id"] = device.as_str().into();
            }
            ok(answer)
        }
        ("PUT", ["devices", device]) if asker.ours && shared.options.msc4190 => {
            let new = world.account(&asker.user, None).devices.insert((*device).to_owned());
            Ok(Answer::Json(if new { 201 } else { 200 }, json!({})))
        }
        ("DELETE", ["devices", device]) if asker.ours && shared.options.msc4190 => {
            world.account(&asker.user, None).devices.remove(*device);
            ok(json!({}))
        }
        ("POST", ["login"]) if asker.ours => login(shared, world, asked),
        ("GET", ["profile", user]) => profile(world, user),
        ("PUT", ["profile", user, field @ ("displayname" | "avatar_url")]) if asker.user == *user => {
            let value = asked.text(field).map(str::to_owned);
            let account = world.account(user, None);
            let slot = if *field == "displayname" { &mut account.display_name } else { &mut account.avatar };
            if *slot != value {
                *slot = value;
                world.renamed(user);
            }
            ok(json!({}))
        }
        _ => Err(unbacked()),
    }
}

fn login(shared: &Shared, world: &mut World, asked: &Asked) -> Answered {
    if shared.options.msc4190 {
        let sentence = "This appservice has MSC4190 enabled, so appservice login cannot be used.";
        return Err(Refusal::new(400, "M_APPSERVICE_LOGIN_UNSUPPORTED", sentence));
    }
    let name = asked.body["identifier"]["user"].as_str().unwrap_or_default();
    let user = if name.starts_with('@') { name.to_owned() } else { format!("@{name}:{}", world.server) };
    let device = asked.text("device_id").unwrap_or("ZCLDKYXZVR").to_owned();
    world.account(&user, None).devices.insert(device.clone());
    ok(json!({
        "user_id": user, "access_token": token(&user), "home_server": world.server, "device_id": device,
        "well_known": { "m.homeserver": { "base_url": "http://homeserver:8008/" } },
    }))
}

fn profile(world: &World, user: &str) -> Answered {
    if !world.accounts.contains_key(user) {
        return Err(Refusal::new(404, "M_UNKNOWN", "No row found (profiles)"));
    }
    ok(Value::Object(world.profile(user)))
}
