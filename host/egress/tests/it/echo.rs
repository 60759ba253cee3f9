//! Servers that repeat what they were told: the guest reads the answer and learns nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_egress::{Chunk, Failure, Request, Response};

use crate::{
    house::{House, body, get, secret, send, text, unknown, with_header},
    outside::{Server, answer, ok},
};

const SECRET: &str = "k3y/with+odd=chars";

/// The secret in URL, header and body.
fn telling(server: &Server) -> Request {
    let mut request =
        with_header(get(&server.url("/?key=")), "authorization", vec![text("Bearer "), secret("key")]);
    request.url.push(secret("key"));
    request.method = patchbay_egress::Method::Post;
    request.body =
        vec![Chunk::Bytes(b"{".to_vec()), Chunk::Secret("key".to_owned()), Chunk::Bytes(b"}".to_vec())];
    request
}

fn house(server: &Server) -> House {
    House::to(server).secret("key", SECRET, &[&server.url("")])
}

fn all(response: &Response) -> String {
    format!("{:?} {}", response.headers, String::from_utf8_lossy(&response.body))
}

#[tokio::test]
async fn a_secret_is_not_echoed_in_any_form_that_a_server_gives_it() {
    let server = Server::answering(|request| {
        assert!(request.contains(SECRET) && request.contains("k3y%2Fwith%2Bodd%3Dchars"));
        let basic = STANDARD.encode(format!("user:{SECRET}"));
        let json = serde_json::json!({ "whole": request, "basic": basic, "php": SECRET.replace('/', "\\/") });
        let (alone, basic) = (STANDARD.encode(SECRET), format!("Basic {basic}"));
        let headers = [
            ("x-echo", SECRET),
            ("x-basic", basic.as_str()),
            ("x-alone", alone.as_str()),
            (SECRET_AS_NAME, "x"),
        ];
        answer("400 Bad", &headers, json.to_string().as_bytes())
    })
    .await;
    let mut house = house(&server);
    house = house.secret("name", SECRET_AS_NAME, &[&server.url("")]);
    let response = send(&house.outlet(), telling(&server)).await.unwrap();
    let said = all(&response);
    assert!(said.contains("***"), "{said}");
    for form in [SECRET, "k3y%2F", "k3y\\/", &STANDARD.encode(SECRET)[..20], "s3cr3t-in-a-name"] {
        assert!(!said.contains(form), "{form}: {said}");
    }
    // The core of what Basic authentication makes of it, whatever stands before.
    let basic = STANDARD.encode(format!("user:{SECRET}"));
    assert!(!said.contains(&basic[8..28]), "{said}");
}

const SECRET_AS_NAME: &str = "s3cr3t-in-a-name";

#[tokio::test]
async fn a_secret_is_not_echoed_by_a_request_that_did_not_send_it() {
    let server = Server::answering(|_| ok(&format!("remembered: {SECRET}"))).await;
    assert_eq!(body(send(&house(&server).outlet(), get(&server.url("/"))).await), "remembered: ***");
}

#[tokio::test]
async fn an_answer_that_cannot_be_searched_is_not_handed_on() {
    let server = Server::answering(|_| answer("200 OK", &[("content-encoding", "br")], b"who knows")).await;
    unknown(send(&house(&server).outlet(), telling(&server)).await);
    assert!(
        send(&House::to(&server).outlet(), get(&server.url("/"))).await.is_ok(),
        "without a secret it may be read"
    );
}

#[tokio::test]
async fn no_failure_shows_a_secret_or_the_url_that_it_was_in() {
    let closing = Server::playing(|mut peer| async move { drop(peer.request().await) }).await;
    let endless = Server::answering(|_| ok(&"x".repeat(100))).await;
    let redirecting =
        Server::answering(|_| crate::outside::see(302, &format!("http://evil.example/{SECRET}"))).await;
    let mut failures = Vec::new();
    for server in [&closing, &endless, &redirecting] {
        let house = house(server).set(|config| config.response = patchbay_types::units::Bytes(50));
        let outlet = house.outlet();
        for method in [patchbay_egress::Method::Post, patchbay_egress::Method::Get] {
            let mut request = telling(server);
            request.method = method;
            request.body = if method == patchbay_egress::Method::Get { vec![] } else { request.body };
            failures.extend(send(&outlet, request.clone()).await.err());
            assert!(
                !format!("{outlet:?} {request:?} {:?} {:?}", outlet.secrets(), house.egress())
                    .contains("k3y")
            );
        }
    }
    let port = closing.port();
    drop(closing);
    tokio::task::yield_now().await;
    let gone = House::new().granting(&format!("http://127.0.0.1:{port}"), &["127.0.0.1"]);
    let outlet = gone.secret("key", SECRET, &[&format!("http://127.0.0.1:{port}")]).outlet();
    let mut request = get(&format!("http://127.0.0.1:{port}/?key="));
    request.url.push(secret("key"));
    failures.extend(send(&outlet, request).await.err());
    assert!(failures.len() >= 5, "{failures:?}");
    assert!(failures.iter().any(|failure| matches!(failure, Failure::TooLarge(50))));
    for failure in failures {
        let said = format!("{failure} {failure:?}");
        assert!(!said.contains("k3y") && !said.contains("?key"), "{said}");
    }
}
