//! Typing and receipts: told at once or not at all, and never instead of a message.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{Method, Uri},
};
use patchbay_matrix::{Ephemeral, Ghosts};
use patchbay_storage::Ghost;
use patchbay_types::UserId;
use serde_json::{Value, json};

use crate::{
    feed::{Feed, file, said, until_entered, webhook},
    house::{House, NOW, registration, text},
};

const SECOND: u64 = 1_000;

/// A homeserver that does what it is told.
#[derive(Clone, Default)]
struct Homeserver {
    asked: Arc<Mutex<Vec<(Method, String)>>>,
    url: String,
}

impl Homeserver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let homeserver = Self { url, ..Self::default() };
        let app = Router::new().fallback(take).with_state(homeserver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        homeserver
    }

    /// The paths of all requests that have this in them, decoded.
    fn asked(&self, part: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, path)| path.clone()).filter(|path| path.contains(part)).collect()
    }
}

async fn take(State(homeserver): State<Homeserver>, method: Method, uri: Uri) -> Json<Value> {
    let plain = [("%21", "!"), ("%24", "$"), ("%3A", ":"), ("%40", "@")];
    let path = plain.iter().fold(uri.path().to_owned(), |path, (code, plain)| path.replace(code, plain));
    let sent = path.contains("/send/");
    let mut asked = homeserver.asked.lock().unwrap();
    asked.push((method, path.clone()));
    let n = asked.iter().filter(|(_, path)| path.contains("/send/")).count();
    Json(match (sent, path.ends_with("/versions")) {
        (true, _) => json!({ "event_id": format!("$sent{n}") }),
        (_, true) => json!({ "versions": ["v1.11"] }),
        _ => json!({}),
    })
}

/// A house with a homeserver, in which `!a:h` has the ticket `T-one`, and `!b:h` the ticket `T-two`.
async fn house(feed: &Feed, homeserver: &Homeserver, more: &str) -> House {
    let tenant = file(&[("crm", feed.adapter("crm", "poll = '0s'"))]) + more;
    let mut house = House::beside(&[("acme", tenant)], &homeserver.url).await;
    house.send(&[text("!a:h", "$a", "@alice:h", "one"), text("!b:h", "$b", "@bob:h", "two")]).await;
    house.settled().await;
    house
}

async fn send(house: &House, ephemeral: Ephemeral) {
    house.ephemeral.send(("patchbay".into(), ephemeral)).await.unwrap();
}

async fn typing(house: &House, room: &str, users: &[&str]) {
    let users = users.iter().map(|user| UserId::from(*user)).collect();
    send(house, Ephemeral::Typing { room_id: room.into(), users }).await;
}

/// Waits until the host knows when all that was sent so far has happened.
async fn until_taken(house: &House) {
    typing(house, "!nobody:h", &["@eve:h"]).await;
    let all = house.ephemeral.max_capacity();
    house.until("it is taken", async || house.ephemeral.capacity() == all).await;
}

async fn until_notified(house: &House, feed: &Feed, times: usize) -> Vec<Value> {
    let enough = tokio::time::timeout(Duration::from_secs(30), async {
        while feed.notified().len() < times {
            tokio::task::yield_now().await;
        }
    });
    assert!(enough.await.is_ok(), "of {times} signals only these came: {:?}", feed.notified());
    let _ = house;
    feed.notified()
}

fn told(ticket: &str, kind: &str, by: &str) -> Value {
    json!({ "ticket": ticket, "kind": kind, "by": by, "target": [] })
}

/// The agent's ghost, made before.
async fn ghost(house: &House) -> UserId {
    let user_id = Ghosts::new(&registration()).unwrap().ghost(&"acme".into(), "crm:agent");
    let (device_id, display_name) = (Some("PATCHBAY".to_owned()), Some("Nadia".to_owned()));
    let ghost =
        Ghost { registration: "patchbay".into(), user_id: user_id.clone(), device_id, display_name, at: NOW };
    house.store.put_ghost(ghost).await.unwrap();
    user_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_is_told_who_begins_to_type_and_who_stops_and_of_nobody_elses_rooms() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "").await;
    typing(&house, "!nobody:h", &["@eve:h"]).await;
    typing(&house, "!a:h", &["@alice:h", "@_patchbay_acme_nadia:localhost", "@patchbay:localhost"]).await;
    assert_eq!(until_notified(&house, &feed, 1).await, [told("T-one", "typing", "@alice:h")]);
    typing(&house, "!a:h", &[]).await;
    assert_eq!(until_notified(&house, &feed, 2).await[1..], [told("T-one", "stopped-typing", "@alice:h")]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_it_changes_the_latest_is_told_once() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "").await;
    feed.hang_signals(Some("T-one"));
    typing(&house, "!a:h", &["@alice:h"]).await;
    until_notified(&house, &feed, 1).await;
    for _ in 0..5 {
        typing(&house, "!a:h", &[]).await;
        typing(&house, "!a:h", &["@alice:h"]).await;
    }
    typing(&house, "!a:h", &[]).await;
    // Told after all of these were taken.
    typing(&house, "!b:h", &["@bob:h"]).await;
    until_notified(&house, &feed, 2).await;
    feed.hang_signals(None);
    let all = until_notified(&house, &feed, 3).await;
    assert_eq!(all[2], told("T-one", "stopped-typing", "@alice:h"));
    typing(&house, "!b:h", &[]).await;
    let all = until_notified(&house, &feed, 4).await;
    assert_eq!(all[3], told("T-two", "stopped-typing", "@bob:h"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ten_seconds_old_is_not_told_any_more() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "").await;
    feed.hang_signals(Some("T-one"));
    typing(&house, "!a:h", &["@alice:h"]).await;
    until_notified(&house, &feed, 1).await;
    typing(&house, "!a:h", &["@alice:h", "@carol:h"]).await;
    typing(&house, "!b:h", &["@bob:h"]).await;
    until_notified(&house, &feed, 2).await;
    house.clock.advance(11 * SECOND);
    feed.hang_signals(None);
    typing(&house, "!a:h", &["@carol:h"]).await;
    let all = until_notified(&house, &feed, 3).await;
    assert_eq!(all[2], told("T-one", "stopped-typing", "@alice:h"), "carol began too long ago");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_does_not_do_a_kind_is_not_asked_again_for_it() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "").await;
    feed.refuse_signals("typing");
    typing(&house, "!a:h", &["@alice:h"]).await;
    until_notified(&house, &feed, 1).await;
    typing(&house, "!b:h", &["@bob:h"]).await;
    typing(&house, "!b:h", &[]).await;
    let all = until_notified(&house, &feed, 2).await;
    assert_eq!(all, [json!({ "refused": "typing" }), told("T-two", "stopped-typing", "@bob:h")]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_its_messages_wait_a_crm_is_told_of_no_signal() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let mut house = house(&feed, &homeserver, "").await;
    feed.be_down(true);
    house.send(&[text("!a:h", "$c", "@alice:h", "three")]).await;
    house.until("the delivery is held", async || house.pipeline.load().deliveries_held == 1).await;
    typing(&house, "!a:h", &["@alice:h"]).await;
    until_taken(&house).await;
    house.clock.advance(11 * SECOND);
    feed.be_down(false);
    house.settled().await;
    typing(&house, "!b:h", &["@bob:h"]).await;
    assert_eq!(until_notified(&house, &feed, 1).await, [told("T-two", "typing", "@bob:h")]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_has_read_is_told_in_the_adapters_own_words() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "").await;
    ghost(&house).await;
    webhook(&house, "crm", "w", &json!({ "entries": [said("e1", "T-one", "hello")] })).await;
    let event = async || house.store.event_of_part(&"acme".into(), &"crm".into(), "e1").await.unwrap();
    house.until("it is in the room", async || event().await.is_some()).await;
    let read = |event_id: &str| Ephemeral::Read {
        room_id: "!a:h".into(),
        user: "@alice:h".into(),
        event_id: event_id.into(),
    };
    // Her own is no news.
    send(&house, read("$a")).await;
    send(&house, read(event().await.unwrap().event_id.as_str())).await;
    let expected = json!({ "ticket": "T-one", "kind": "read", "by": "@alice:h", "target": ["e1"] });
    assert_eq!(until_notified(&house, &feed, 1).await, [expected]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_types_or_reads_is_shown_by_the_ghost_and_nothing_of_it_is_stored() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "").await;
    let ghost = ghost(&house).await;
    let signal = |id: &str, kind: &str, target: &[&str]| json!({ "id": id, "ticket": "T-one", "signal": kind, "target": target });
    let entries =
        [signal("s1", "typing", &[]), signal("s2", "read", &["P-one"]), said("e1", "T-one", "hello")];
    webhook(&house, "crm", "w", &json!({ "entries": entries })).await;
    until_entered(&house, "e1").await;
    house.until("it is shown", async || homeserver.asked("/typing/").len() == 1).await;
    house.until("it is marked", async || homeserver.asked("/receipt/").len() == 1).await;
    assert_eq!(homeserver.asked("/typing/"), [format!("/_matrix/client/v3/rooms/!a:h/typing/{ghost}")]);
    assert_eq!(homeserver.asked("/receipt/"), ["/_matrix/client/v3/rooms/!a:h/receipt/m.read/$a"]);
    for id in ["s1", "s2"] {
        assert!(house.store.why(id).await.unwrap().is_empty());
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_may_have_what_is_delivered_marked_as_read() {
    let (feed, homeserver) = (Feed::start().await, Homeserver::start().await);
    let house = house(&feed, &homeserver, "[matrix]\nreceipts = 'delivered'\n").await;
    house.until("both are marked", async || homeserver.asked("/receipt/").len() == 2).await;
    let mut marked = homeserver.asked("/receipt/");
    marked.sort();
    let receipt = |room, event| format!("/_matrix/client/v3/rooms/{room}/receipt/m.read/{event}");
    assert_eq!(marked, [receipt("!a:h", "$a"), receipt("!b:h", "$b")]);
    house.stop().await;
}
