//! Who says in a room what an agent says in the CRM.

use serde_json::json;

use crate::{
    homeserver::BOT,
    told::{ANN, ROOM, Scene, message},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_ghosts_name_follows_what_the_crm_calls_its_person() {
    let mut scene = Scene::with("", "[matrix]\nghost-suffix = ' (ACME)'\n").await;
    let ticket = scene.ticket().await;
    scene.tell("h1", &[message("m1", &ticket, "hello")]).await;
    scene.done().await;
    assert_eq!(scene.homeserver.name_of(ANN).as_deref(), Some("Ann (ACME)"));
    let renamed = json!({ "id": "m2", "ticket": ticket, "news":
        { "message": { "id": "m2", "author": { "id": "crm:ann", "name": "Ann Ott" }, "text": "again" } } });
    scene.tell("h2", &[renamed]).await;
    scene.done().await;
    assert_eq!(scene.homeserver.name_of(ANN).as_deref(), Some("Ann Ott (ACME)"));
    assert_eq!(scene.homeserver.messages(ROOM)[1]["sender"], ANN);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_ghosts_are_wanted_the_bot_says_whose_words_they_are() {
    let mut scene = Scene::with("", "[matrix]\nspeak-as = 'bot'\n").await;
    let ticket = scene.ticket().await;
    scene.tell("h1", &[message("m1", &ticket, "hello")]).await;
    scene.done().await;
    let said = &scene.homeserver.messages(ROOM)[0];
    assert_eq!((&said["sender"], &said["content"]["body"]), (&json!(BOT), &json!("Ann: hello")));
    let profile = json!({ "id": "crm:ann", "displayname": "Ann", "has_fallback": true });
    assert_eq!(said["content"]["com.beeper.per_message_profile"], profile);
    assert_eq!(scene.homeserver.name_of(ANN), None, "no ghost was made");
    scene.house.stop().await;
}
