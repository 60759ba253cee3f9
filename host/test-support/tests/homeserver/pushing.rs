//! Transactions, as `delivery.json` says that they come.

use std::time::Duration;

use patchbay_test_support::homeserver::{Homeserver, Options, Person};

use crate::{
    appservice::{Appservice, Mode},
    rooms::captured,
};

struct Scene {
    homeserver: Homeserver,
    appservice: Appservice,
    alice: Person,
    room: String,
}

async fn scene() -> Scene {
    let homeserver = Homeserver::start(Options::default()).await;
    let appservice = Appservice::start().await;
    homeserver.push_to(&appservice.url);
    let alice = homeserver.person("alice", "Alice");
    let room = alice.create_room("A room", &[homeserver.bot()]);
    homeserver.ours(homeserver.bot()).join(&room);
    homeserver.until("all is pushed", |h| h.waiting() == 0).await;
    appservice.clear();
    Scene { homeserver, appservice, alice, room }
}

impl Scene {
    async fn came(&self, transactions: usize) {
        self.homeserver.until("it came", |_| self.appservice.got().len() >= transactions).await;
    }
}

#[tokio::test]
async fn each_answer_is_taken_as_the_captured_one_was() {
    let scene = scene().await;
    let file = captured("delivery");
    for (answer, became) in file["accepted_answers"].as_object().unwrap() {
        let mode = match answer.split(' ').collect::<Vec<_>>().as_slice() {
            ["status", status] => Mode::Status(status.parse().unwrap()),
            ["emptybody", _] => Mode::Empty,
            ["textbody", _] => Mode::Text,
            ["jsonlist", _] => Mode::List,
            _ => continue,
        };
        scene.appservice.clear();
        scene.appservice.mode(mode);
        scene.alice.say(&scene.room, answer);
        let retried = became == "retried after 2 s";
        scene.came(if retried { 2 } else { 1 }).await;
        scene.appservice.mode(Mode::Status(200));
        scene.homeserver.all_pushed().await;
        let got = scene.appservice.got();
        assert!(got.iter().all(|(id, _)| *id == got[0].0), "{answer}: the same ID");
        assert_eq!(got.len() > 1, retried, "{answer}");
    }
}

#[tokio::test]
async fn one_is_under_way_and_what_comes_meanwhile_is_one_transaction_of_at_most_a_hundred() {
    let scene = scene().await;
    scene.appservice.mode(Mode::Slow(Duration::from_millis(50)));
    scene.alice.say(&scene.room, "0");
    scene.came(1).await;
    (1..=150).for_each(|n| drop(scene.alice.say(&scene.room, &n.to_string())));
    scene.homeserver.all_pushed().await;
    let sizes: Vec<usize> =
        scene.appservice.got().iter().map(|(_, body)| body["events"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [1, 100, 50]);
    assert_eq!(scene.appservice.words(), (0..=150).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_repeated_body_is_made_anew_and_what_came_meanwhile_follows_one_by_one() {
    let scene = scene().await;
    scene.appservice.mode(Mode::Status(500));
    let secret = scene.alice.say(&scene.room, "secret");
    scene.alice.types(&scene.room, true);
    scene.came(1).await;
    scene.homeserver.until("it counts as down", |h| h.pushed().last().is_some_and(|p| !p.accepted)).await;
    scene.alice.redact(&scene.room, &secret);
    scene.alice.say(&scene.room, "after");
    scene.appservice.mode(Mode::Status(200));
    scene.homeserver.all_pushed().await;
    let got = scene.appservice.got();
    assert_eq!(got[0].1["events"][0]["content"]["body"], "secret");
    let last = got.iter().rev().find(|(id, _)| *id == got[0].0).unwrap();
    assert_eq!(last.1["events"][0]["content"], serde_json::json!({}));
    assert_eq!(last.1["ephemeral"], serde_json::json!([]));
    let later: Vec<usize> = got
        .iter()
        .skip_while(|(id, _)| *id == got[0].0)
        .map(|(_, b)| b["events"].as_array().unwrap().len())
        .collect();
    assert_eq!(later, [1, 1]);
}

#[tokio::test]
async fn what_waited_in_memory_is_lost_with_a_restart_and_ids_begin_again_at_one() {
    let scene = scene().await;
    scene.alice.say(&scene.room, "before");
    scene.homeserver.all_pushed().await;
    let highest: u64 = scene.appservice.got().last().unwrap().0.parse().unwrap();
    assert!(highest > 1);
    scene.homeserver.restart(true).await;
    scene.alice.say(&scene.room, "after");
    scene.homeserver.all_pushed().await;
    assert_eq!(scene.appservice.got().last().unwrap().0, "1");

    scene.appservice.mode(Mode::Hang);
    scene.appservice.clear();
    scene.alice.say(&scene.room, "A");
    scene.came(1).await;
    scene.alice.say(&scene.room, "B");
    scene.alice.say(&scene.room, "C");
    scene.homeserver.restart(true).await;
    scene.appservice.mode(Mode::Status(200));
    scene.homeserver.until("nothing happens by itself", |h| h.waiting() == 1).await;
    scene.alice.say(&scene.room, "D");
    scene.homeserver.all_pushed().await;
    // Told to end, it sends again what was under way, under the same ID, once something new came.
    assert_eq!(scene.appservice.words(), ["A", "A", "D"]);
    let ids: Vec<String> = scene.appservice.got().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids[0], ids[1]);
    let bodies: Vec<_> = scene.homeserver.history(&scene.room);
    let words = |event: &serde_json::Value| event["content"]["body"].as_str().map(str::to_owned);
    assert_eq!(bodies.iter().filter_map(words).collect::<Vec<_>>(), ["before", "after", "A", "B", "C", "D"]);
}

#[tokio::test]
async fn killed_it_sends_an_old_id_after_newer_ones() {
    let scene = scene().await;
    scene.appservice.mode(Mode::Hang);
    scene.alice.say(&scene.room, "A");
    scene.came(1).await;
    scene.alice.say(&scene.room, "B");
    scene.homeserver.restart(false).await;
    scene.appservice.mode(Mode::Status(200));
    scene.alice.say(&scene.room, "D");
    scene.came(2).await;
    scene.homeserver.until("D is accepted", |h| h.pushed().last().is_some_and(|p| p.accepted)).await;
    scene.appservice.mode(Mode::Status(500));
    scene.alice.say(&scene.room, "E");
    scene.came(3).await;
    scene.appservice.mode(Mode::Status(200));
    scene.homeserver.all_pushed().await;
    let ids: Vec<u64> = scene.appservice.got().iter().map(|(id, _)| id.parse().unwrap()).collect();
    let [a, d, e, again, last] = ids.as_slice() else { panic!("{ids:?}") };
    assert_eq!((a + 1, a + 2, a, e), (*d, *e, again, last));
    assert_eq!(scene.appservice.words(), ["A", "D", "E", "A", "E"]);
}
