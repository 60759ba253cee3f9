//! A customer writes, a ticket appears, an agent answers, a ghost says it.

use serde_json::{Value, json};

use crate::{desk::Ticket, town::Town};

/// One transparent pixel.
const PIXEL: &[u8] = include_bytes!("pixel.png");

#[tokio::test]
#[ignore = "needs Synapse and the components: run by `cargo xtask test`"]
async fn a_conversation_goes_both_ways() {
    let town = Town::found().await;
    let alice = town.user("alice", "Alice").await;
    let room = town.room(&alice, "Order 17", json!([])).await;

    let first = alice.say(&room, "Where is order 17?").await;
    let html = json!({
        "msgtype": "m.text", "body": "It is really urgent",
        "format": "org.matrix.custom.html", "formatted_body": "It is <strong>really</strong> urgent",
    });
    let second = alice.send(&room, "m.room.message", "html", &html).await;
    alice.send(&room, "m.room.message", "edit", &edit(&first, "Where is order 18?")).await;
    alice.send(&room, "m.reaction", "reaction", &reaction(&second, "👍")).await;
    alice.send(&room, "m.room.message", "reply", &reply(&second, "Is anybody there?")).await;
    let slip = alice.say(&room, "That was for somebody else").await;
    alice.redact(&room, &slip).await;
    let image = json!({
        "msgtype": "m.image", "body": "receipt.png", "url": alice.upload("receipt.png", "image/png", PIXEL).await,
        "info": { "mimetype": "image/png", "size": PIXEL.len(), "w": 1, "h": 1 },
    });
    alice.send(&room, "m.room.message", "image", &image).await;

    let ticket = Ticket::with(&town.host, &["receipt.png"]).await;
    let said = ["order 18", "really urgent", "Is anybody there?", "receipt.png"];
    let order: Vec<_> =
        said.iter().map(|words| ticket.texts().iter().position(|text| text.contains(words))).collect();
    assert!(order.is_sorted() && order.iter().all(Option::is_some), "{ticket:#?}");
    assert_eq!(ticket.says("order 17"), 0, "an edit replaces the words: {ticket:#?}");
    assert_eq!(
        ticket.line("order 18")["edits"].as_array().map(Vec::len),
        Some(1),
        "and keeps the earlier ones"
    );
    assert!(ticket.line("really urgent")["body"].to_string().contains("<strong>"), "{ticket:#?}");
    assert!(ticket.line("really urgent")["reactions"].to_string().contains("👍"), "{ticket:#?}");
    assert_eq!(ticket.line("Is anybody there?")["reply_to"], ticket.line("really urgent")["line"]);
    assert_eq!(ticket.line("order 18")["author"]["display_name"], "Alice");
    assert!(
        ticket.line("somebody else")["removed_at"].is_u64(),
        "what was taken back is marked: {ticket:#?}"
    );

    town.host.ask(&["reply", &ticket.name, "It is on its way", "--as", "Ann from ACME"]).await.unwrap();
    let answer = alice.see(&room, "the agent's reply", |event| body(event) == Some("It is on its way")).await;
    let ghost = answer["sender"].as_str().unwrap();
    assert!(ghost.starts_with("@_patchbay_"), "a ghost says it: {answer}");
    alice
        .see(&room, "the ghost's name", |event| {
            event["state_key"] == ghost && event["content"]["displayname"] == "Ann from ACME"
        })
        .await;

    // What comes after our own echo in the room's order has arrived, so the echo has been dealt with too.
    alice.say(&room, "Thank you!").await;
    let ticket = Ticket::with(&town.host, &["Thank you!"]).await;
    assert!(ticket.says("It is on its way") <= 1, "our own echo is no second line: {ticket:#?}");
    let ours = ticket.lines.iter().filter(|line| line["author"].to_string().contains(ghost)).count();
    assert_eq!(ours, 0, "a ghost is nobody who writes to us: {ticket:#?}");
}

fn body(event: &Value) -> Option<&str> {
    event["content"]["body"].as_str()
}

fn edit(target: &str, words: &str) -> Value {
    json!({
        "msgtype": "m.text", "body": format!("* {words}"),
        "m.new_content": { "msgtype": "m.text", "body": words },
        "m.relates_to": { "rel_type": "m.replace", "event_id": target },
    })
}

fn reaction(target: &str, key: &str) -> Value {
    json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": target, "key": key } })
}

fn reply(target: &str, words: &str) -> Value {
    json!({
        "msgtype": "m.text", "body": words, "m.relates_to": { "m.in_reply_to": { "event_id": target } },
    })
}
