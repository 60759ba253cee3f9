//! Whose room it is.

use patchbay_storage::InboxState;
use serde_json::{Value, json};

use crate::house::{House, tenant, text, to_desk};

fn invite(room: &str, id: &str, by: &str, whom: &str) -> Value {
    json!({
        "type": "m.room.member", "event_id": id, "room_id": room, "sender": by, "state_key": whom,
        "origin_server_ts": 1, "content": { "membership": "invite" },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn rooms_of_nobody_and_of_two_are_left_alone() {
    let tenants = [
        ("acme", tenant("servers = ['acme.org', 'both.org']", &to_desk())),
        ("beta", tenant("servers = ['both.org']", &to_desk())),
    ];
    let mut house = House::new(&tenants).await;
    house
        .send(&[
            invite("!acme", "$1", "@a:acme.org", "@patchbay:localhost"),
            text("!acme", "$2", "@a:acme.org", "mine"),
            invite("!both", "$3", "@b:both.org", "@patchbay:localhost"),
            text("!both", "$4", "@b:both.org", "whose?"),
            text("!none", "$5", "@c:else.org", "nobody's"),
        ])
        .await;
    house.settled().await;
    assert_eq!(house.words("acme").await, ["mine"]);
    assert!(house.words("beta").await.is_empty());
    for id in ["$3", "$4", "$5"] {
        let why = house.store.why(id).await.unwrap();
        assert_eq!(why.events[0].state, InboxState::Nobody, "{id}");
    }
    let room = house.store.room(&"patchbay".into(), &"!both".into()).await.unwrap().unwrap();
    assert!(room.decided_by.contains("acme, beta"), "{}", room.decided_by);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_invitation_of_the_bot_is_accepted_once() {
    let mut house = House::new(&[("acme", tenant("servers = ['acme.org']", &to_desk()))]).await;
    let event = invite("!a", "$1", "@a:acme.org", "@patchbay:localhost");
    house.send(std::slice::from_ref(&event)).await;
    house.send(&[event]).await;
    house.settled().await;
    let why = house.store.why("$1").await.unwrap();
    assert_eq!(why.actions.len(), 1);
    assert!(why.actions[0].payload.contains("join"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_encrypted_room_is_told_once() {
    let mut house = House::new(&[("acme", tenant("link = ['!a']", &to_desk()))]).await;
    let encrypted = |id: &str| {
        json!({
            "type": "m.room.encrypted", "event_id": id, "room_id": "!a", "sender": "@a:acme.org",
            "origin_server_ts": 1, "content": { "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x" },
        })
    };
    house.send(&[encrypted("$1"), encrypted("$2")]).await;
    house.settled().await;
    let said = async |id| house.store.why(id).await.unwrap().actions.len();
    assert_eq!((said("$1").await, said("$2").await), (1, 0));
    house.stop().await;
}
