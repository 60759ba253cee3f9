//! What would make another request of the one that was checked: line breaks, fields that frame a message or name its
//! host, too many and too large ones, bodies beyond their bound.

use serde_json::{Value, json};

use super::{all_denied, is_answered};
use crate::{
    errands::{Granted, Names, acme, get, house, step, told, with},
    played::Server,
};

fn field(server: &Server, name: &str, value: &str) -> Value {
    with(get(&server.url("/")), json!({ "headers": [[name, [{ "text": value }]]] }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_line_break_gets_into_no_request() {
    let server = Server::trap().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let breaks = ["\r\n", "\n", "\r", "\0", "\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"];
    let mut errands = Vec::new();
    for bad in breaks {
        errands.push(field(&server, "x-note", &format!("a{bad}x-evil: 1")));
        errands.push(field(&server, &format!("x-note{bad}x-evil"), "1"));
        errands.push(get(&server.url(&format!("/a{bad}x-evil: 1"))));
        errands.push(get(&server.url(&format!("/?a{bad}b"))));
        errands.push(get(&format!("http://127.0.0.1{bad}:{}/", server.port())));
        let pieces = json!([["x-note", [{ "text": "a" }, { "text": bad }, { "text": "x-evil: 1" }]]]);
        errands.push(with(get(&server.url("/")), json!({ "headers": pieces })));
    }
    for name in ["", " ", "x note", "x:note", "x-nöte", "x\tnote", ":method", "x-note\u{7f}"] {
        errands.push(field(&server, name, "1"));
    }
    for value in ["a\u{7f}", "\u{1}", "\u{b}"] {
        errands.push(field(&server, "x-note", value));
    }
    all_denied(&mut house, "$reads", &errands, &[&server]).await;
    is_answered(&mut house, "$control", field(&server, "x-note", "a\tb ä")).await;
    let seen = server.requests().remove(0);
    assert!(seen.contains("x-note: a\tb ä\r\n") && !seen.contains("evil"), "{seen}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_frames_a_message_names_its_host_or_undoes_a_check_is_the_hosts() {
    let server = Server::trap().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let names = [
        "host",
        "Host",
        "HOST",
        "content-length",
        "Content-Length",
        "transfer-encoding",
        "Transfer-Encoding",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "proxy-authorization",
        "Proxy-Connection",
        "accept-encoding",
        "range",
        "if-range",
        "x-http-method",
        "x-http-method-override",
        "X-Method-Override",
        "x-original-method",
        "x-original-url",
        "x-rewrite-url",
    ];
    let mut errands: Vec<Value> = names.iter().map(|name| field(&server, name, "chunked")).collect();
    errands.push(with(
        step("s", &server.url("/"), "body"),
        json!({ "headers": [["content-length", [{ "text": "0" }]]] }),
    ));
    all_denied(&mut house, "$reads", &errands, &[&server]).await;
    is_answered(&mut house, "$control", step("control", &server.url("/"), "body")).await;
    let seen = server.requests().remove(0);
    assert_eq!(seen.matches("content-length: 4\r\n").count(), 1, "{seen}");
    assert!(!seen.to_lowercase().contains("transfer-encoding"), "{seen}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn too_many_and_too_large_fields_and_bodies_are_not_sent() {
    let server = Server::trap().await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]);
    let tenants = [("acme", granted.file(&["!a:h"]))];
    let mut house =
        house(&tenants, &Names::of([]), |config| config.request = patchbay_types::units::Bytes(100_000))
            .await;
    let fields = |count: usize, size: usize| {
        let one = json!(["x-note", [{ "repeat": ["x", size] }]]);
        with(get(&server.url("/")), json!({ "headers": vec![one; count] }))
    };
    let errands = [fields(65, 1), fields(1, 17_000), fields(60, 300), fields(1000, 0)];
    all_denied(&mut house, "$fields", &errands, &[&server]).await;
    let body = |size: usize| {
        with(step(&format!("s{size}"), &server.url("/"), ""), json!({ "body": [{ "repeat": ["x", size] }] }))
    };
    let large = told(&mut house, "$body", &[body(100_001), body(900_000)]).await;
    assert!(large.iter().all(|told| told.answer == "too-large" && told.detail == "100000"), "{large:?}");
    assert_eq!(server.connections(), 0);
    is_answered(&mut house, "$fit", fields(64, 200)).await;
    is_answered(&mut house, "$fits", body(100_000)).await;
    assert!(server.requests()[1].ends_with(&"x".repeat(100_000)));
    house.stop().await;
}
