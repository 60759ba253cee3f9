//! A message that may have been sent is not sent twice, whatever the homeserver has forgotten.

use patchbay_types::{AdapterName, TenantId};
use serde_json::json;

use crate::{
    homeserver::Trouble,
    told::{ANN, ROOM, Scene, message},
};

/// The CRM's message is linked to the one event that it is.
async fn is_linked(scene: &Scene) -> bool {
    let messages = scene.homeserver.messages(ROOM);
    let (tenant, adapter) = (TenantId::from("acme"), AdapterName::from("crm"));
    let linked = scene.house.store.event_of_part(&tenant, &adapter, "m1").await.unwrap();
    messages[0]["event_id"] == linked.unwrap().event_id.as_str()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_and_was_forgotten_is_found_by_its_source() {
    let mut scene = Scene::new().await;
    scene.homeserver.makes_no_devices();
    let ticket = scene.ticket().await;
    scene.homeserver.next("/send/", Trouble::DoAndDrop);
    scene.tell("h1", &[message("m1", &ticket, "we look into it")]).await;
    scene.house.until("it is tried", async || scene.homeserver.asked("/send/") == 1).await;
    scene.homeserver.restarts();
    scene.done().await;
    assert_eq!(scene.words(ROOM), ["we look into it"]);
    assert!(is_linked(&scene).await);
    let said = &scene.homeserver.messages(ROOM)[0];
    assert!(
        said["content"]["dev.patchbay.source"].as_str().is_some_and(|source| source.len() == 43),
        "{said}"
    );
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_in_a_crash_is_looked_for_before_it_is_sent_again() {
    let mut scene = Scene::new().await;
    scene.homeserver.makes_no_devices();
    let ticket = scene.ticket().await;
    scene.homeserver.next("/send/", Trouble::DoAndDrop);
    scene.tell("h1", &[message("m1", &ticket, "we look into it")]).await;
    scene.house.until("it is there", async || scene.words(ROOM).len() == 1).await;
    assert_eq!(scene.house.store.actions_pending(0, 9).await.unwrap()[0].attempt, 0, "nobody wrote it down");
    scene.homeserver.restarts();
    let scene = scene.crashed().await;
    scene.done().await;
    assert_eq!(scene.words(ROOM), ["we look into it"]);
    assert!(is_linked(&scene).await);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_with_a_device_that_was_deleted_is_looked_for() {
    let mut scene = Scene::new().await;
    let ticket = scene.ticket().await;
    scene.homeserver.next("/send/", Trouble::DoAndDrop);
    scene.tell("h1", &[message("m1", &ticket, "we look into it")]).await;
    scene.house.until("it is there", async || scene.words(ROOM).len() == 1).await;
    scene.homeserver.deletes_devices();
    scene.done().await;
    assert_eq!(scene.words(ROOM), ["we look into it"]);
    assert!(is_linked(&scene).await);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_remembers_is_not_asked_for_the_room() {
    let mut scene = Scene::new().await;
    let ticket = scene.ticket().await;
    scene.homeserver.next("/send/", Trouble::DoAndDrop);
    scene.tell("h1", &[message("m1", &ticket, "we look into it")]).await;
    scene.house.until("it is tried", async || scene.homeserver.asked("/send/") == 1).await;
    scene.homeserver.restarts();
    scene.done().await;
    assert_eq!((scene.words(ROOM).len(), scene.homeserver.asked("/messages")), (1, 0));
    assert!(is_linked(&scene).await);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_longer_than_a_homeserver_remembers_it_is_looked_for_even_with_a_device() {
    let mut scene = Scene::new().await;
    let ticket = scene.ticket().await;
    scene.homeserver.next("/send/", Trouble::DoAndDrop);
    scene.tell("h1", &[message("m1", &ticket, "we look into it")]).await;
    scene.house.until("it is tried", async || scene.homeserver.asked("/send/") == 1).await;
    scene.house.clock.advance(2 * 60 * 60_000);
    scene.done().await;
    assert_eq!((scene.words(ROOM).len(), scene.homeserver.asked("/send/")), (1, 1));
    assert!(is_linked(&scene).await);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_somebody_else_wrote_proves_nothing() {
    let mut scene = Scene::new().await;
    scene.homeserver.makes_no_devices();
    let ticket = scene.ticket().await;
    scene.homeserver.next("/send/", Trouble::Refuse(502, "M_UNKNOWN"));
    scene.tell("h1", &[message("m1", &ticket, "we look into it")]).await;
    scene.house.until("it is tried", async || scene.homeserver.asked("/send/") == 1).await;
    let source = scene.house.store.actions_pending(0, 9).await.unwrap()[0].txn_id.clone();
    scene.homeserver.say(ROOM, "@mallory:localhost", json!({ "body": "ha", "dev.patchbay.source": source }));
    scene.done().await;
    assert_eq!(scene.words(ROOM), ["ha", "we look into it"]);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_says_its_source_too() {
    let mut scene = Scene::new().await;
    let ticket = scene.ticket().await;
    scene.tell("h1", &[message("m1", &ticket, "oops")]).await;
    scene.done().await;
    let removal = json!({ "id": "r1", "ticket": ticket, "news":
        { "message": { "id": "r1", "author": { "id": "crm:bob", "name": "Bob" }, "removes": "m1" } } });
    scene.tell("h2", &[removal]).await;
    scene.done().await;
    let events = scene.homeserver.events(ROOM);
    let redaction = events.iter().find(|event| event["type"] == "m.room.redaction").unwrap();
    assert!(redaction["content"]["dev.patchbay.source"].is_string(), "{redaction}");
    assert_eq!(redaction["sender"], ANN, "whoever said it takes it back: nobody else may");
    scene.house.stop().await;
}
