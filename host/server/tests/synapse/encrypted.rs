//! A room that cannot be read yet.

use serde_json::{Value, json};

use crate::{
    town::{BOT, Town},
    wait::until,
};

#[tokio::test]
#[ignore = "needs Synapse and the components: run by `cargo xtask test`"]
async fn an_encrypted_room_gets_one_polite_notice() {
    let town = Town::found().await;
    let alice = town.user("alice", "Alice").await;
    let encryption = json!([{
        "type": "m.room.encryption", "state_key": "", "content": { "algorithm": "m.megolm.v1.aes-sha2" },
    }]);
    let room = town.room(&alice, "Secrets", encryption).await;

    let unreadable = json!({
        "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEpABm6", "session_id": "x", "device_id": "D",
        "sender_key": "k",
    });
    let mut last = String::new();
    for transaction in ["one", "two", "three"] {
        last = alice.send(&room, "m.room.encrypted", transaction, &unreadable).await;
    }
    let said = |event: &Value| event["sender"] == BOT && event["content"]["msgtype"] == "m.notice";
    alice.see(&room, "the notice", said).await;
    until("the last event to be dealt with", async || {
        let why = town.host.ask(&["why", &last]).await?;
        let states: Vec<_> =
            why["events"].as_array().into_iter().flatten().map(|event| &event["state"]).collect();
        if states.iter().all(|state| **state != "queued") { Ok(()) } else { Err(why.to_string()) }
    })
    .await;
    let notices = alice.history(&room).await.iter().filter(|event| said(event)).count();
    assert_eq!(notices, 1, "one notice is polite, three are not");
}
