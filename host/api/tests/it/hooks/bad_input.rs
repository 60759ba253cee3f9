//! Forged, cut off, too large, too many: what is refused leaves no trace on disk.

use patchbay_types::{config::HooksConfig, units::Bytes};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::house::{House, LIMIT};

#[tokio::test]
async fn a_forged_webhook_is_answered_by_its_adapter_and_leaves_nothing_behind() {
    let house = House::start().await;
    let answer = house.post(Some("w1"), "forged").await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.kept().await, []);
    // Its name is not taken by it: the real one is kept.
    assert_eq!(house.post(Some("w1"), "real").await.status(), StatusCode::ACCEPTED);
    assert_eq!(house.kept().await.len(), 1);
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_never_kept_and_no_adapter_sees_it() {
    let house = House::start().await;
    for head in ["content-length: 100\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let answer = house
            .cut_off(format!("POST {} HTTP/1.1\r\nhost: x\r\n{head}", house.path("crm")).as_bytes())
            .await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    assert_eq!((house.kept().await.len(), house.asked()), (0, 0));
    assert_eq!(house.hooks.list()[0].turned_away, 2);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_it_is_announced_or_not() {
    let house = House::start().await;
    let announced = house.post(None, &"x".repeat(LIMIT + 1)).await;
    assert_eq!(announced.status(), StatusCode::PAYLOAD_TOO_LARGE);

    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head =
        format!("POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", house.path("crm"));
    stream.write_all(head.as_bytes()).await.unwrap();
    let half = LIMIT / 2 + 1;
    let chunk = [format!("{half:x}\r\n").as_bytes(), &vec![b' '; half], b"\r\n"].concat();
    for _ in 0..2 {
        stream.write_all(&chunk).await.unwrap();
    }
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!((house.kept().await.len(), house.asked()), (0, 0));

    assert_eq!(house.post(None, &"x".repeat(LIMIT)).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let house = House::start().await;
    let request = house.request("POST", &house.path("crm")).header("x-long", "x".repeat(40_000));
    let status = request.send().await.unwrap().status();
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(house.asked(), 0);
}

#[tokio::test]
async fn more_than_the_rate_is_429_and_told_when_to_come_again_and_other_doors_stay_open() {
    let config = HooksConfig { rate: 1, burst: 2, body: Bytes::mib(1), ..HooksConfig::default() };
    let house = House::with(config, None).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = house.post(None, "hello").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.headers()["retry-after"], "1");
        }
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses[..3], [202; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = house.request("POST", &house.path("plain")).body("hello").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_answer_that_is_none_is_not_passed_on() {
    let house = House::start().await;
    let informational = house.post(None, "informational").await;
    assert_eq!(
        (informational.status(), &informational.headers()["x-mine"]),
        (StatusCode::OK, &"1".parse().unwrap())
    );
    let split = house.post(None, "split").await;
    assert_eq!(split.status(), StatusCode::OK);
    assert!(!split.headers().contains_key("x-evil") && !split.headers().contains_key("x-split"));
    assert_eq!(split.headers()["x-mine"], "1");
    assert_eq!(house.kept().await.len(), 2, "what the adapter wants is kept, however it says so");
}

#[tokio::test]
async fn a_full_disk_is_no_success_and_what_was_answered_is_all_there() {
    let house = House::with(HooksConfig::default(), Some(300)).await;
    let large = "x".repeat(60_000);
    let mut kept = 0;
    let refused = loop {
        let answer = house.post(Some(&format!("w{kept}")), &large).await;
        if answer.status() != StatusCode::ACCEPTED {
            break answer;
        }
        kept += 1;
        assert!(kept < 100, "the disk is never full");
    };
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(kept > 0);
    assert_eq!(house.kept().await.len(), kept);
}
