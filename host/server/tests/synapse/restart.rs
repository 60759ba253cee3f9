//! Synapse and the host are killed and started again, with messages before, between and after.

use serde_json::{Value, json};

use crate::{desk::Ticket, town::Town, user::User};

#[tokio::test]
#[ignore = "needs Synapse and the components: run by `cargo xtask test`"]
async fn nothing_is_lost_doubled_or_reordered_over_crashes() {
    let mut town = Town::found().await;
    let alice = town.user("alice", "Alice").await;
    let room = town.room(&alice, "Order 17", json!([])).await;
    let mut said = Vec::new();

    say(&alice, &room, &mut said, "before").await;
    let ticket = Ticket::with(&town.host, &[&last(&said)]).await;

    // The host dies: what is said meanwhile waits at the homeserver.
    town.host.kill().await;
    say(&alice, &room, &mut said, "while the host is down").await;
    town.host.start().await;
    Ticket::with(&town.host, &[&last(&said)]).await;

    // The homeserver dies: what the agent says meanwhile waits at the host, which dies too.
    town.homeserver.kill().await;
    reply(&town, &ticket, "first answer").await;
    reply(&town, &ticket, "second answer").await;
    town.host.kill().await;
    town.homeserver.start().await;
    town.host.start().await;
    sees(&alice, &room, "second answer").await;

    say(&alice, &room, &mut said, "after").await;
    reply(&town, &ticket, "third answer").await;
    let ticket = Ticket::with(&town.host, &[&last(&said)]).await;
    sees(&alice, &room, "third answer").await;

    let lines: Vec<_> = ticket.texts().into_iter().filter(|text| text.starts_with("message")).collect();
    assert_eq!(lines, said, "in the ticket");
    let history = alice.history(&room).await;
    let answers: Vec<_> = history.iter().filter_map(body).filter(|body| body.ends_with("answer")).collect();
    assert_eq!(answers, ["first answer", "second answer", "third answer"], "in the room");
}

/// Ten messages, each with its number.
async fn say(user: &User, room: &str, said: &mut Vec<String>, when: &str) {
    for _ in 0..10 {
        said.push(format!("message {} {when}", said.len()));
        user.say(room, &last(said)).await;
    }
}

async fn reply(town: &Town, ticket: &Ticket, words: &str) {
    town.host.ask(&["reply", &ticket.name, words]).await.unwrap();
}

async fn sees(user: &User, room: &str, words: &str) {
    user.see(room, words, |event| body(event) == Some(words)).await;
}

fn body(event: &Value) -> Option<&str> {
    event["content"]["body"].as_str()
}

fn last(said: &[String]) -> String {
    said.last().cloned().unwrap_or_default()
}
