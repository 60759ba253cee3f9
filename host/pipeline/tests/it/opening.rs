//! A conversation that the CRM begins.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    homeserver::{BOT, Trouble},
    house::text,
    told::{ALICE, ANN, ROOM, Scene, alice, message, opening},
};

/// The alias that a ticket's room has.
const ALIAS: &str = "#_patchbay_acme_crm._t-9:localhost";

fn membership(scene: &Scene, room: &str, user: &str) -> Option<String> {
    let member = scene.homeserver.state_of(room, "m.room.member", user)?;
    member["membership"].as_str().map(str::to_owned)
}

fn only_room(scene: &Scene) -> String {
    let made = scene.homeserver.made();
    assert_eq!(made.keys().collect::<Vec<_>>(), [ALIAS]);
    made[ALIAS].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_that_a_customer_has_is_used_where_no_ticket_is_open_in_it() {
    let mut scene = Scene::new().await;
    let first = scene.ticket().await;
    let closed = json!({ "id": "c1", "ticket": first, "news": { "status": "closed" } });
    scene
        .tell("h1", &[closed, opening("o1", "T-9", alice(), false), message("m1", "T-9", "about order 17")])
        .await;
    scene.done().await;
    assert_eq!(
        (scene.words(ROOM), scene.homeserver.made()),
        (vec!["about order 17".to_owned()], BTreeMap::new())
    );

    let answer = text(ROOM, "$answer", ALICE, r#"{"errands":[]}"#);
    scene.house.send(&[answer]).await;
    scene.done().await;
    let links = scene.house.store.links_of(&"acme".into(), &"$answer".into()).await.unwrap();
    assert_eq!(links[0].ticket.as_ref().map(|ticket| ticket.as_str()), Some("T-9"));
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_the_customer_is_invited_and_what_she_answers_goes_to_the_ticket() {
    let mut scene = Scene::new().await;
    scene.ticket().await;
    scene.tell("h1", &[opening("o1", "T-9", alice(), false), message("m1", "T-9", "about order 17")]).await;
    scene.done().await;
    let room = only_room(&scene);
    assert_eq!(scene.words(&room), ["about order 17"]);
    assert_eq!(scene.homeserver.messages(&room)[0]["sender"], ANN);
    assert_eq!(membership(&scene, &room, ALICE).as_deref(), Some("invite"));
    assert_eq!(membership(&scene, &room, ANN).as_deref(), Some("join"));
    let state = |kind: &str| scene.homeserver.state_of(&room, kind, "").unwrap();
    assert_eq!(
        (&state("m.room.name")["name"], &state("m.room.topic")["topic"]),
        (&json!("Order 17"), &json!("Late"))
    );
    assert_eq!(state("m.room.power_levels")["users"], json!({ ANN: 50 }));

    let answer = text(&room, "$answer", ALICE, r#"{"errands":[]}"#);
    scene.house.send(&[answer]).await;
    scene.done().await;
    let links = scene.house.store.links_of(&"acme".into(), &"$answer".into()).await.unwrap();
    assert_eq!(links[0].ticket.as_ref().map(|ticket| ticket.as_str()), Some("T-9"));
    assert_eq!(scene.parked().await, []);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_never_wrote_is_reached_by_the_matrix_user_that_the_crm_names() {
    let scene = Scene::new().await;
    let zoe = json!({ "id": "@zoe:elsewhere.org", "name": "Zoe", "customer": true });
    scene.tell("h1", &[opening("o1", "T-9", zoe, false)]).await;
    scene.done().await;
    assert_eq!(membership(&scene, &only_room(&scene), "@zoe:elsewhere.org").as_deref(), Some("invite"));
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_may_want_a_new_room_for_each_ticket() {
    let mut scene = Scene::with("for-tickets = 'new'", "").await;
    let first = scene.ticket().await;
    let closed = json!({ "id": "c1", "ticket": first, "news": { "status": "closed" } });
    scene.tell("h1", &[closed, opening("o1", "T-9", alice(), false)]).await;
    scene.done().await;
    only_room(&scene);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_once_though_its_making_was_never_heard_of() {
    for crash in [false, true] {
        let scene = Scene::new().await;
        scene.homeserver.next("createRoom", Trouble::DoAndDrop);
        let zoe = json!({ "id": "@zoe:localhost", "name": "Zoe", "customer": true });
        scene.tell("h1", &[opening("o1", "T-9", zoe, false), message("m1", "T-9", "about order 17")]).await;
        scene.house.until("it is made", async || !scene.homeserver.made().is_empty()).await;
        let scene = if crash { scene.crashed().await } else { scene };
        scene.done().await;
        let room = only_room(&scene);
        assert_eq!(scene.words(&room), ["about order 17"]);
        assert_eq!(membership(&scene, &room, "@zoe:localhost").as_deref(), Some("invite"));
        scene.house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_was_left_half_made_is_completed() {
    let scene = Scene::new().await;
    scene.homeserver.next("createRoom", Trouble::HalfMake);
    let zoe = json!({ "id": "@zoe:localhost", "customer": true });
    scene.tell("h1", &[opening("o1", "T-9", zoe, false)]).await;
    scene.done().await;
    let parked = scene.parked().await;
    assert!(parked[0].reason.contains("no room can be made"), "{parked:?}");
    assert!(scene.house.pipeline.replay(parked[0].id).await.unwrap().is_some());
    scene.done().await;
    let room = only_room(&scene);
    let state = |kind: &str| scene.homeserver.state_of(&room, kind, "").unwrap();
    assert_eq!(state("m.room.join_rules"), json!({ "join_rule": "invite" }));
    assert_eq!(state("m.room.power_levels")["users"], json!({ ANN: 50 }));
    assert_eq!(membership(&scene, &room, "@zoe:localhost").as_deref(), Some("invite"));
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_of_a_ticket_come_behind_its_opening_however_long_that_takes() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        scene.homeserver.next("createRoom", Trouble::Refuse(503, "M_UNKNOWN"));
    }
    let zoe = json!({ "id": "@zoe:localhost", "customer": true });
    scene.tell("h1", &[opening("o1", "T-9", zoe, false), message("m1", "T-9", "about order 17")]).await;
    scene.done().await;
    assert_eq!(scene.words(&only_room(&scene)), ["about order 17"]);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whom_nobody_knows_in_matrix_is_told_of_and_so_is_what_is_said_to_them() {
    let scene = Scene::new().await;
    let stranger = json!({ "id": "crm:7", "name": "Zoe", "remote": "7", "customer": true });
    scene.tell("h1", &[opening("o1", "T-9", stranger, false), message("m1", "T-9", "hello")]).await;
    scene.done().await;
    let reasons: Vec<String> = scene.parked().await.into_iter().map(|parked| parked.reason).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].contains("`7` is nowhere known in Matrix"), "{reasons:?}");
    assert!(reasons[1].contains("earlier news of this ticket"), "{reasons:?}");
    assert_eq!(scene.homeserver.made(), BTreeMap::new());
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_refused_is_told_of_and_not_repeated() {
    let scene = Scene::new().await;
    scene.homeserver.next("/invite", Trouble::Refuse(403, "M_FORBIDDEN"));
    let customer = |id: &str| json!({ "role": "customer", "person": { "id": id, "customer": true } });
    let news = json!({ "id": "o1", "ticket": "T-9", "news": { "opening":
        { "name": "Order 17", "seats": [customer("@zoe:localhost")] } } });
    scene.tell("h1", &[news]).await;
    scene.done().await;
    let parked = scene.parked().await;
    assert!(parked[0].reason.contains("@zoe:localhost cannot be invited"), "{parked:?}");
    assert_eq!((parked.len(), scene.homeserver.asked("/invite")), (1, 1));
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_is_harmless_again_and_in_an_archived_room_nobody_may_write() {
    let scene = Scene::new().await;
    let zoe = json!({ "id": "@zoe:localhost", "customer": true });
    let again = |id: &str, archived| opening(id, "T-9", zoe.clone(), archived);
    scene.tell("h1", &[again("o1", false), again("o2", false)]).await;
    scene.done().await;
    let room = only_room(&scene);
    let may_write = || {
        let power: Value = scene.homeserver.state_of(&room, "m.room.power_levels", "").unwrap();
        power["events_default"].as_i64()
    };
    assert_eq!((may_write(), scene.homeserver.asked("/invite")), (Some(0), 2), "Zoe and Ann, once each");
    scene.tell("h2", &[again("o3", true)]).await;
    scene.done().await;
    assert_eq!(may_write(), Some(100));
    scene.tell("h3", &[again("o4", false)]).await;
    scene.done().await;
    assert_eq!((may_write(), scene.homeserver.asked("/invite")), (Some(0), 2));
    assert_eq!(scene.parked().await, []);
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_has_nothing_to_do_with_matrix_is_let_go_and_its_trace_says_so() {
    let mut scene = Scene::new().await;
    scene.ticket().await;
    scene.tell("h1", &[message("m1", "T-other", "by e-mail")]).await;
    scene.done().await;
    assert_eq!((scene.parked().await, scene.words(ROOM)), (Vec::new(), Vec::new()));
    let steps = scene.steps(1).await;
    assert!(steps.iter().any(|step| step.0 == "ignore" && step.2.contains("T-other")), "{steps:?}");
    scene.house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_and_ghosts_are_nobody_to_begin_a_conversation_with() {
    let scene = Scene::new().await;
    for (n, id) in [BOT, ANN, "@", "@x", "alice"].iter().enumerate() {
        let nobody = json!({ "id": id, "customer": true });
        scene.tell(&format!("h{n}"), &[opening(&format!("o{n}"), &format!("T-{n}"), nobody, false)]).await;
    }
    scene.done().await;
    assert_eq!((scene.parked().await.len(), scene.homeserver.made().len()), (5, 0));
    scene.house.stop().await;
}
