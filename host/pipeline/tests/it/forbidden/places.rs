//! Another host, port, scheme, user, method or path than what was granted, however it is written.

use serde_json::{Value, json};

use super::{all_denied, is_answered};
use crate::{
    errands::{Granted, Names, acme, by, get, house, step, with},
    played::Server,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn another_host_port_scheme_user_or_method_is_refused_and_nobody_is_connected_to() {
    let (server, other) = (Server::trap().await, Server::trap().await);
    let (place, elsewhere) = (server.address, other.address);
    let named = format!("crm.example:{}", place.port());
    let granted = Granted::none().by(&["get"], &server.url("/api/"), &["127.0.0.1"]);
    let granted = granted.by(&["get"], &format!("http://{named}/api/"), &["127.0.0.1"]);
    let here = || vec!["127.0.0.1".parse().unwrap()];
    let names = Names::of(["crm.example", "evil.example"].map(|name| (name.to_owned(), here())));
    let mut house = house(&[("acme", granted.file(&["!a:h"]))], &names, |_| {}).await;
    let urls = [
        format!("http://{elsewhere}/api/x?s3cr3t"),
        "http://127.0.0.1/api/x".to_owned(),
        format!("http://localhost:{}/api/x", place.port()),
        format!("http://127.0.0.2:{}/api/x", place.port()),
        format!("https://{place}/api/x"),
        format!("ftp://{place}/api/x"),
        format!("ws://{place}/api/x"),
        format!("gopher://{place}/api/x"),
        format!("file://{place}/api/x"),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        format!("javascript://{place}/api/x"),
        format!("unix:{place}/api/x"),
        format!("//{place}/api/x"),
        format!("http:{place}/api/x"),
        format!("http:/{place}/api/x"),
        format!("http:///{place}/api/x"),
        format!("http:\\\\{place}\\api\\x"),
        format!("http://s3cr3t@{place}/api/x"),
        format!("http://me:s3cr3t@{place}/api/x"),
        format!("http://@{place}/api/x"),
        format!("http://s3cr3t@{named}/api/x"),
        format!("http://me:s3cr3t@{named}/api/x"),
        format!("http://:@{named}/api/x"),
        format!("http://{named}@evil.example/api/x"),
        format!("http://{named}.evil.example/api/x"),
        format!("http://sub.{named}/api/x"),
        format!("http://crm.example.:{}/api/x", place.port()),
        format!("http://crm.example%2eevil.example:{}/api/x", place.port()),
        format!("http://crm%2eexample:{}/api/x", place.port()),
        format!("http://evil.example/{named}/api/x"),
        format!("http://evil.example:{}/api/x", place.port()),
        format!("http://{place}@{elsewhere}/api/x"),
        format!("http://{place}\\@{elsewhere}/api/x"),
        format!("http://{place}%40{elsewhere}/api/x"),
        format!("http://{place}#@{elsewhere}/api/x"),
        format!("http://{place}.{elsewhere}/api/x"),
        format!("http://{place}:80/api/x"),
        format!("http://{place} /api/x"),
        String::new(),
        "x".to_owned(),
    ];
    let mut errands: Vec<Value> = urls.iter().map(|url| get(url)).collect();
    let allowed = server.url("/api/x");
    errands.extend(["head", "post", "put", "patch", "delete"].map(|method| by(method, &allowed)));
    errands.push(json!({ "url": [] }));
    // Scheme, host and port in pieces are what they are together.
    errands.push(json!({ "url": [{ "text": "http://" }, { "text": format!("{elsewhere}/api/x") }] }));
    all_denied(&mut house, "$reads", &errands, &[&server, &other]).await;

    // The same as effects with a name: not one of them is taken for sent.
    let step_of = |(n, errand): (usize, &Value)| with(errand.clone(), json!({ "step": format!("s{n}") }));
    let steps: Vec<Value> = errands.iter().enumerate().map(step_of).collect();
    all_denied(&mut house, "$steps", &steps, &[&server, &other]).await;
    is_answered(&mut house, "$control", get(&allowed.replacen("http", "HTTP", 1))).await;
    is_answered(&mut house, "$named", get(&format!("http://CRM.example:{}/api/x", place.port()))).await;
    assert_eq!((server.connections(), other.connections()), (2, 0));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_spelling_of_a_path_leaves_what_was_granted() {
    let server = Server::trap().await;
    let granted = Granted::none().to(&server.url("/api/"), &["127.0.0.1"]);
    let mut house = acme(&granted).await;
    let paths = [
        "",
        "/",
        "/x",
        "/apis",
        "/apix/y",
        "/API/x",
        "/%61pi/x",
        "/api/../x",
        "/api/..",
        "/api/../api/../x",
        "/api/./../x",
        "/api/%2e%2e/x",
        "/api/%2E%2E/x",
        "/api/.%2e/x",
        "/api/%2e./x",
        "/api/..%2fx",
        "/api/..%2Fx",
        "/api/%2e%2e%2fx",
        "/api/..%5cx",
        "/api/..%5Cx",
        "/api/..\\x",
        "/api\\..\\x",
        "/api/..;/x",
        "/api/..;a=b/x",
        "/api/y/..;/..;/x",
        "/api/..%3b/x",
        "/api/..%3B/x",
        "/api/%00",
        "/api/x%00/../../y",
        "/api%2f..%2fx",
        "//api/x",
        "/./x",
        "/../x",
        "?/api/x",
        "/x?/api/",
        "/x#/api/",
        "/x;/api/",
        "/api/\t../x",
        "/api/.\t./x",
        "/api/\r\n../x",
    ];
    let errands: Vec<Value> = paths.iter().map(|path| get(&server.url(path))).collect();
    all_denied(&mut house, "$reads", &errands, &[&server]).await;
    // A path that is put together of pieces is the one that is sent.
    let pieces = json!({ "url": [{ "text": server.url("/api/.") }, { "text": "./x" }] });
    all_denied(&mut house, "$pieces", &[pieces, step("s", &server.url("/x"), "body")], &[&server]).await;
    is_answered(&mut house, "$control", get(&server.url("/api/y/../x?a=/../b"))).await;
    assert!(server.requests()[0].starts_with("GET /api/x?a=/../b HTTP/1.1\r\n"), "{:?}", server.requests());
    house.stop().await;
}
