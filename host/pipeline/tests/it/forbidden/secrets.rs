//! Secrets, files and parts of answers: to their own hosts, and as far as there are any.

use serde_json::{Value, json};

use super::{all_denied, is_answered};
use crate::{
    errands::{Granted, acme, get, step, with, write_secret},
    played::Server,
};

const VALUE: &str = "s3cr3t-of-the-first";

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_secret_reaches_no_host_but_its_own_and_no_place_that_decides_the_host() {
    let (own, other) = (Server::trap().await, Server::trap().await);
    let granted = Granted::none().to(&own.url(""), &["127.0.0.1"]).to(&other.url(""), &["127.0.0.1"]);
    let granted = granted.secret("key", &[&own.url("")]).secret("nowhere", &[]);
    let mut house = acme(&granted).await;
    for name in ["key", "nowhere"] {
        write_secret(&house, name, VALUE);
    }
    let ways = |server: &Server, name: &str| -> [Value; 5] {
        let secret = json!({ "secret": name });
        let url = server.url("/?key=");
        let in_url = json!({ "url": [{ "text": url }, secret] });
        let header = json!({ "headers": [["authorization", [{ "text": "Bearer " }, secret]]] });
        let in_path = json!({ "url": [{ "text": server.url("/") }, secret, { "text": "/x" }] });
        let body = json!({ "body": [{ "text": "{" }, secret] });
        [
            in_url,
            in_path,
            with(get(&url), header.clone()),
            with(step("s", &url, ""), body),
            with(step("t", &url, "x"), header),
        ]
    };
    let mut errands = Vec::new();
    for (server, name) in [(&other, "key"), (&own, "nowhere"), (&other, "nowhere"), (&own, "unknown")] {
        errands.extend(ways(server, name));
    }
    let secret = json!({ "secret": "key" });
    for pieces in [
        json!([secret, { "text": format!("://{}/", own.address) }]),
        json!([{ "text": "http://" }, secret, { "text": "/" }]),
        json!([{ "text": own.url("") }, secret]),
        json!([{ "text": "http://127.0.0.1:" }, secret, { "text": "/" }]),
        json!([{ "text": "http://" }, secret, { "text": format!("@{}/", own.address) }]),
    ] {
        errands.push(json!({ "url": pieces }));
    }
    all_denied(&mut house, "$others", &errands, &[&own, &other]).await;
    for (n, errand) in ways(&own, "key").into_iter().enumerate() {
        is_answered(&mut house, &format!("$own{n}"), errand).await;
        assert!(own.requests()[n].contains(VALUE), "it is filled in for its own host");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_file_that_a_call_does_not_have_and_a_part_that_nobody_keeps_send_nothing() {
    let server = Server::trap().await;
    let mut house = acme(&Granted::none().to(&server.url(""), &["127.0.0.1"])).await;
    let url = server.url("/");
    let mut errands = Vec::new();
    for handle in ["f1", "", "mxc://h/x", "/etc/passwd", "../x"] {
        errands.push(with(step("s", &url, ""), json!({ "body": [{ "text": "a" }, { "file": handle }] })));
        errands.push(with(step("t", &url, ""), json!({ "body": [{ "file-base64": handle }] })));
    }
    for take in [
        json!([["", "file"]]),
        json!([["/a", "base64-file"]]),
        json!([["/token", "key"]]),
        json!([["a", "file"]]),
        json!([["", "file"], ["/a", "file"]]),
    ] {
        errands.push(with(get(&url), json!({ "take": take })));
        errands.push(with(step("u", &url, "x"), json!({ "take": take })));
    }
    all_denied(&mut house, "$files", &errands, &[&server]).await;
    is_answered(&mut house, "$control", step("s", &url, "x")).await;
    house.stop().await;
}
