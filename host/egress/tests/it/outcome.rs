//! "Repeat it" or "look first": which of the two follows from whether anything was sent.

use std::time::Instant;

use patchbay_egress::Failure;
use patchbay_types::units::Span;
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    house::{House, body, get, post, send, unknown, unreachable, within},
    outside::{Server, answer, ok},
};

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?query", listener.local_addr().unwrap());
    drop(listener);
    let outlet = House::new().granting(url.split("/path").next().unwrap(), &["127.0.0.1"]).outlet();
    let why = unreachable(send(&outlet, post(&url, "x")).await);
    assert!(!why.contains("path") && !why.contains("query"), "{why}");
}

#[tokio::test]
async fn a_server_that_takes_the_request_and_hangs_up_leaves_the_outcome_unknown() {
    let server = Server::playing(|mut peer| async move { drop(peer.request().await) }).await;
    let outlet = House::to(&server).outlet();
    for request in [post(&server.url("/"), "x"), get(&server.url("/"))] {
        unknown(send(&outlet, request).await);
    }
    assert_eq!(server.requests().len(), 2, "nothing was sent twice");
}

#[tokio::test]
async fn a_server_that_never_answers_leaves_the_outcome_unknown_when_the_time_is_over() {
    let server = Server::playing(|mut peer| async move {
        peer.request().await;
        std::future::pending::<()>().await;
    })
    .await;
    let outlet = House::to(&server).outlet();
    let began = Instant::now();
    let why = unknown(send(&outlet, within(post(&server.url("/"), "x"), 1_000)).await);
    assert!(why.contains("1s") && began.elapsed().as_secs() < 15, "{why}");
}

#[tokio::test]
async fn a_request_cannot_ask_for_more_time_than_is_configured() {
    let server = Server::playing(|mut peer| async move {
        peer.request().await;
        std::future::pending::<()>().await;
    })
    .await;
    let outlet = House::to(&server).set(|config| config.timeout = Span::millis(1_000)).outlet();
    let began = Instant::now();
    unknown(send(&outlet, within(get(&server.url("/")), 60_000)).await);
    assert!(began.elapsed().as_secs() < 15);
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_in_time_is_unreachable() {
    // The handshake of TLS never ends, so nothing of the request can have left.
    let server = Server::playing(|_peer| std::future::pending()).await;
    let url = format!("https://{}/", server.address);
    let slow = House::new().granting(&url, &["127.0.0.1"]);
    unreachable(send(&slow.outlet(), within(post(&url, "x"), 1_000)).await);
    let impatient = slow.set(|config| config.connect_timeout = Span::millis(1_000));
    let began = Instant::now();
    unreachable(send(&impatient.outlet(), get(&url)).await);
    assert!(began.elapsed().as_secs() < 15);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_unreachable() {
    let server = Server::playing(|mut peer| async move {
        peer.say(ok("no handshake")).await;
    })
    .await;
    let url = format!("https://{}/", server.address);
    unreachable(send(&House::new().granting(&url, &["127.0.0.1"]).outlet(), post(&url, "x")).await);
}

#[tokio::test]
async fn waiting_for_a_place_counts_and_sends_nothing() {
    let server = Server::playing(|mut peer| async move {
        peer.request().await;
        std::future::pending::<()>().await;
    })
    .await;
    let house = House::to(&server).set(|config| config.concurrency = 1);
    let egress = house.egress();
    let (one, next_generation) =
        (house.outlet_of(&egress, "acme", "crm"), house.outlet_of(&egress, "acme", "crm"));
    let first = within(post(&server.url("/"), "x"), 2_000);
    let second = within(post(&server.url("/"), "x"), 100);
    let (first, second) = tokio::join!(send(&one, first), send(&next_generation, second));
    unknown(first);
    unreachable(second);
    assert_eq!(server.requests().len(), 1);
    // Another adapter has places of its own.
    unknown(send(&house.outlet_of(&egress, "acme", "other"), within(get(&server.url("/")), 1_000)).await);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_is_made_anew() {
    let server = Server::playing(|mut peer| async move {
        peer.request().await;
        // It promises to stay, and goes.
        peer.say(ok("once")).await;
    })
    .await;
    let outlet = House::to(&server).outlet();
    for _ in 0..20 {
        // Either the client saw it go, or the bytes went into the void: then nobody may call it safe to repeat.
        match send(&outlet, post(&server.url("/"), "x")).await {
            Ok(answer) => assert_eq!(answer.body, b"once"),
            Err(failure) => assert!(matches!(failure, Failure::UnknownOutcome(_)), "{failure}"),
        }
    }
}

#[tokio::test]
async fn a_request_that_dies_on_a_kept_connection_is_not_repeated() {
    let server = Server::playing(|mut peer| async move {
        peer.request().await;
        peer.say(ok("first")).await;
        peer.request().await;
    })
    .await;
    let outlet = House::to(&server).outlet();
    assert_eq!(body(send(&outlet, post(&server.url("/"), "1")).await), "first");
    unknown(send(&outlet, post(&server.url("/"), "2")).await);
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_body_leaves_the_outcome_unknown() {
    let server = Server::playing(|mut peer| async move {
        use tokio::io::AsyncReadExt as _;
        let mut part = [0; 1000];
        peer.stream.read_exact(&mut part).await.unwrap();
    })
    .await;
    let outlet = House::to(&server).outlet();
    unknown(send(&outlet, post(&server.url("/"), &"x".repeat(8 << 20))).await);
}

#[tokio::test]
async fn an_early_refusal_is_an_answer() {
    let server = Server::playing(|mut peer| async move {
        peer.request().await;
        peer.say(answer("413 Too Large", &[("connection", "close")], b"no")).await;
    })
    .await;
    let answer = send(&House::to(&server).outlet(), post(&server.url("/"), "x")).await.unwrap();
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_none() {
    for cut in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive.",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfive.\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x08\x08\x00",
        "HTTP/1.1 200 OK\r\nbroken",
        "HTTP/9.9 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "",
    ] {
        let server = Server::playing(move |mut peer| async move {
            peer.request().await;
            peer.say(cut).await;
        })
        .await;
        unknown(send(&House::to(&server).outlet(), post(&server.url("/"), "x")).await);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_frees_its_place() {
    let arrived = std::sync::Arc::new(Notify::new());
    let told = std::sync::Arc::clone(&arrived);
    let server = Server::playing(move |mut peer| {
        let told = std::sync::Arc::clone(&told);
        async move {
            let request = peer.request().await.unwrap();
            if request.contains("hang") {
                told.notify_one();
                std::future::pending::<()>().await;
            }
            peer.say(ok("free")).await;
        }
    })
    .await;
    let outlet = House::to(&server).set(|config| config.concurrency = 1).outlet();
    tokio::select! {
        _ = send(&outlet, get(&server.url("/hang"))) => panic!("it hangs"),
        () = arrived.notified() => {}
    }
    assert_eq!(body(send(&outlet, get(&server.url("/"))).await), "free");
}
