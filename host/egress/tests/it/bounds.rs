//! Servers that send too much, too slowly, or without end.

use std::{io::Write as _, time::Instant};

use flate2::{Compression, write::GzEncoder};
use patchbay_egress::{Failure, Response};
use patchbay_types::units::Bytes;

use crate::{
    house::{House, body, get, post, send, unknown, within},
    outside::{Server, answer},
};

/// Says `start`, and then `again` for as long as anybody listens.
async fn without_end(start: &'static str, again: &'static str) -> Server {
    Server::playing(move |mut peer| async move {
        peer.request().await;
        let mut listening = peer.say(start).await;
        while listening {
            listening = peer.say(again.repeat(100)).await;
        }
    })
    .await
}

/// What became of a request, by a house that takes a thousand bytes.
async fn asked(server: &Server) -> Result<Response, Failure> {
    let outlet = House::to(server).set(|config| config.response = Bytes(1000)).outlet();
    send(&outlet, get(&server.url("/"))).await
}

/// The same for a request that has a second and a half.
async fn hurried(server: &Server) -> Result<Response, Failure> {
    let outlet = House::to(server).set(|config| config.response = Bytes(1000)).outlet();
    let began = Instant::now();
    let answer = send(&outlet, within(get(&server.url("/")), 1_500)).await;
    assert!(began.elapsed().as_secs() < 15, "it ends within its time");
    answer
}

#[tokio::test]
async fn an_answer_up_to_the_bound_is_taken_and_one_byte_more_is_too_large() {
    for (size, taken) in [(1000, true), (1001, false)] {
        let server = Server::answering(move |_| answer("200 OK", &[], &vec![b'x'; size])).await;
        assert_eq!(asked(&server).await.is_ok(), taken);
        let server = Server::playing(move |mut peer| async move {
            peer.request().await;
            peer.say(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(size))).await;
        })
        .await;
        let answer = asked(&server).await;
        if taken {
            assert_eq!(answer.unwrap().body.len(), size)
        } else {
            assert_eq!(answer, Err(Failure::TooLarge(1000)))
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_too_large() {
    let plain = without_end("HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxxxx").await;
    assert_eq!(asked(&plain).await, Err(Failure::TooLarge(1000)));
    let chunked =
        without_end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "a\r\nxxxxxxxxxx\r\n").await;
    assert_eq!(asked(&chunked).await, Err(Failure::TooLarge(1000)));
    let announced = without_end("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", "x").await;
    assert_eq!(asked(&announced).await, Err(Failure::TooLarge(1000)));
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_answer_is_decompressed_and_measured_afterwards() {
    let small =
        Server::answering(|_| answer("200 OK", &[("content-encoding", "gzip")], &zipped(&[b'x'; 900]))).await;
    assert_eq!(body(asked(&small).await), "x".repeat(900));
    assert!(small.requests()[0].contains("accept-encoding: gzip\r\n"));
    let bomb = zipped(&vec![0; 50 << 20]);
    assert!(bomb.len() < 100_000);
    let server = Server::answering(move |_| answer("200 OK", &[("content-encoding", "gzip")], &bomb)).await;
    assert_eq!(asked(&server).await, Err(Failure::TooLarge(1000)));
}

#[tokio::test]
async fn one_byte_at_a_time_is_no_way_around_the_time() {
    let drip = |start: &'static str| {
        Server::playing(move |mut peer| async move {
            peer.request().await;
            let mut listening = peer.say(start).await;
            while listening {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                listening = peer.say("x").await;
            }
        })
    };
    for start in ["", "HTTP/1.1 200 OK\r\nx-a: ", "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n"] {
        unknown(hurried(&drip(start).await).await);
    }
}

#[tokio::test]
async fn a_flood_of_interim_answers_ends() {
    for interim in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"] {
        unknown(hurried(&without_end("", interim).await).await);
    }
}

#[tokio::test]
async fn a_flood_of_header_fields_ends() {
    unknown(hurried(&without_end("HTTP/1.1 200 OK\r\n", "x-a: y\r\n").await).await);
    unknown(hurried(&without_end("HTTP/1.1 200 OK\r\nx-a: ", "yyyyyyyyyy").await).await);
    unknown(hurried(&without_end("HTTP/1.1 200 ", "OKOKOKOKOK").await).await);
    let trailers = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
    unknown(hurried(&without_end(trailers, "x-a: y\r\n").await).await);
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_not_sent() {
    let server = Server::trap().await;
    let outlet = House::to(&server).set(|config| config.request = Bytes(10)).outlet();
    assert_eq!(send(&outlet, post(&server.url("/"), "12345678901")).await, Err(Failure::TooLarge(10)));
    assert_eq!(server.connections(), 0);
    assert!(send(&outlet, post(&server.url("/"), "1234567890")).await.is_ok());
}
