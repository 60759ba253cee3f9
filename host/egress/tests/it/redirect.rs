//! Redirects: each hop is checked as the first place was.

use std::sync::Arc;

use patchbay_egress::{Method, Piece};

use crate::{
    house::{House, Names, asking, body, denied, get, post, secret, send, text, with_header},
    outside::{Server, ok, see},
};

/// Sends whoever comes on to `to`, and answers `here` to `/here`.
async fn sending_on(status: u16, to: String) -> Server {
    Server::answering(move |request| if request.contains(" /here") { ok("here") } else { see(status, &to) })
        .await
}

#[tokio::test]
async fn a_read_is_followed_and_an_effect_is_not() {
    for status in [301, 302, 303, 307, 308] {
        let server = sending_on(status, "/here".to_owned()).await;
        let outlet = House::to(&server).outlet();
        assert_eq!(body(send(&outlet, get(&server.url("/"))).await), "here");
        assert_eq!(send(&outlet, asking(Method::Head, &server.url("/here"))).await.unwrap().status, 200);
        for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
            let answer = send(&outlet, asking(method, &server.url("/"))).await.unwrap();
            assert_eq!(answer.status, status, "{method:?}");
            assert!(answer.headers.contains(&("location".to_owned(), "/here".to_owned())));
        }
        // A body is not carried elsewhere either.
        let mut with_body = post(&server.url("/"), "x");
        with_body.method = Method::Get;
        assert_eq!(send(&outlet, with_body).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn no_packet_reaches_a_place_that_was_not_granted_by_way_of_a_redirect() {
    let trap = Server::trap().await;
    let inside = format!("http://inside.example:{}/secret-path?q", trap.port());
    let names = Names::of(&[("inside.example", &["127.0.0.1"])]);
    for (to, granted) in [
        (trap.url("/secret-path?q"), None),
        (inside.clone(), None),
        (inside.clone(), Some(inside.split("/secret").next().unwrap().to_owned())),
        (format!("http://0x7f.1:{}/secret-path", trap.port()), None),
        (format!("//127.0.0.1:{}/secret-path", trap.port()), None),
        ("http://169.254.169.254/secret-path".to_owned(), Some("http://169.254.169.254".to_owned())),
    ] {
        let server = sending_on(302, to.clone()).await;
        let mut house = House::to(&server).resolving(&names);
        if let Some(granted) = granted {
            house = house.granting(&granted, &[]);
        }
        let why = denied(send(&house.outlet(), get(&server.url("/"))).await);
        assert!(why.contains("http://") && !why.contains("secret-path"), "{to}: {why}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_redirect_out_of_the_granted_path_is_denied() {
    let server = sending_on(302, "/admin".to_owned()).await;
    let outlet = House::new().granting(&server.url("/api/"), &["127.0.0.1"]).outlet();
    denied(send(&outlet, get(&server.url("/api/x"))).await);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_loop_ends() {
    let server = sending_on(302, "/again".to_owned()).await;
    let outlet = House::to(&server).outlet();
    let why = denied(send(&outlet, get(&server.url("/"))).await);
    assert!(why.contains("more than 5"), "{why}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let server = Server::answering(|request| {
        let step: u32 = request["GET /".len()..].split(' ').next().unwrap().parse().unwrap();
        if step == 5 { ok("there") } else { see(302, &format!("/{}", step + 1)) }
    })
    .await;
    let outlet = House::to(&server).outlet();
    assert_eq!(body(send(&outlet, get(&server.url("/0"))).await), "there");
}

#[tokio::test]
async fn secrets_and_credentials_go_to_another_origin_only_where_they_are_granted() {
    let other = Server::answering(|_| ok("")).await;
    let first = sending_on(302, other.url("/")).await;
    let house = House::to(&first)
        .granting(&other.url(""), &["127.0.0.1"])
        .secret("one", "only-for-the-first", &[&first.url("")])
        .secret("both", "for-both-of-them", &[&first.url(""), &other.url("")]);
    let outlet = house.outlet();
    let request = |name: &str, value: Vec<Piece>| with_header(get(&first.url("/")), name, value);
    for (request, arrives) in [
        (request("authorization", vec![text("Bearer "), secret("one")]), false),
        (request("authorization", vec![text("Bearer "), secret("both")]), true),
        (request("authorization", vec![secret("both"), secret("one")]), false),
        (request("authorization", vec![text("Basic Zm9yLWJvdGg6eA==")]), false),
        (request("cookie", vec![text("session=for-nobody")]), false),
        (request("x-api-key", vec![secret("one")]), false),
        (request("x-api-key", vec![secret("both")]), true),
        (request("x-note", vec![text("an ordinary one")]), true),
    ] {
        let name = request.headers[0].name.clone();
        send(&outlet, request).await.unwrap();
        assert!(first.requests().pop().unwrap().contains(&format!("{name}: ")));
        let seen = other.requests().pop().unwrap();
        assert_eq!(seen.contains(&format!("{name}: ")), arrives, "{seen}");
        assert!(!seen.contains("only-for-the-first"), "{seen}");
    }
}

#[tokio::test]
async fn what_was_dropped_on_the_way_does_not_come_back() {
    let way_back = Arc::new(std::sync::Mutex::new(String::new()));
    let there = Arc::clone(&way_back);
    let other = Server::answering(move |_| see(302, &there.lock().unwrap())).await;
    let first = sending_on(302, other.url("/")).await;
    *way_back.lock().unwrap() = first.url("/here");
    let house = House::to(&first).granting(&other.url(""), &["127.0.0.1"]).secret(
        "one",
        "only-for-the-first",
        &[&first.url("")],
    );
    let request = with_header(get(&first.url("/")), "x-key", vec![secret("one")]);
    assert_eq!(body(send(&house.outlet(), request).await), "here");
    assert!(!first.requests().pop().unwrap().contains("x-key"));
}

#[tokio::test]
async fn a_server_cannot_hand_a_secret_on_in_a_location() {
    let other = Server::trap().await;
    let target = other.url("/?stolen=");
    let first = Server::answering(move |request| {
        let key = request.lines().find_map(|line| line.strip_prefix("x-key: ")).unwrap().to_owned();
        see(302, &format!("{target}{key}"))
    })
    .await;
    let house = House::to(&first).granting(&other.url(""), &["127.0.0.1"]).secret(
        "one",
        "only-for-the-first",
        &[&first.url("")],
    );
    let why =
        denied(send(&house.outlet(), with_header(get(&first.url("/")), "x-key", vec![secret("one")])).await);
    assert!(!why.contains("only-for"), "{why}");
    assert_eq!(other.connections(), 0);
}
