//! Deny by default: nothing that was not granted is even connected to.

use patchbay_egress::{Chunk, Failure, Method};

use crate::{
    house::{House, Names, asking, body, denied, get, post, secret, send, text, with_header},
    outside::{Server, ok},
};

#[tokio::test]
async fn what_is_granted_is_sent_as_it_was_written() {
    let server = Server::answering(|_| ok("hello")).await;
    let outlet = House::to(&server).outlet();
    let request =
        with_header(post(&server.url("/a%20b?c=d"), "body"), "x-note", vec![text("n"), text("ote")]);
    let answer = send(&outlet, request).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"hello".as_slice()));
    let seen = server.requests().remove(0);
    assert!(seen.starts_with("POST /a%20b?c=d HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("x-note: note\r\n") && seen.contains("content-length: 4\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\nbody"), "{seen}");
}

#[tokio::test]
async fn every_method_of_the_contract_is_sent_and_an_empty_body_has_no_length_to_wait_for() {
    let server = Server::answering(|_| ok("")).await;
    let outlet = House::to(&server).outlet();
    for method in [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete] {
        assert_eq!(send(&outlet, asking(method, &server.url("/"))).await.unwrap().status, 200, "{method:?}");
        let seen = server.requests().pop().unwrap();
        assert!(seen.starts_with(&format!("{} / ", method.as_str().to_uppercase())), "{seen}");
        assert!(!seen.contains("transfer-encoding"), "{seen}");
    }
}

#[tokio::test]
async fn no_packet_reaches_a_private_address_that_no_grant_holds() {
    let trap = Server::trap().await;
    let port = trap.port();
    let names = Names::of(&[("inside.example", &["127.0.0.1"]), ("mapped.example", &["::ffff:127.0.0.1"])]);
    let mut house = House::new().resolving(&names);
    let hosts = ["127.0.0.1", "localhost", "inside.example", "mapped.example", "[::ffff:7f00:1]", "0.0.0.0"];
    for host in hosts {
        house = house.granting(&format!("http://{host}:{port}"), &[]);
    }
    let names_with_localhost = Names::of(&[
        ("inside.example", &["127.0.0.1"]),
        ("mapped.example", &["::ffff:127.0.0.1"]),
        ("localhost", &["127.0.0.1"]),
    ]);
    let outlet = house.resolving(&names_with_localhost).outlet();
    for host in hosts {
        let why = denied(send(&outlet, get(&format!("http://{host}:{port}/latest/meta-data?x=y"))).await);
        assert!(why.contains(&port.to_string()), "it names the origin: {why}");
        assert!(!why.contains("meta-data") && !why.contains("x=y"), "and nothing else: {why}");
    }
    for trick in
        ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.0.0.1.", "①②⑦.0.0.1"]
    {
        denied(send(&outlet, get(&format!("http://{trick}:{port}/"))).await);
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_trick_spelling_is_refused_even_where_the_address_is_granted() {
    let server = Server::trap().await;
    let outlet = House::to(&server).outlet();
    for trick in ["0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]"] {
        denied(send(&outlet, get(&format!("http://{trick}:{}/", server.port()))).await);
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(body(send(&outlet, get(&server.url("/"))).await), "caught");
}

#[tokio::test]
async fn no_packet_leaves_for_another_path_method_or_port() {
    let trap = Server::trap().await;
    let mut house = House::new().granting(&trap.url("/api/"), &["127.0.0.1"]);
    house.grants[0].methods = vec!["get".to_owned()];
    let outlet = house.outlet();
    for url in [
        trap.url("/"),
        trap.url("/apis"),
        trap.url("/api/../x"),
        trap.url("/api/%2e%2e/x"),
        trap.url("/api/..%2fx"),
    ] {
        denied(send(&outlet, get(&url)).await);
    }
    denied(send(&outlet, post(&trap.url("/api/x"), "")).await);
    denied(send(&outlet, get(&format!("https://{}/api/x", trap.address))).await);
    denied(send(&outlet, get(&format!("http://me:pw@{}/api/x", trap.address))).await);
    denied(send(&outlet, with_header(get(&trap.url("/api/x")), "Host", vec![text("evil.example")])).await);
    assert_eq!(trap.connections(), 0);
    assert!(send(&outlet, get(&trap.url("/api/x"))).await.is_ok());
}

#[tokio::test]
async fn a_secret_reaches_no_server_but_its_own_in_url_header_or_body() {
    let (own, other) = (Server::answering(|_| ok("")).await, Server::trap().await);
    let house = House::to(&own).granting(&other.url(""), &["127.0.0.1"]).secret(
        "key",
        "hush-hush-hush",
        &[&own.url("")],
    );
    let outlet = house.outlet();
    let ways = |server: &Server| {
        let mut in_url = get(&server.url("/?key="));
        in_url.url.push(secret("key"));
        let in_header =
            with_header(get(&server.url("/")), "authorization", vec![text("Bearer "), secret("key")]);
        let mut in_body = post(&server.url("/"), "");
        in_body.body.push(Chunk::Secret("key".to_owned()));
        [in_url, in_header, in_body]
    };
    for request in ways(&own) {
        assert!(send(&outlet, request).await.is_ok());
        assert!(own.requests().pop().unwrap().contains("hush-hush-hush"));
    }
    for request in ways(&other) {
        let why = denied(send(&outlet, request).await);
        assert!(why.contains("`key`") && !why.contains("hush"), "{why}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn text_is_never_searched_for_a_secret() {
    let server = Server::answering(|_| ok("")).await;
    let house = House::to(&server).secret("key", "hush-hush-hush", &[&server.url("")]);
    let outlet = house.outlet();
    let request = with_header(
        post(&server.url("/{{key}}?a=$key"), "{{key}} ${key}"),
        "x-note",
        vec![text("secret:key")],
    );
    send(&outlet, request).await.unwrap();
    assert!(!server.requests().remove(0).contains("hush"));
    send(&outlet, with_header(get(&server.url("/")), "x-note", vec![secret("key")])).await.unwrap();
    assert!(server.requests().remove(1).contains("hush"), "it is there for who names it");
}

#[tokio::test]
async fn a_secret_that_was_not_granted_or_has_no_value_sends_nothing() {
    let server = Server::trap().await;
    let house = House::to(&server).secret("key", "hush-hush-hush", &[&server.url("")]);
    std::fs::remove_file(house.dir.path().join("key")).unwrap();
    let outlet = house.outlet();
    denied(send(&outlet, with_header(get(&server.url("/")), "x-key", vec![secret("other")])).await);
    let answer = send(&outlet, with_header(get(&server.url("/")), "x-key", vec![secret("key")])).await;
    let Err(Failure::Unreachable(why)) = answer else { panic!("{answer:?}") };
    assert!(
        !why.contains(house.dir.path().to_str().unwrap()),
        "where it lies is not the guest's to know: {why}"
    );
    assert_eq!(server.connections(), 0);
    let missing = outlet.secrets().check();
    assert_eq!(missing.len(), 1);
    assert!(missing[0].0 == "key" && missing[0].1.contains("cannot read"), "but the operator's: {missing:?}");
}
