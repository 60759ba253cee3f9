//! A delivery keeps its ticket, its key and its place in the lane until all of it is done.

use patchbay_plugin::types;
use patchbay_storage::{DeliveryState, NewEntry, ParkedFilter, Received};
use patchbay_types::{AdapterName, Clock as _, TenantId};
use serde_json::json;

use crate::{
    crm::{Act, Crm},
    house::{House, tenant},
    outside::{MINUTE, ROOMS, file, file_with, house, house_of, say},
};

fn adapter() -> (TenantId, AdapterName) {
    ("acme".into(), "crm".into())
}

/// Each message comes with a change of its ticket.
fn tagging(crm: &Crm) -> String {
    let route = json!({ "adapter": "crm", "change": { "tags": ["seen"] } });
    file_with(crm, &tenant(ROOMS, &json!({ "default": [route] })))
}

async fn parked(house: &House) -> Vec<String> {
    let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    house.store.parked(&filter).await.unwrap().into_iter().map(|parked| parked.reason).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_may_have_been_done_in_a_ticket_is_looked_for_there_although_it_was_closed_meanwhile() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    say(&mut house, "a", &["one"]).await;
    house.settled().await;
    let (tenant, name) = adapter();
    let conversation = house.store.why("$a-one").await.unwrap().deliveries[0].conversation.clone();
    let ticket = house.store.tickets(&tenant, &conversation).await.unwrap()[0].ticket.clone();
    crm.next("message.append", Act::DoAndHang);
    say(&mut house, "a", &["two"]).await;
    house.until("it is on its way", async || crm.asked("message.append").len() == 2).await;
    // An agent closes it.
    let closed =
        types::Changes { changes: vec![types::Change::Status(types::TicketStatus::Closed)], by: None };
    let entry = types::Entry {
        id: "e1".into(),
        ticket: ticket.to_string(),
        news: types::News::Changed(closed),
        not_before: None,
    };
    let body = serde_json::to_string(&entry).unwrap();
    let entries = vec![NewEntry { entry_id: entry.id, ticket, body, not_before: 0 }];
    let (at, kv, trace) = (house.clock.now(), Vec::new(), Vec::new());
    let news = Received { hook: None, tenant: tenant.clone(), adapter: name, at, entries, kv, trace };
    house.store.received(news).await.unwrap();
    let is_open = async |house: &House| house.store.tickets(&tenant, &conversation).await.unwrap()[0].open;
    house.until("it is closed", async || !is_open(&house).await).await;

    let mut house = house.crashed(&[("acme", file(&crm))]).await;
    house.settled().await;
    assert_eq!(crm.asked("ticket.open").len(), 1, "not a second time, in another ticket");
    assert_eq!(crm.asked("message.append"), ["one", "two", "two"]);
    assert_eq!(crm.keys("message.append"), 2, "the second one under its own key again");
    // What comes later is free to go elsewhere.
    say(&mut house, "a", &["three"]).await;
    house.settled().await;
    assert_eq!(crm.asked("ticket.open").len(), 2);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_is_left_behind_a_written_message_keeps_its_key_and_comes_before_the_next_message() {
    let crm = Crm::start().await;
    let mut house = house_of(tagging(&crm)).await;
    crm.next("ticket.update", Act::Refuse(503, None));
    say(&mut house, "a", &["one", "two"]).await;
    house.until("the change has failed", async || crm.requests().len() == 4).await;
    house
        .until("that is written down", async || {
            let links = house.store.links_of(&"acme".into(), &"$a-one".into()).await.unwrap();
            links.first().is_some_and(|link| !link.parts.is_empty() && link.state == DeliveryState::Pending)
        })
        .await;
    house.clock.advance(MINUTE);
    house.settled().await;
    let all = ["contact.upsert", "ticket.open", "message.append", "ticket.update", "ticket.update"];
    assert_eq!(crm.requests(), [&all[..], &["message.append", "ticket.update"]].concat());
    assert_eq!(crm.keys("ticket.update"), 2, "one for each message, however often it is sent");
    assert_eq!(crm.words(), ["one", "two"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_change_that_is_refused_is_set_aside_without_its_message_and_a_replay_does_the_change_alone() {
    let crm = Crm::start().await;
    let mut house = house_of(tagging(&crm)).await;
    crm.next("ticket.update", Act::Refuse(422, None));
    say(&mut house, "a", &["one", "two"]).await;
    house.settled().await;
    assert_eq!(crm.words(), ["one", "two"], "the lane goes on");
    assert!(parked(&house).await[0].contains("422"), "{:?}", parked(&house).await);
    let links = house.store.links_of(&"acme".into(), &"$a-one".into()).await.unwrap();
    assert_eq!(links[0].parts.len(), 1, "the message is there, and known to be");

    let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    let id = house.store.parked(&filter).await.unwrap()[0].id;
    let before = crm.requests().len();
    house.pipeline.replay(id).await.unwrap().unwrap();
    house.settled().await;
    assert_eq!(crm.requests()[before..], ["ticket.update"]);
    let links = house.store.links_of(&"acme".into(), &"$a-one".into()).await.unwrap();
    assert_eq!((links[0].parts.len(), links[0].state), (1, DeliveryState::Done));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_ticket_that_is_gone_is_followed_by_another_one_to_which_nothing_old_is_told() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    say(&mut house, "a", &["one"]).await;
    house.settled().await;
    crm.next("message.append", Act::Refuse(410, None));
    say(&mut house, "a", &["two"]).await;
    house.settled().await;
    assert_eq!(crm.asked("ticket.open").len(), 2);
    assert_eq!(crm.keys("ticket.open"), 2);
    assert_eq!((crm.words(), crm.keys("message.append")), (vec!["one".into(), "two".into()], 3));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_crm_whose_tickets_are_all_gone_is_asked_a_few_times_and_then_a_person_is() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    for _ in 0..10 {
        crm.next("message.append", Act::Refuse(410, None));
    }
    say(&mut house, "a", &["one"]).await;
    for tries in 1..=4 {
        house.until("it is tried", async || crm.asked("message.append").len() == tries).await;
        house.clock.advance(MINUTE);
    }
    house.settled().await;
    assert_eq!(crm.asked("message.append").len(), 4);
    assert!(parked(&house).await[0].contains("again and again"), "{:?}", parked(&house).await);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn success_whose_words_cannot_be_read_is_success() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.next("message.append", Act::DoAndGarble);
    say(&mut house, "a", &["one", "two"]).await;
    house.settled().await;
    assert_eq!(crm.asked("message.append"), ["one", "two"]);
    assert!(parked(&house).await.is_empty());
    house.stop().await;
}
