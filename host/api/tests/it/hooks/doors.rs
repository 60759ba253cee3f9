//! Which doors there are is told to nobody who does not know their tokens, and nothing tells the tokens.

use std::{
    io,
    sync::{Arc, Mutex},
};

use reqwest::StatusCode;
use tracing_subscriber::fmt::MakeWriter;

use super::house::House;

#[tokio::test]
async fn an_unknown_tenant_or_adapter_is_answered_exactly_like_a_wrong_token() {
    let house = House::start().await;
    let right = house.path("crm");
    let token = right.rsplit('/').next().unwrap();
    let wrong = format!("{}A", &token[..31]);
    let send = async |method: &str, path: &str| {
        house
            .raw(format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello").as_bytes())
            .await
    };
    let reference = send("POST", &format!("/hooks/acme/crm/{wrong}")).await;
    assert!(reference.starts_with("HTTP/1.1 404"), "{reference}");
    for path in [
        format!("/hooks/acme/none/{token}"),
        format!("/hooks/nobody/crm/{token}"),
        format!("/hooks/acme/plain/{token}"),
        format!("/hooks/ACME/crm/{token}"),
        format!("/hooks/%ff/crm/{token}"),
        format!("/hooks/acme/crm/{token}/"),
        format!("/hooks/acme/crm/{token}x"),
        "/hooks/acme/crm/".to_owned(),
        "/hooks/acme/crm".to_owned(),
        format!("/hooks/{}/crm/{token}", "x".repeat(10_000)),
        "/".to_owned(),
        "/admin/v1/hooks".to_owned(),
    ] {
        assert_eq!(send("POST", &path).await, reference, "{path}");
    }
    let get = send("GET", &format!("/hooks/acme/crm/{wrong}")).await;
    assert_eq!(
        (get.as_str(), send("GET", &format!("/hooks/nobody/crm/{token}")).await),
        (&*reference, get.clone())
    );
    assert_eq!((house.kept().await.len(), house.asked()), (0, 0));
}

#[tokio::test]
async fn a_challenge_of_any_method_is_answered_by_the_adapter_and_not_kept() {
    let house = House::start().await;
    let path = format!("{}?hub.challenge=a%2Fb", house.path("crm"));
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PROPFIND"] {
        let answer = house.request(method, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{method}");
        let url = answer.text().await.unwrap();
        if method != "HEAD" {
            assert_eq!(url, format!("http://{}{path}", house.address), "absolute, and as it was sent");
        }
    }
    assert_eq!(house.kept().await, []);
    assert_eq!((house.hooks.list()[0].received, house.hooks.list()[0].refused), (5, 5));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// All runs on this test's one thread, so its log is all of it.
#[tokio::test]
async fn no_line_of_the_log_holds_a_token() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let house = House::with(patchbay_types::config::HooksConfig::default(), Some(300)).await;
    let path = house.path("crm");
    // Not by a client that has a log of its own.
    let send = async |length: usize, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let whole = format!("{head}{body}");
        if length == body.len() {
            house.raw(whole.as_bytes()).await
        } else {
            house.cut_off(whole.as_bytes()).await
        }
    };
    for (length, body) in
        [(5, "hello"), (6, "forged"), (6, "silent"), (5, "split"), (100, "cut"), (2 << 20, "long")]
    {
        send(length, body).await;
    }
    for _ in 0..20 {
        send(60_000, &"x".repeat(60_000)).await;
    }
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("/hooks/{tenant}/{adapter}/{token}") && log.contains("could not be stored"),
        "{log}"
    );
    assert!(!log.contains(path.rsplit('/').next().unwrap()), "{log}");
}
