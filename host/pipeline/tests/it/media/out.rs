//! From Matrix to the CRM.

use super::{
    all_of_it, file_event,
    homeserver::Hand::{Cut, Down, Unmeasured, Whole},
    house,
};
use crate::{
    errands::{attempts, delivery, parked},
    house::{House, message},
};
use serde_json::json;

const HELLO: &str = "hello, file";
const ENCODED: &str = "aGVsbG8sIGZpbGU=";

/// Lets time pass until everything is delivered.
async fn delivered(house: &House) {
    house
        .until("all is delivered", async || {
            house.clock.advance(5_000);
            let counts = house.store.counts().await.unwrap();
            counts.events.count == 0 && counts.deliveries.is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messages_file_streams_to_the_crm_with_its_length_whether_the_homeserver_says_it_or_not() {
    for hand in [Whole, Unmeasured] {
        let (mut house, homeserver, crm) = house("").await;
        let url = homeserver.has("f", HELLO);
        homeserver.hands(&[hand.clone(), hand]);
        house.send(&[file_event("$1", &url, "a.txt", &all_of_it(), &crm)]).await;
        house.settled().await;
        assert_eq!(parked(&house).await, [""; 0]);
        let whole = format!("{HELLO}|{ENCODED}|");
        assert_eq!(crm.posted(), [(Some(whole.len().to_string()), whole)]);
        assert_eq!(homeserver.downloads(), ["f Bearer as", "f Bearer as"]);
        house.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_broke_off_is_fetched_whole_before_anything_of_it_is_sent_again() {
    let (mut house, homeserver, crm) = house("").await;
    let url = homeserver.has("f", "x".repeat(100_000));
    // The second time it breaks off before anything was sent.
    homeserver.hands(&[Cut(50_000), Cut(50_000)]);
    house.send(&[file_event("$1", &url, "a.txt", &[json!({ "given": 0 })], &crm)]).await;
    delivered(&house).await;
    assert_eq!(crm.posted(), [(Some("100000".to_owned()), "x".repeat(100_000))]);
    assert_eq!(crm.broken(), 1);
    let told: Vec<_> = attempts(&house, "$1").await.iter().map(|told| told[0].answer.clone()).collect();
    assert_eq!(told, ["unknown-outcome", "unreachable", "200"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_is_down_holds_the_message_and_nothing_was_sent() {
    let (mut house, homeserver, crm) = house("").await;
    let url = homeserver.has("f", HELLO);
    homeserver.hands(&[Down, Down]);
    house.send(&[file_event("$1", &url, "a.txt", &all_of_it(), &crm)]).await;
    delivered(&house).await;
    assert_eq!((crm.posted().len(), crm.broken()), (1, 0));
    let told: Vec<_> = attempts(&house, "$1").await.iter().map(|told| told[0].answer.clone()).collect();
    assert_eq!(told, ["unreachable", "unreachable", "200"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_that_is_gone_or_larger_than_it_said_the_message_goes_on_and_says_so() {
    let (mut house, homeserver, crm) = house("size = '10B'").await;
    let large = homeserver.has("more", HELLO);
    for (n, url, hand, line) in [
        (1, "mxc://h/gone", Whole, "[File: a.txt. Not here, since its server does not have it any more]"),
        (
            2,
            &*large,
            Whole,
            "[File: a.txt (11 bytes). Not here, since files of more than 10 bytes are not passed on]",
        ),
        (
            3,
            &*large,
            Unmeasured,
            "[File: a.txt (11 bytes). Not here, since files of more than 10 bytes are not passed on]",
        ),
    ] {
        homeserver.hands(&[hand]);
        house.send(&[file_event(&format!("${n}"), url, "a.txt", &all_of_it(), &crm)]).await;
        house.settled().await;
        assert_eq!(crm.posted()[n - 1].1, format!("||{line}"));
        assert_eq!(delivery(&house, &format!("${n}")).await.attempt, 2);
    }
    assert_eq!((parked(&house).await.len(), crm.broken()), (0, 0));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_does_not_let_pass_is_never_asked_for() {
    let (mut house, homeserver, crm) = house("size = '10B'\nlinks = true").await;
    let url = homeserver.has("f", HELLO);
    let mut large = file_event("$1", &url, "in\u{202e}txt.pdf", &all_of_it(), &crm);
    large["content"]["info"] = json!({ "size": 11 });
    let mut sealed = file_event("$3", &url, "a.txt", &all_of_it(), &crm);
    let file = json!({ "url": url, "key": {}, "iv": "", "hashes": {}, "v": "v2" });
    sealed["content"].as_object_mut().unwrap().remove("url");
    sealed["content"]["file"] = file;
    house.send(&[large, file_event("$2", &url, "../setup.EXE", &all_of_it(), &crm), sealed]).await;
    house.settled().await;
    let posted = crm.posted();
    let link = "[File: intxt.pdf (11 bytes). Not here, since files of more than 10 bytes are not passed on] https://hooks.example.org/media/acme/";
    assert!(posted[0].1.starts_with(&format!("||{link}")), "{}", posted[0].1);
    assert_eq!(posted[1].1, "||[File: setup.EXE. Not here, since files of this kind are not passed on]");
    assert_eq!(posted[2].1, "||[File: a.txt. Not here, since it is encrypted, and cannot be read here]");
    assert_eq!(homeserver.downloads(), [""; 0]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_message_is_denied_and_so_is_what_is_no_file() {
    let (mut house, homeserver, crm) = house("").await;
    let other = homeserver.has("other", "another customer's");
    let url = homeserver.has("f", HELLO);
    let each = [&*other, "file:///etc/passwd", "/etc/passwd", ""];
    let errands: Vec<_> = each
        .iter()
        .map(|handle| json!({ "method": "post", "url": [{ "text": crm.url }], "body": [{ "file": handle }] }))
        .collect();
    let orders = json!({ "errands": errands, "patient": true }).to_string();
    let content = json!({ "msgtype": "m.file", "body": orders, "filename": "a.txt", "url": url });
    house.send(&[message("!a:h", "$1", "@alice:h", content)]).await;
    house.settled().await;
    let told = attempts(&house, "$1").await.remove(0);
    assert!(told.iter().all(|told| told.answer == "denied"), "{told:?}");
    assert_eq!((crm.posted().len(), homeserver.downloads().len()), (0, 0));
    house.stop().await;
}
