//! Answers that are too much, too slow or without end: they end in time and in memory.

use std::{io::Write as _, time::Duration};

use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use patchbay_storage::{DeliveryState, StepState, Subject};
use serde_json::{Value, json};

use crate::{
    alone::is_alone,
    errands::{Granted, acme, ask, attempts, by, delivery, get, parked, step, told, with},
    played::{Server, answer},
};

const TEN: &str = "xxxxxxxxxx";

/// What is said, and what then is said again and again.
fn endless(path: &str) -> Option<(&'static str, &'static str)> {
    Some(match path {
        "/plain" => ("HTTP/1.1 200 OK\r\n\r\n", TEN),
        "/chunked" => ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "a\r\nxxxxxxxxxx\r\n"),
        "/announced" => ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", TEN),
        "/failed" => ("HTTP/1.1 500 No\r\n\r\n", TEN),
        "/continue" => ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        "/hints" => ("", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
        "/processing" => ("", "HTTP/1.1 102 Processing\r\n\r\n"),
        "/fields" => ("HTTP/1.1 200 OK\r\n", "x-a: y\r\n"),
        "/field" => ("HTTP/1.1 200 OK\r\nx-a: ", TEN),
        "/reason" => ("HTTP/1.1 200 ", TEN),
        "/version" => ("HTTP", "////////"),
        "/trailers" => ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "x-a: y\r\n"),
        "/extension" => ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", TEN),
        "/empty-lines" => ("", "\r\n"),
        _ => return None,
    })
}

/// What a read and what an effect is told. An effect that was answered with success is done: its answer is empty.
const ALL: [(&str, &str, &str); 19] = [
    ("/plain", "too-large", "200"),
    ("/chunked", "too-large", "200"),
    ("/announced", "too-large", "200"),
    ("/failed", "too-large", "too-large"),
    ("/bomb", "too-large", "200"),
    ("/continue", UNKNOWN, UNKNOWN),
    ("/hints", UNKNOWN, UNKNOWN),
    ("/processing", UNKNOWN, UNKNOWN),
    ("/fields", UNKNOWN, UNKNOWN),
    ("/field", UNKNOWN, UNKNOWN),
    ("/reason", UNKNOWN, UNKNOWN),
    ("/version", UNKNOWN, UNKNOWN),
    ("/empty-lines", UNKNOWN, UNKNOWN),
    ("/trailers", UNKNOWN, "200"),
    ("/extension", UNKNOWN, "200"),
    ("/silent", UNKNOWN, UNKNOWN),
    ("/slow-head", UNKNOWN, UNKNOWN),
    ("/slow-body", UNKNOWN, "200"),
    ("/slow-chunks", UNKNOWN, "200"),
];

const UNKNOWN: &str = "unknown-outcome";

/// A gibibyte of zeros in a mebibyte: one block, again and again.
fn bomb() -> Vec<u8> {
    let (mut deflate, mut block) = (Compress::new(Compression::best(), false), Vec::with_capacity(1 << 16));
    deflate.compress_vec(&vec![0; 1 << 20], &mut block, FlushCompress::Full).unwrap();
    let mut empty = GzEncoder::new(Vec::new(), Compression::best());
    empty.flush().unwrap();
    let head = empty.finish().unwrap();
    [&head[..10], &block.repeat(1024)].concat()
}

async fn server() -> Server {
    let bomb = answer("200 OK", &[("content-encoding", "gzip")], &bomb());
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    Server::playing(move |mut peer| {
        let bomb = bomb.clone();
        async move {
            let Some(request) = peer.request().await else { return };
            let path = request.split(' ').nth(1).unwrap();
            if let Some((start, again)) = endless(path) {
                let mut listening = peer.say(start).await;
                while listening {
                    listening = peer.say(again.repeat(1000)).await;
                }
                return;
            }
            if path == "/full" {
                peer.say(answer("200 OK", &[("connection", "close")], &vec![0xff; 4 << 20])).await;
                return;
            }
            let (start, byte) = match path {
                "/bomb" => (&bomb[..], ""),
                "/silent" => (&b""[..], "H"),
                "/slow-head" => (&b"HTTP/1.1 200 OK\r\nx-a: "[..], "x"),
                "/slow-body" => (&b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n"[..], "x"),
                _ => (&b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"[..], "1\r\nx\r\n"),
            };
            let mut listening = peer.say(start).await;
            while listening {
                // As slow as it says.
                tokio::time::sleep(Duration::from_secs(1)).await;
                listening = peer.say(byte).await;
            }
        }
    })
    .await
}

fn within(millis: u32, errand: Value) -> Value {
    with(errand, json!({ "timeout": millis }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_flood_ends_within_its_time_and_its_bytes_and_costs_the_host_no_memory() {
    if !is_alone("limits::floods::a_flood_ends_within_its_time_and_its_bytes_and_costs_the_host_no_memory") {
        return;
    }
    let server = server().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"]).limits("time = '1m'")).await;
    told(&mut house, "$first", &[within(100, get(&server.url("/silent")))]).await;
    let before = resident();
    for (path, read, effect) in ALL {
        // What ends by its size has time enough for that.
        let time = if read == "too-large" { 30_000 } else { 300 };
        let errands =
            [get(&server.url(path)), step("s", &server.url(path), "x")].map(|one| within(time, one));
        let told = told(&mut house, &format!("${path}"), &errands).await;
        assert_eq!((told[0].answer.as_str(), told[1].answer.as_str()), (read, effect), "{path}: {told:?}");
        assert_eq!(told[1].bytes, 0);
    }
    // What was asked and answered is kept for a replay, and not all of it.
    let large = with(
        by("post", "http://not.granted"),
        json!({ "body": [{ "repeat": ["x", 900_000] }], "times": 100 }),
    );
    let refused = told(&mut house, "$refused", &[large]).await;
    assert!(refused.iter().all(|told| told.answer == "denied"));
    let full = told(&mut house, "$full", &[with(get(&server.url("/full")), json!({ "times": 50 }))]).await;
    assert!(full.iter().all(|told| told.bytes == 4 << 20));
    let more = resident().saturating_sub(before);
    assert!(more < 100 << 20, "{} MiB", more >> 20);
    house.stop().await;
}

/// The most memory that this process had at once.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    most.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_effect_whose_refusal_is_too_large_is_set_aside_as_sent_and_its_lane_goes_on() {
    let server = server().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    for (id, path) in [("$1", "/failed"), ("$2", "/plain")] {
        ask(&mut house, "!a:h", id, &[step("s", &server.url(path), "x")], false).await;
    }
    house.settled().await;
    let dead = delivery(&house, "$1").await;
    assert_eq!((dead.state, parked(&house).await.len()), (DeliveryState::Dead, 1));
    assert_eq!(attempts(&house, "$1").await[0][0].answer, "too-large");
    // Nobody knows whether it was done: whoever replays it is told that it is not the first.
    let journal = house.store.journal(Subject::Delivery(dead.id)).await.unwrap();
    assert_eq!(journal[0].state, StepState::Sent);
    assert_eq!(delivery(&house, "$2").await.state, DeliveryState::Done);
    assert_eq!(server.requests().len(), 2);
    house.stop().await;
}
