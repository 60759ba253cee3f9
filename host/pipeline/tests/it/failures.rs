//! Failure is seen where people look: in the room, in the ticket, on the connection.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering::Relaxed},
};

use axum::{
    Json, Router,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use patchbay_pipeline::{Pipeline, Probed};
use patchbay_plugin::{types::Header, webhooks::Webhook};
use patchbay_storage::{Action, DeskLine, NewHook, ParkedFilter, Subject};
use serde_json::{Value, json};

use crate::{
    crm::{Act, Crm},
    house::{House, NOW, tenant, text, to_desk},
    outside::{MINUTE, file, file_with, house, say},
};

const ROOM: &str = "link = ['!a:h']";

/// A homeserver that takes everything, or answers sends with a status.
struct Played {
    url: String,
    /// 0: it takes them.
    refuses: Arc<AtomicU16>,
}

impl Played {
    async fn start(refuses: u16) -> Self {
        let refuses = Arc::new(AtomicU16::new(refuses));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::clone(&refuses);
        let app = Router::new().fallback(move |uri: Uri| {
            let refuses = state.load(Relaxed);
            async move { answer(&uri, refuses) }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, refuses }
    }
}

fn answer(uri: &Uri, refuses: u16) -> Response {
    let in_room = uri.path().contains("/rooms/") || uri.path().contains("/join/");
    match StatusCode::from_u16(refuses) {
        // Nobody is behind the proxy.
        Ok(status) if in_room && status.is_server_error() => status.into_response(),
        Ok(status) if in_room => {
            (status, Json(json!({ "errcode": "M_FORBIDDEN", "error": "you are not in the room" })))
                .into_response()
        }
        _ => Json(
            json!({ "event_id": format!("$sent-{}", uri.path().len()), "user_id": "@u:h", "room_id": "!a:h",
                     "start": "s", "chunk": [], "versions": ["v1.11"] }),
        )
        .into_response(),
    }
}

/// What is said in rooms by the bot of its own accord.
async fn notices(house: &House) -> Vec<Action> {
    let all = house.store.actions_pending(0, 100_000).await.unwrap();
    all.into_iter().filter(|action| action.payload.contains("has not reached our team")).collect()
}

/// Lets the task that looks have two looks: the first may have begun before.
async fn looked(house: &House) {
    for _ in 0..2 {
        let before = house.pipeline.looks();
        house.clock.advance(1_000);
        house.until("it was looked", async || house.pipeline.looks() > before).await;
    }
}

async fn reply(house: &House, key: &str, ticket: &str, words: &str) {
    let told = json!({ "id": key, "kind": "reply", "ticket": ticket, "agent": { "id": "eve", "name": "Eve" }, "text": words,
                       "sent-at": NOW });
    let webhook = Webhook {
        method: "POST".into(),
        url: "patchbay://desk/acme".into(),
        headers: vec![Header { name: "content-type".into(), value: "application/json".into() }],
        body: told.to_string().into_bytes(),
    };
    let hook = NewHook {
        tenant: "acme".into(),
        adapter: "desk".into(),
        key: key.into(),
        body: Pipeline::pack(&webhook),
        desk: Vec::new(),
        at: NOW,
        unasked: None,
        trace: Vec::new(),
    };
    assert!(house.pipeline.hook(hook).await.unwrap());
}

/// The words of the ticket's notes.
async fn notes(house: &House) -> Vec<String> {
    let plain = |line: DeskLine| {
        let body: Value = serde_json::from_str(&line.body).unwrap();
        body.pointer("/Text/plain").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    house.lines("acme").await.into_iter().filter(|line| line.internal).map(plain).collect()
}

async fn parked(house: &House) -> Vec<(Subject, i64)> {
    let filter = ParkedFilter { limit: 100, ..ParkedFilter::default() };
    house.store.parked(&filter).await.unwrap().into_iter().map(|parked| (parked.subject, parked.id)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_customer_whose_messages_wait_is_told_once_for_each_outage() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.be_down(true);
    say(&mut house, "a", &["one", "two"]).await;
    house.until("it was found down", async || !crm.requests().is_empty()).await;
    house.clock.advance(9 * MINUTE);
    looked(&house).await;
    assert_eq!(notices(&house).await.len(), 0, "it is not late yet");
    house.clock.advance(2 * MINUTE);
    house.until("the customer is told", async || notices(&house).await.len() == 1).await;
    let why = house.store.why("$a-one").await.unwrap();
    assert!(
        why.traces.iter().flat_map(|trace| &trace.steps).any(|step| step.name == "failure.notice"),
        "{why:?}"
    );
    assert_eq!(why.actions.len(), 1, "and whoever asks why sees what was said");
    house.clock.advance(60 * MINUTE);
    looked(&house).await;
    // A crash forgets nothing of it.
    let mut house = house.crashed(&[("acme", file(&crm))]).await;
    house.clock.advance(80 * MINUTE);
    looked(&house).await;
    assert_eq!(notices(&house).await.len(), 1);
    crm.be_down(false);
    house.clock.advance(20 * MINUTE);
    house.settled().await;
    let told = async || house.store.told(&Default::default(), u64::from(u32::MAX), 10).await.unwrap();
    house
        .until("the outage is over", async || {
            house.clock.advance(1_000);
            told().await.is_empty()
        })
        .await;
    assert_eq!(notices(&house).await.len(), 1, "nothing is said of that");
    crm.be_down(true);
    house.send(&[text("!a:h", "$later", "@alice:h", "three")]).await;
    house.until("it waits", async || !house.store.counts().await.unwrap().deliveries.is_empty()).await;
    house.clock.advance(11 * MINUTE);
    house.until("the next outage is another one", async || notices(&house).await.len() == 2).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn of_many_conversations_that_wait_at_once_a_few_are_told_at_a_time() {
    let crm = Crm::start().await;
    let rooms: Vec<String> = (0..70).map(|n| format!("!r{n}:h")).collect();
    let rules = json!({ "default": [{ "adapter": "crm" }] });
    let file = file_with(&crm, &tenant(&format!("link = {}", json!(rooms)), &rules));
    let mut house = crate::outside::house_of(file).await;
    crm.be_down(true);
    let events: Vec<_> =
        rooms.iter().map(|room| text(room, &format!("$in-{room}"), "@alice:h", "hi")).collect();
    house.send(&events).await;
    house.until("all wait", async || house.store.counts().await.unwrap().events.count == 0).await;
    let before = house.pipeline.looks();
    house.clock.advance(11 * MINUTE);
    house.until("it was looked", async || house.pipeline.looks() > before).await;
    assert_eq!(notices(&house).await.len(), 20, "the clock stands still: no further look is due");
    house
        .until("all are told", async || {
            house.clock.advance(1_000);
            notices(&house).await.len() == 70
        })
        .await;
    looked(&house).await;
    assert_eq!(notices(&house).await.len(), 70, "and each once");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_customer_whose_message_was_set_aside_is_told_in_time() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.next("ticket.open", Act::Refuse(422, None));
    say(&mut house, "a", &["one"]).await;
    house.settled().await;
    let [(Subject::Delivery(_), id)] = parked(&house).await[..] else { panic!() };
    looked(&house).await;
    assert_eq!(notices(&house).await.len(), 0, "somebody may mend it in time");
    house.clock.advance(11 * MINUTE);
    house.until("the customer is told", async || notices(&house).await.len() == 1).await;
    house.pipeline.replay(id).await.unwrap();
    house.settled().await;
    assert_eq!(crm.words(), ["one"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn where_nobody_wants_to_be_told_nobody_is() {
    let crm = Crm::start().await;
    let quiet = file(&crm) + "[failure]\nnotice-after = '0s'\nnote-after = '0s'\n";
    let mut house = crate::outside::house_of(quiet).await;
    crm.be_down(true);
    say(&mut house, "a", &["one"]).await;
    house.until("it was found down", async || !crm.requests().is_empty()).await;
    house.clock.advance(120 * MINUTE);
    looked(&house).await;
    assert_eq!(notices(&house).await.len(), 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_answer_that_does_not_reach_the_room_is_noted_in_its_ticket_once_and_again_when_it_has() {
    let homeserver = Played::start(503).await;
    let mut house = House::beside(&[("acme", tenant(ROOM, &to_desk()))], &homeserver.url).await;
    house.send(&[text("!a:h", "$1", "@alice:h", "help")]).await;
    house.settled().await;
    reply(&house, "r1", "D-1", "We are on it").await;
    house.until("it is tried", async || !house.store.actions_pending(0, 9).await.unwrap().is_empty()).await;
    looked(&house).await;
    assert_eq!(notes(&house).await, Vec::<String>::new());
    house.clock.advance(11 * MINUTE);
    house.until("the ticket is told", async || notes(&house).await.len() == 1).await;
    let note = notes(&house).await.remove(0);
    assert!(
        note.starts_with("The message “We are on it” may not have reached the customer: the homeserver"),
        "{note}"
    );
    house.clock.advance(60 * MINUTE);
    looked(&house).await;
    assert_eq!(notes(&house).await.len(), 1, "once");
    homeserver.refuses.store(0, Relaxed);
    house
        .until("it has arrived, and the ticket is told", async || {
            house.clock.advance(MINUTE);
            notes(&house).await.len() == 2
        })
        .await;
    assert_eq!(notes(&house).await[1], "The message “We are on it” has reached the customer now.");
    let why = house.store.why("r1").await.unwrap();
    let told = why.traces.iter().flat_map(|trace| &trace.steps).filter(|step| step.name == "failure.note");
    assert_eq!(told.map(|step| step.outcome.as_str()).collect::<Vec<_>>(), ["told", "arrived"]);
    looked(&house).await;
    assert_eq!(notes(&house).await.len(), 2);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_answer_that_is_refused_is_noted_at_once_and_of_a_note_that_fails_nobody_is_told() {
    let homeserver = Played::start(403).await;
    let mut house = House::beside(&[("acme", tenant(ROOM, &to_desk()))], &homeserver.url).await;
    house.send(&[text("!a:h", "$1", "@alice:h", "help")]).await;
    house.settled().await;
    reply(&house, "r1", "D-1", "We are on it").await;
    house.until("it is parked", async || parked(&house).await.len() == 1).await;
    house
        .until("the ticket is told", async || {
            house.clock.advance(1_000);
            notes(&house).await.len() == 1
        })
        .await;
    assert!(notes(&house).await[0].contains("you are not in the room. It was set aside"));
    // A reply that waits, whose desk has become one that takes no words.
    homeserver.refuses.store(503, Relaxed);
    reply(&house, "r2", "D-1", "Hello?").await;
    house.until("it waits", async || !house.store.actions_pending(0, 9).await.unwrap().is_empty()).await;
    let deaf = tenant(ROOM, &to_desk())
        .replace("component = 'adapter-desk'\ngrants = { desk = true }", "component = 'errand-adapter'");
    house.chains.swap(crate::house::chain("acme", &deaf, 2));
    homeserver.refuses.store(403, Relaxed);
    house
        .until("the note is parked too", async || {
            house.clock.advance(1_000);
            let parked = parked(&house).await;
            parked.iter().filter(|(subject, _)| matches!(subject, Subject::Delivery(_))).count() == 1
        })
        .await;
    let before = parked(&house).await.len();
    house.clock.advance(120 * MINUTE);
    looked(&house).await;
    assert_eq!(parked(&house).await.len(), before, "no note of a note");
    assert_eq!((before, notes(&house).await.len()), (3, 1), "two replies and a note");
    assert_eq!(notices(&house).await.len(), 0, "and no customer hears of one");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_connection_says_since_when_it_is_down_and_why_and_a_probe_that_is_answered_lets_all_go_on() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    let crms = async || {
        let all = house.pipeline.connections().await.unwrap();
        all.into_iter().find(|one| one.adapter.as_str() == "crm").unwrap()
    };
    assert_eq!((crms().await.up, crms().await.outside), (None, true), "nobody asked yet");
    crm.be_down(true);
    house.send(&[text("!a:h", "$1", "@alice:h", "one"), text("!a:h", "$2", "@alice:h", "two")]).await;
    house
        .until("it was found down", async || {
            house.pipeline.connections().await.unwrap().iter().any(|c| c.up == Some(false))
        })
        .await;
    let all = house.pipeline.connections().await.unwrap();
    let down = all.iter().find(|one| one.adapter.as_str() == "crm").unwrap();
    assert_eq!((down.waiting, down.since, down.next_try.is_some()), (2, Some(NOW), true));
    assert_eq!(down.last_error.as_ref().map(|error| error.kind.as_str()), Some("unavailable"));
    let probe = async || house.pipeline.probe(&"acme".into(), &"crm".into()).await;
    assert!(matches!(probe().await, Some(Probed::Failed { kind, .. }) if kind == "unavailable"));
    assert_eq!(house.pipeline.probe(&"acme".into(), &"no".into()).await, None);
    crm.be_down(false);
    assert!(matches!(probe().await, Some(Probed::Healthy { .. })));
    // The clock stands still: no pause is over, and all the same they go.
    house.settled().await;
    assert_eq!(crm.words(), ["one", "two"]);
    house.stop().await;
}
