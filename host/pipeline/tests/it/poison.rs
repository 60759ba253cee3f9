//! One customer's trouble is not another's.

use patchbay_storage::ParkedFilter;

use crate::{
    crm::Crm,
    house::text,
    outside::{MINUTE, house, say},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn words_that_break_the_crm_hold_up_their_own_conversation_and_are_set_aside_in_the_end() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.cannot_bear("poison");
    say(&mut house, "a", &["poison", "after"]).await;
    let tries = || crm.asked("message.append").iter().filter(|words| *words == "poison").count();
    house.until("it has failed", async || tries() == 1).await;
    // At first nobody can tell: all wait, and somebody else looks.
    let mut said = Vec::new();
    let given_up = || crm.words().contains(&"after".to_owned());
    for n in 0.. {
        if given_up() {
            break;
        }
        let words = format!("b{n}");
        say(&mut house, "b", &[&words]).await;
        said.push(words);
        house
            .until("the other one goes on", async || {
                house.clock.advance(MINUTE);
                crm.words().iter().filter(|words| words.starts_with('b')).count() == said.len()
            })
            .await;
        let before = tries();
        house
            .until("it is tried once more, or given up", async || {
                house.clock.advance(MINUTE);
                tokio::task::yield_now().await;
                tries() > before || given_up()
            })
            .await;
    }
    house.settled().await;
    let mut words = crm.words();
    words.retain(|words| words != "after");
    assert_eq!(words, said, "in their order, without a gap");
    let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    let parked = house.store.parked(&filter).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].reason.contains("while others were answered"), "{}", parked[0].reason);
    assert!(tries() <= 40, "{} times", tries());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn where_nobody_else_writes_the_adapter_is_asked_whether_anybody_is_there() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.cannot_bear("poison");
    say(&mut house, "a", &["poison", "after"]).await;
    house
        .until("the words are given up and the conversation goes on", async || {
            house.clock.advance(MINUTE);
            tokio::task::yield_now().await;
            crm.words() == ["after"]
        })
        .await;
    assert!(crm.requests().iter().any(|kind| kind == "ping"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_person_who_begins_two_conversations_at_once_is_made_once() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    let rooms = ["a", "b", "c", "d", "e"];
    let events = rooms.map(|room| text(&format!("!{room}:h"), &format!("${room}"), "@alice:h", room));
    house.send(&events).await;
    house.settled().await;
    assert_eq!(crm.asked("contact.upsert").len(), 1);
    assert_eq!(crm.words().len(), rooms.len());
    house.stop().await;
}
