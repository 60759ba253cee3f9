//! The captured calls of `cs-api.json`, in their order, as far as an application service makes them.

use patchbay_test_support::homeserver::{Homeserver, Options, Person};
use serde_json::{Value, json};

use crate::{
    appservice::{Appservice, Mode},
    replay::{Bound, ask},
    rooms::{captured, crm},
};

/// What the double does not play, and why.
const NOT_PLAYED: [(&str, &str); 16] = [
    ("admin", "Synapse's own API: nobody here calls it"),
    ("login flows", "people log in by `Homeserver::person`"),
    ("well-known client", "the host is told where its homeserver is"),
    ("capabilities (room versions)", "nobody here asks"),
    ("thirdparty", "the host has no such networks"),
    ("set presence", "presence is not pushed"),
    ("keys/", "no encryption yet"),
    ("sendToDevice to ghost wildcard", "no encryption yet"),
    ("AS sendToDevice as ghost device", "no encryption yet"),
    ("cross-signing", "no encryption yet"),
    ("get event (edited)", "bundled relations: nobody here reads them"),
    ("relations", "nobody here asks"),
    ("hierarchy", "nobody here asks"),
    ("AS calls /sync", "nobody here syncs"),
    ("appservice room directory publish", "nobody here publishes"),
    ("media create async (MSC2246)", "the host uploads at once"),
];

/// What is asked for as a fault: there is no counting of requests here.
const FAULTS: [&str; 2] =
    ["rate limited (normal user)", "rate limited (AS ghost, registration rate_limited: true)"];

struct Scene {
    homeserver: Homeserver,
    appservice: Appservice,
    alice: Person,
    bob: Person,
}

impl Scene {
    async fn new(msc4190: bool) -> Self {
        let homeserver = Homeserver::start(Options { msc4190, ..crm() }).await;
        let appservice = Appservice::start().await;
        homeserver.push_to(&appservice.url);
        let (alice, bob) = (homeserver.person("alice", "Alice A."), homeserver.person("bob", "bob"));
        Self { homeserver, appservice, alice, bob }
    }

    /// What was done in the captured run between two of its calls.
    fn before(&self, name: &str, room: Option<&str>) {
        let mode = match name {
            "ping AS answers 500" => Mode::Status(500),
            "ping AS answers 403" => Mode::Status(403),
            "ping AS answers 200 with empty body" => Mode::Empty,
            _ => Mode::Status(200),
        };
        self.appservice.mode(mode);
        let Some(room) = room else { return };
        match name {
            "get power levels" => {
                let levels = self.homeserver.history(room);
                let mut levels =
                    levels.into_iter().find(|event| event["type"] == "m.room.power_levels").unwrap();
                levels["content"]["users"] = json!({ self.homeserver.bot(): 100 });
                self.alice.state(room, "m.room.power_levels", "", &levels["content"]);
            }
            "leave" => {
                self.alice.unban(room, self.bob.id());
                self.alice.invite(room, self.bob.id());
                self.bob.join(room);
            }
            "joined_members" => {
                self.alice.invite(room, self.bob.id());
                self.bob.join(room);
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_an_application_service_asks_is_answered_as_it_was_captured() {
    let calls = captured("cs-api");
    let pushed = captured("transactions");
    let mut scene = Scene::new(false).await;
    let (mut bound, mut wrong, mut room) = (Bound::default(), Vec::new(), None::<String>);
    for call in calls.as_array().unwrap() {
        let name = call["name"].as_str().unwrap();
        if FAULTS.contains(&name) || NOT_PLAYED.iter().any(|(what, _)| name.starts_with(what)) {
            continue;
        }
        match name {
            "msc4190: register without inhibit_login" => scene = Scene::new(true).await,
            "whoami sender never registered" => {
                scene = Scene::new(true).await;
                let _ = scene.homeserver.person("v1795158003", "v1795158003");
            }
            "resolve AS alias created during the query" => {
                // Made by the application service when it was asked.
                let id = bound.here("!iR2EnERmMh5V4wTF1iHJjf7P2-jlvKCKyOBvs7MQ2rk");
                let made = json!({ "method": "PUT", "body": { "room_id": id },
                                   "path": "/_matrix/client/v3/directory/room/%23_crm_dyn%3Alocalhost" });
                ask(&scene.homeserver.url(), Some("AS_TOKEN"), &made, &bound).await;
            }
            _ => {}
        }
        scene.before(name, room.as_deref());
        if let Some(room) = &room {
            learn(&scene, &mut bound, room, call["request"]["path"].as_str().unwrap(), &pushed);
        }
        let (alice, bob) = (scene.alice.token(), scene.bob.token());
        let token = call["request"]["headers"]["Authorization"].as_str().map(|header| match (header, name) {
            ("Bearer AS_TOKEN", _) => "AS_TOKEN",
            ("Bearer syt_USER_TOKEN", "user join" | "leave") => &bob,
            ("Bearer syt_USER_TOKEN", _) => &alice,
            _ => "wrong",
        });
        let (status, body) = ask(&scene.homeserver.url(), token, &call["request"], &bound).await;
        if call["response"]["status"] != status {
            wrong.push(format!("{name}: {status} {body} instead of {}", call["response"]["status"]));
            continue;
        }
        if name == "createRoom as user" {
            room = body["room_id"].as_str().map(str::to_owned);
        }
        // A few hang on what the captured run did before: their kind of answer is compared, not their length.
        match name {
            "versions" => assert_eq!(body["versions"], call["response"]["body"]["versions"]),
            "room messages as AS" | "joined_rooms of bot" => {
                let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
                assert_eq!(keys(&body), keys(&call["response"]["body"]), "{name}");
            }
            _ if name.starts_with("media") && body.is_string() => {}
            _ => {
                let mut here = Vec::new();
                bound.compare("", &call["response"]["body"], &body, &mut here);
                wrong.extend(here.into_iter().map(|what| format!("{name}: {what}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Events that the captured run spoke of, and that no captured call has sent.
fn learn(scene: &Scene, bound: &mut Bound, room: &str, path: &str, pushed: &Value) {
    for part in path.split(['/', '?']).filter_map(|part| part.strip_prefix("%24")) {
        let id = format!("${part}");
        if bound.knows(&id) {
            continue;
        }
        let transactions = pushed.as_array().unwrap().iter();
        let mut events = transactions.flat_map(|transaction| {
            transaction["request"]["body"]["events"].as_array().into_iter().flatten()
        });
        let event = events.find(|event| event["event_id"] == *id).unwrap_or_else(|| panic!("no {id}"));
        let kind = event["type"].as_str().unwrap();
        let here = scene.alice.send(room, kind, &bound.value_here(&event["content"]));
        bound.bind(&id, &here);
    }
}
