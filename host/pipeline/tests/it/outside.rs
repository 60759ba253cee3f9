//! What an adapter does outside is done once, whatever fails in between; and a CRM that is down costs nobody anything.

use std::sync::Arc;

use patchbay_plugin::{Chain, Slot};
use patchbay_storage::ParkedFilter;
use patchbay_types::AdapterName;
use serde_json::json;

use crate::{
    crm::{Act, Crm},
    house::{House, chain, load_bytes, root, tenant, text},
};

pub(crate) const ROOMS: &str = "link = ['!a:h', '!b:h', '!c:h', '!d:h', '!e:h']";
pub(crate) const MINUTE: u64 = 60_000;

pub(crate) fn file(crm: &Crm) -> String {
    file_with(crm, &tenant(ROOMS, &json!({ "default": [{ "adapter": "crm" }] })))
}

/// The tenant's file, with the CRM behind what it says already.
pub(crate) fn file_with(crm: &Crm, tenant: &str) -> String {
    let address = crm.address;
    format!(
        "{tenant}\n[adapters.crm]\ncomponent = 'adapter-webhook'\nconcurrency = 2\n\
         grants = {{ secrets = ['webhook'], http = [{{ url = 'http://{address}', addresses = ['127.0.0.1'] }}] }}\n\
         settings = {{ url = 'http://{address}/' }}\n\
         [secrets.webhook]\nfrom = {{ file = 'webhook.secret' }}\nhosts = ['http://{address}']\nsign = true\n",
    )
}

pub(crate) async fn house(crm: &Crm) -> House {
    house_of(file(crm)).await
}

/// A house whose tenant has this file.
pub(crate) async fn house_of(file: String) -> House {
    let house = House::new(&[("acme", file)]).await;
    std::fs::write(house.dir.path().join("webhook.secret"), "a secret between the two").unwrap();
    house
}

pub(crate) async fn say(house: &mut House, room: &str, words: &[&str]) {
    for words in words {
        let event = text(&format!("!{room}:h"), &format!("${room}-{words}"), "@alice:h", words);
        house.send(&[event]).await;
    }
}

/// The tenant's next generation, whose adapter is of other bytes.
fn swapped(crm: &Crm) -> Arc<Chain> {
    let mut chain = Arc::into_inner(chain("acme", &file(crm), 2)).unwrap();
    let name = AdapterName::from("crm");
    let mut bytes = std::fs::read(root().join("target/guests/adapter-webhook.wasm")).unwrap();
    // A custom section of no meaning.
    bytes.extend([0, 3, 1, b'x', b'2']);
    let old = &chain.adapters[&name];
    let new = Slot {
        name: Arc::clone(&old.name),
        component: old.component.clone(),
        plugin: load_bytes(bytes, &chain.config.adapters[&name]),
        on_fault: old.on_fault.clone(),
        fallback: None,
    };
    assert_ne!(new.plugin.digest(), old.plugin.digest());
    chain.adapters.insert(name, Arc::new(new));
    Arc::new(chain)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_message_goes_out_as_named_steps_and_arrives_once() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    say(&mut house, "a", &["one", "two"]).await;
    house.settled().await;
    assert_eq!(crm.requests(), ["contact.upsert", "ticket.open", "message.append", "message.append"]);
    assert_eq!(crm.words(), ["one", "two"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_answered_before_a_crash_is_not_sent_again_after_it() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.next("message.append", Act::DoAndHang);
    say(&mut house, "a", &["one"]).await;
    house.until("the message is on its way", async || crm.requests().len() == 3).await;
    let house = house.crashed(&[("acme", file(&crm))]).await;
    house.settled().await;
    let all = ["contact.upsert", "ticket.open", "message.append", "message.append"];
    assert_eq!(crm.requests(), all, "only what was never answered is sent again");
    assert_eq!(crm.keys("message.append"), 1, "and under the same key");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_adapter_that_is_swapped_between_two_attempts_goes_on_where_the_old_one_stopped() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.next("ticket.open", Act::Refuse(503, None));
    say(&mut house, "a", &["one"]).await;
    house.until("the first attempt has failed", async || crm.requests().len() == 2).await;
    // The clock stands still: no pause is over. A new generation is tried all the same.
    house.chains.swap(swapped(&crm));
    house.settled().await;
    let all = ["contact.upsert", "ticket.open", "ticket.open", "message.append"];
    assert_eq!(crm.requests(), all, "the contact was answered to the old one");
    assert_eq!(crm.words(), ["one"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_crm_that_is_down_is_looked_after_by_one_and_then_every_lane_goes_on_in_its_order() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.be_down(true);
    for room in ["a", "b", "c", "d", "e"] {
        say(&mut house, room, &["one", "two", "three"]).await;
    }
    house.until("it was found down", async || !crm.requests().is_empty()).await;
    house
        .until("all that is decided waits", async || house.store.counts().await.unwrap().events.count == 0)
        .await;
    let first = crm.requests().len();
    assert!(first <= 2, "no more than were on their way together: {first}");
    for n in 1..=3 {
        house.clock.advance(16 * MINUTE);
        house.until("somebody looked", async || crm.requests().len() == first + n).await;
    }
    crm.be_down(false);
    house.clock.advance(16 * MINUTE);
    house.settled().await;
    let words = crm.words();
    assert_eq!(words.len(), 15);
    for room in ["one", "two", "three"] {
        assert_eq!(words.iter().filter(|words| *words == room).count(), 5);
    }
    let counts = house.store.counts().await.unwrap();
    assert_eq!(counts.parked, []);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_crm_that_asks_for_a_pause_gets_it() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.next("message.append", Act::Refuse(503, Some(600)));
    say(&mut house, "a", &["one"]).await;
    house.until("it has asked", async || crm.requests().len() == 3).await;
    house.clock.advance(599_000);
    // Another conversation waits with it.
    say(&mut house, "b", &["one"]).await;
    house.until("it is decided", async || house.store.counts().await.unwrap().events.count == 0).await;
    assert_eq!(crm.requests().len(), 3);
    house.clock.advance(2_000);
    house.settled().await;
    assert_eq!(crm.words(), ["one", "one"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_dead_letter_keeps_its_journal_and_a_replay_does_only_the_rest() {
    let crm = Crm::start().await;
    let mut house = house(&crm).await;
    crm.next("ticket.open", Act::Refuse(422, None));
    say(&mut house, "a", &["one", "two"]).await;
    house.settled().await;
    let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    let parked = house.store.parked(&filter).await.unwrap().remove(0);
    assert_eq!(crm.words(), ["two"], "its lane goes on");
    let before = crm.requests().len();
    assert!(house.pipeline.replay(parked.id).await.unwrap().is_some());
    house.settled().await;
    let rest = crm.requests().split_off(before);
    assert_eq!(rest.iter().filter(|kind| *kind == "contact.upsert").count(), 0, "{rest:?}");
    assert_eq!(crm.words(), ["two", "one"]);
    house.stop().await;
}
