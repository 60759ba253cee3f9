//! A CRM is asked what is new: nothing is lost, nothing is told twice, and nobody else waits for it.

use patchbay_storage::HookState;
use serde_json::json;

use crate::{
    feed::{Feed, file, house, house_of, said, status, until_entered, until_known, webhook},
    house::{House, chain, text},
};

const MINUTE: u64 = 60_000;
/// Within so long a CRM is asked once its chain is there.
const SOON: u64 = 1_000;

async fn until_polled(house: &House, feed: &Feed, times: usize) {
    house.until(&format!("{times} polls"), async || feed.polls() >= times).await;
}

/// Waits until the poll that was asked last is settled.
async fn until_settled(house: &House, failures: u32) {
    house
        .until("the poll is settled", async || {
            let status = status(house);
            status.failures == failures && (failures > 0 || status.last_good.is_some())
        })
        .await;
}

/// Alice writes, and it becomes the ticket `T-<words>`.
async fn ticket(house: &mut House, words: &str) {
    house.send(&[text("!a:h", &format!("$a-{words}"), "@alice:h", words)]).await;
    house.settled().await;
}

/// Something else has happened meanwhile, so what was to happen by itself would have.
async fn meanwhile(house: &House, key: &str) {
    webhook(house, "crm", key, &json!({ "entries": [said(key, "T-none", "x")] })).await;
    until_entered(house, key).await;
}

/// The identifiers of entries that were shown, in the order in which they came.
async fn shown(house: &House) -> Vec<String> {
    let mut actions = house.store.actions_pending(0, 100).await.unwrap();
    actions.sort_by_key(|action| action.id);
    actions.into_iter().map(|action| action.source).filter(|source| !source.starts_with('$')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_is_asked_soon_after_the_start_and_then_at_its_interval_from_where_it_was() {
    let feed = Feed::start().await;
    let house = house(&feed).await;
    feed.page("c1", &[], false);
    house.clock.advance(SOON);
    until_polled(&house, &feed, 1).await;
    until_settled(&house, 0).await;
    house.clock.advance(MINUTE * 11 / 10);
    until_polled(&house, &feed, 2).await;
    assert_eq!(feed.cursors(), [None, Some("c1".into())]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_overlap_make_one_message_each_and_each_says_which_poll_brought_it() {
    let feed = Feed::start().await;
    let mut house = house(&feed).await;
    ticket(&mut house, "one").await;
    feed.page("c1", &[said("e1", "T-one", "first"), said("e2", "T-one", "second")], true);
    feed.page("c2", &[said("e2", "T-one", "second"), said("e3", "T-one", "third")], false);
    house.clock.advance(SOON);
    until_entered(&house, "e3").await;
    assert_eq!(shown(&house).await, ["e1", "e2", "e3"]);
    let (second, third) = (house.store.why("e2").await.unwrap(), house.store.why("e3").await.unwrap());
    assert_eq!((second.polls.len(), third.polls.len()), (1, 1));
    assert_ne!(second.polls[0].id, third.polls[0].id);
    let step = third.traces.iter().flat_map(|trace| &trace.steps).find(|step| step.name == "polling.poll");
    assert_eq!(step.unwrap().input, r#"["c1"]"#);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_but_a_hint_has_the_crm_asked_at_once() {
    let feed = Feed::start().await;
    let mut house = house(&feed).await;
    ticket(&mut house, "one").await;
    house.clock.advance(SOON);
    until_polled(&house, &feed, 1).await;
    until_settled(&house, 0).await;
    feed.page("c1", &[said("e1", "T-one", "there it is")], false);
    house.clock.advance(SOON);
    webhook(&house, "crm", "hint", &json!({ "poll": true })).await;
    until_entered(&house, "e1").await;
    assert_eq!(feed.polls(), 2);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_hangs_holds_up_no_other_adapter_and_its_own_webhooks_come_behind_it() {
    let (slow, quick) = (Feed::start().await, Feed::start().await);
    let adapters = [("slow", slow.adapter("slow", "")), ("quick", quick.adapter("quick", "poll = '0s'"))];
    let house = house_of(file(&adapters)).await;
    slow.hang(true);
    house.clock.advance(SOON);
    until_polled(&house, &slow, 1).await;
    webhook(&house, "slow", "behind", &json!({})).await;
    webhook(&house, "quick", "q", &json!({ "entries": [said("q1", "T-none", "x")] })).await;
    until_entered(&house, "q1").await;
    let state = async |key| house.store.why(key).await.unwrap().hooks[0].state;
    assert_eq!(state("behind").await, HookState::Pending);
    slow.hang(false);
    house.until("its own webhook is read", async || state("behind").await == HookState::Done).await;
    assert_eq!(quick.polls(), 0, "0s is never");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_pass_between_two_pages() {
    let feed = Feed::start().await;
    let mut house = house(&feed).await;
    ticket(&mut house, "one").await;
    feed.page("c1", &[said("p1", "T-one", "a")], true);
    feed.page("c2", &[said("p2", "T-one", "c")], false);
    feed.hang(true);
    house.clock.advance(SOON);
    until_polled(&house, &feed, 1).await;
    webhook(&house, "crm", "w", &json!({ "entries": [said("w1", "T-one", "b")] })).await;
    feed.hang(false);
    until_entered(&house, "p2").await;
    assert_eq!(shown(&house).await, ["p1", "w1", "p2"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_never_stops_telling_more_is_left_alone_after_a_while() {
    let feed = Feed::start().await;
    let house = house(&feed).await;
    feed.always(&json!({ "cursor": "c{n}", "more": true }));
    house.clock.advance(SOON);
    until_polled(&house, &feed, 100).await;
    meanwhile(&house, "m").await;
    assert_eq!(feed.polls(), 100);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_tells_more_and_stands_still_is_asked_once() {
    let feed = Feed::start().await;
    let house = house(&feed).await;
    feed.always(&json!({ "cursor": "c", "more": true }));
    house.clock.advance(SOON);
    until_polled(&house, &feed, 2).await;
    meanwhile(&house, "m").await;
    assert_eq!(feed.cursors(), [None, Some("c".into())]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_survives_a_crash_and_a_swap_and_what_was_not_kept_is_asked_for_again() {
    let feed = Feed::start().await;
    let mut one = house(&feed).await;
    ticket(&mut one, "one").await;
    feed.page("c1", &[said("e1", "T-one", "first")], false);
    one.clock.advance(SOON);
    until_entered(&one, "e1").await;
    // The CRM has told it, and nobody has kept it.
    feed.page("c2", &[said("e2", "T-one", "second")], false);
    feed.hang(true);
    one.clock.advance(2 * MINUTE);
    until_polled(&one, &feed, 2).await;
    let tenants = [("acme", file(&[("crm", feed.adapter("crm", ""))]))];
    let house = one.crashed(&tenants).await;
    until_known(&house).await;
    feed.page("c2", &[said("e1", "T-one", "first"), said("e2", "T-one", "second")], false);
    feed.hang(false);
    house.clock.advance(SOON);
    until_entered(&house, "e2").await;
    assert_eq!(shown(&house).await, ["e1", "e2"]);
    house.chains.swap(chain("acme", &tenants[0].1, 2));
    house.clock.advance(2 * MINUTE);
    until_polled(&house, &feed, 4).await;
    assert_eq!(feed.cursors(), [None, Some("c1".into()), Some("c1".into()), Some("c2".into())]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_connection_is_down_nothing_goes_out_and_a_poll_that_is_answered_lets_deliveries_go() {
    let feed = Feed::start().await;
    let mut house = house(&feed).await;
    feed.be_down(true);
    house.clock.advance(SOON);
    until_settled(&house, 1).await;
    assert!(status(&house).held && status(&house).error.unwrap().1.starts_with("unavailable"));
    house.send(&[text("!a:h", "$a", "@alice:h", "one")]).await;
    house.until("the delivery is held", async || house.pipeline.load().deliveries_held == 1).await;
    // An entry would wait for the delivery, which may be opening its ticket.
    webhook(&house, "crm", "m", &json!({ "entries": [] })).await;
    house.until("a webhook was read", async || !house.store.why("m").await.unwrap().traces.is_empty()).await;
    assert_eq!((feed.polls(), feed.appended().len()), (1, 0));
    feed.be_down(false);
    house.clock.advance(2 * MINUTE);
    house.settled().await;
    until_settled(&house, 0).await;
    assert_eq!(feed.appended(), ["one"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_the_adapter_is_tried_ever_more_rarely_and_its_deliveries_go_on() {
    let feed = Feed::start().await;
    let mut house = house(&feed).await;
    feed.always(&json!({ "cursor": "c", "trap": true }));
    house.clock.advance(SOON);
    until_settled(&house, 1).await;
    assert_eq!(feed.polls(), 2, "a fault is tried twice");
    assert_eq!(house.pipeline.load().breakers_open, 1);
    ticket(&mut house, "one").await;
    assert_eq!((feed.appended(), feed.polls()), (vec!["one".into()], 2));
    house.clock.advance(MINUTE);
    until_settled(&house, 2).await;
    feed.always(&json!({ "cursor": "c" }));
    house.clock.advance(MINUTE);
    until_settled(&house, 0).await;
    assert_eq!(house.pipeline.load().breakers_open, 0);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_asks_for_a_pause_gets_it_whatever_webhooks_say() {
    let feed = Feed::start().await;
    let house = house(&feed).await;
    feed.answer(json!({ "failure": "busy", "retry_after": 5 * MINUTE }));
    house.clock.advance(SOON);
    until_settled(&house, 1).await;
    house.clock.advance(4 * MINUTE);
    webhook(&house, "crm", "hint", &json!({ "poll": true })).await;
    meanwhile(&house, "m").await;
    assert_eq!((feed.polls(), status(&house).held), (1, false));
    house.clock.advance(MINUTE);
    until_polled(&house, &feed, 2).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_alone_does_not_work_holds_up_deliveries_for_no_longer_than_a_probe() {
    let feed = Feed::start().await;
    let mut house = house(&feed).await;
    feed.always(&json!({ "failure": "unavailable" }));
    house.clock.advance(SOON);
    until_settled(&house, 1).await;
    house.clock.advance(MINUTE);
    until_settled(&house, 2).await;
    house.clock.advance(MINUTE);
    until_settled(&house, 3).await;
    assert!(feed.probes() > 0 && !status(&house).held);
    ticket(&mut house, "one").await;
    assert_eq!(feed.appended(), ["one"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_has_no_steps_and_what_it_cannot_do_is_shown() {
    let feed = Feed::start().await;
    let lines = feed.adapter("crm", "") + "steps = true\n";
    let house = house_of(file(&[("crm", lines)])).await;
    house.clock.advance(SOON);
    until_settled(&house, 1).await;
    let (_, error) = status(&house).error.unwrap();
    assert!(error.contains("`poll` is a step"), "{error}");
    assert_eq!((feed.polls(), status(&house).last_good), (0, None));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_be_kept_is_refused_and_the_cursor_stays() {
    let feed = Feed::start().await;
    let house = house(&feed).await;
    let many: Vec<_> = (0..1_001).map(|n| said(&format!("e{n}"), "T-one", "x")).collect();
    feed.page("c1", &many, false);
    house.clock.advance(SOON);
    until_settled(&house, 1).await;
    house.clock.advance(MINUTE);
    until_settled(&house, 0).await;
    assert_eq!(feed.cursors(), [None, None]);
    assert!(house.store.why("e0").await.unwrap().is_empty());
    house.stop().await;
}
