//! Answers that are none: what the component is told of each, and that an effect which may have happened is looked at by a
//! second attempt and not lost.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use patchbay_storage::{DeliveryState, StepState, Subject};
use serde_json::json;

use crate::{
    errands::{Granted, acme, ask, attempts, delivery, get, parked, step, told, with},
    played::{Server, ok},
};

const MINUTE: u64 = 60_000;

/// No answer, whatever was asked: cut before its body begins, contradictory, or none of HTTP.
const NONE: [&str; 18] = [
    "",
    "HTTP/1.1",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\nbroken",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nab",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nab",
    "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nab",
    "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nx a: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx-a: b\0c\r\n\r\n",
    "HTTP/1.1 2OO OK\r\n\r\n",
    "HTTP/1.1 99 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/9.9 200 OK\r\n\r\n",
    "SSH-2.0-OpenSSH_9.9\r\n",
    "<html>\r\n\r\n",
    "HTTP/1.1 500 No\r\ncontent-length: 10\r\n\r\nfive.",
];

/// Success, and then no whole body.
const CUT: [&str; 9] = [
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive.",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfive.\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfiv",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\nx",
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x08\x08\x00",
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain",
];

/// Says to `/<n>` the nth of these, to whoever comes first, and something good to those after.
async fn server(broken: &'static [&'static str]) -> Server {
    let asked = Arc::new(Mutex::new(HashSet::new()));
    Server::playing(move |mut peer| {
        let asked = Arc::clone(&asked);
        async move {
            while let Some(request) = peer.request().await {
                let path = request.split(' ').nth(1).unwrap().to_owned();
                let n: usize = path.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
                if asked.lock().unwrap().insert(path) {
                    peer.say(broken[n]).await;
                    return;
                }
                peer.say(ok("good")).await;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_answer_that_is_not_whole_is_an_unknown_outcome() {
    let all: &[&str] = [&NONE[..], &CUT].concat().leak();
    let server = server(all).await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let errands: Vec<_> = (0..all.len()).map(|n| get(&server.url(&format!("/read{n}")))).collect();
    for (n, told) in told(&mut house, "$reads", &errands).await.iter().enumerate() {
        assert_eq!(told.answer, "unknown-outcome", "{:?}: {told:?}", all[n]);
        assert!(!told.detail.contains("/read"), "{told:?}");
    }
    assert_eq!(server.requests().len(), all.len(), "nothing was sent twice");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_effect_without_an_answer_is_tried_again_by_an_attempt_that_knows() {
    let server = server(&NONE).await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    for (n, said) in NONE.iter().enumerate() {
        let (id, url) = (format!("${n}"), server.url(&format!("/{n}")));
        ask(&mut house, "!a:h", &id, &[step("s", &url, "x"), get(&url)], false).await;
        house.until("the first attempt has failed", async || !attempts(&house, &id).await.is_empty()).await;
        let waiting = delivery(&house, &id).await;
        assert_eq!((waiting.state, waiting.attempt), (DeliveryState::Pending, 1), "{said:?}");
        let journal = house.store.journal(Subject::Delivery(waiting.id)).await.unwrap();
        assert_eq!(journal[0].state, StepState::Sent, "{said:?}");
        house.clock.advance(16 * MINUTE);
        house.settled().await;
        let attempts = attempts(&house, &id).await;
        assert_eq!((attempts[0][0].answer.as_str(), attempts[0].len()), ("unknown-outcome", 1));
        assert!(attempts[1].iter().all(|told| (told.answer.as_str(), told.attempt) == ("200", 2)));
    }
    assert_eq!(parked(&house).await, Vec::<String>::new());
    assert_eq!(server.requests().len(), 3 * NONE.len());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_effect_that_was_answered_with_success_is_done_whatever_became_of_the_words_about_it() {
    let server = server(&CUT).await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    for (n, said) in CUT.iter().enumerate() {
        let id = format!("${n}");
        ask(&mut house, "!a:h", &id, &[step("s", &server.url(&format!("/{n}")), "x")], false).await;
        house.settled().await;
        let told = attempts(&house, &id).await.concat();
        assert_eq!(told.len(), 1, "{said:?}: {told:?}");
        assert_eq!((told[0].answer.as_str(), told[0].bytes), ("200", 0), "{said:?}");
        assert_eq!(delivery(&house, &id).await.state, DeliveryState::Done);
    }
    assert_eq!((server.requests().len(), parked(&house).await), (CUT.len(), vec![]), "each was sent once");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_follows_an_answer_on_its_connection_answers_nobody_else() {
    const MORE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    let server = Server::playing(|mut peer| async move {
        while let Some(request) = peer.request().await {
            let said = if request.contains("/long") {
                format!("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nfive.{MORE}")
            } else if request.contains("/both") {
                format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n{MORE}")
            } else if request.contains("/none") {
                format!("HTTP/1.1 204 None\r\ncontent-length: 0\r\n\r\n{MORE}")
            } else {
                "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood".to_owned()
            };
            peer.say(said).await;
        }
    })
    .await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let mut errands = Vec::new();
    for _ in 0..20 {
        for path in ["/long", "/good", "/both", "/good", "/none", "/good"] {
            errands.push(with(get(&server.url(path)), json!({})));
        }
    }
    let told = told(&mut house, "$1", &errands).await;
    for (n, told) in told.iter().enumerate() {
        let wanted =
            [("200", "fiv"), ("200", "good"), ("200", "four"), ("200", "good"), ("204", ""), ("200", "good")]
                [n % 6];
        let whole = (told.answer.as_str(), told.detail.as_str()) == wanted;
        // A connection that was given up under a request leaves that one's outcome unknown, and answers it with nothing.
        assert!(whole || told.answer == "unknown-outcome", "{n}: {told:?}");
        assert!(!told.detail.contains("evil"), "{n}: {told:?}");
    }
    assert!(told.iter().filter(|told| told.detail == "good").count() > 30, "{told:?}");
    house.stop().await;
}
