//! Edits, removals, reactions and replies follow their target.

use serde_json::{Value, json};

use crate::house::{House, message, tenant, text, to_desk};

async fn acme() -> House {
    House::new(&[("acme", tenant("link = ['!a:h', '!b:h']", &to_desk()))]).await
}

fn edit(id: &str, target: &str, body: &str) -> Value {
    let content = json!({
        "msgtype": "m.text", "body": format!("* {body}"),
        "m.new_content": { "msgtype": "m.text", "body": body },
        "m.relates_to": { "rel_type": "m.replace", "event_id": target },
    });
    message("!a:h", id, "@alice:h", content)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_edit_in_the_same_transaction_changes_its_line() {
    let mut house = acme().await;
    house.send(&[text("!a:h", "$1", "@alice:h", "helo"), edit("$2", "$1", "hello")]).await;
    house.settled().await;
    assert_eq!(house.words("acme").await, ["hello"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backlog_of_one_room_opens_one_ticket_and_its_edits_find_their_lines() {
    let mut house = acme().await;
    let event = |n: u32| match n % 3 {
        0 => text("!a:h", &format!("${n}"), "@alice:h", &format!("said {n}")),
        1 => edit(&format!("${n}"), &format!("${}", n - 1), &format!("meant {}", n - 1)),
        _ => text("!a:h", &format!("${n}"), "@alice:h", "and"),
    };
    house.send(&(0..90).map(event).collect::<Vec<_>>()).await;
    house.settled().await;
    let lines = house.lines("acme").await;
    assert!(lines.iter().all(|line| line.ticket == lines[0].ticket), "one ticket");
    let words = house.words("acme").await;
    let wanted: Vec<String> =
        (0..90).step_by(3).flat_map(|n| [format!("meant {n}"), "and".to_owned()]).collect();
    assert_eq!(words, wanted);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_removal_marks_its_line_and_a_reaction_stands_on_it() {
    let mut house = acme().await;
    house.send(&[text("!a:h", "$1", "@alice:h", "one"), text("!a:h", "$2", "@alice:h", "two")]).await;
    let reaction = json!({
        "type": "m.reaction", "event_id": "$3", "room_id": "!a:h", "sender": "@alice:h", "origin_server_ts": 1,
        "content": { "m.relates_to": { "rel_type": "m.annotation", "event_id": "$1", "key": "👍" } },
    });
    let removal = json!({
        "type": "m.room.redaction", "event_id": "$4", "room_id": "!a:h", "sender": "@alice:h", "origin_server_ts": 1,
        "redacts": "$2", "content": { "redacts": "$2" },
    });
    house.send(&[reaction, removal]).await;
    house.settled().await;
    let lines = house.lines("acme").await;
    assert_eq!(lines.len(), 2);
    assert!(lines[0].reactions.contains("👍"), "{}", lines[0].reactions);
    assert!(lines[0].removed_at.is_none() && lines[1].removed_at.is_some());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_edit_of_what_went_nowhere_is_ignored() {
    let mut house = acme().await;
    house.send(&[edit("$2", "$never", "hello")]).await;
    house.settled().await;
    assert!(house.words("acme").await.is_empty());
    let why = house.store.why("$2").await.unwrap();
    assert!(
        why.traces
            .iter()
            .flat_map(|trace| &trace.steps)
            .any(|step| step.answer.contains("whose it was cannot be told"))
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nobody_edits_what_somebody_else_said() {
    let mut house = acme().await;
    let mut forged = edit("$2", "$1", "I never said that");
    forged["sender"] = "@mallory:h".into();
    let mut elsewhere = edit("$3", "$1", "nor that");
    elsewhere["room_id"] = "!b:h".into();
    house.send(&[text("!a:h", "$1", "@alice:h", "hello"), forged, elsewhere]).await;
    house.settled().await;
    assert_eq!(house.words("acme").await, ["hello"]);
    house.stop().await;
}
