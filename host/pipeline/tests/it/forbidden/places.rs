//! Another host, port, scheme, method or path than what was granted, and every spelling by which one could be had.

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
    let granted = Granted::none().by(&["get"], &server.url("/api/"), &["127.0.0.1"]);
    let mut house = acme(&granted).await;
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
    let named = |(n, errand): (usize, &Value)| with(errand.clone(), json!({ "step": format!("s{n}") }));
    let steps: Vec<Value> = errands.iter().enumerate().map(named).collect();
    all_denied(&mut house, "$steps", &steps, &[&server, &other]).await;
    is_answered(&mut house, "$control", get(&allowed.replacen("http", "HTTP", 1))).await;
    assert_eq!((server.connections(), other.connections()), (1, 0));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_address_is_written_plainly_or_not_called_even_where_it_is_granted() {
    let server = Server::trap().await;
    let port = server.port();
    let granted = Granted::none().to(&server.url(""), &["127.0.0.0/8", "::/0", "0.0.0.0/0"]);
    let mut house = acme(&granted).await;
    let hosts = [
        "0x7f.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "0X7F.1",
        "2130706433",
        "017700000001",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0177.0.0.01",
        "127.0.0.01",
        "127.000.000.001",
        "127.0.0.1.",
        "127.0.0.0x1",
        "①②⑦.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "127.0.0.%31",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::FFFF:7f00:1]",
        "127.0.0.1%00",
        "127.0.0.1%2f",
        "127.0.0.1\u{ad}",
        "\u{200b}127.0.0.1",
    ];
    let errands: Vec<Value> = hosts.iter().map(|host| get(&format!("http://{host}:{port}/"))).collect();
    all_denied(&mut house, "$reads", &errands, &[&server]).await;
    is_answered(&mut house, "$control", get(&server.url("/"))).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_grant_without_addresses_opens_nothing_on_this_machine_by_whatever_name() {
    let server = Server::trap().await;
    let six = Server::playing_at("[::1]:0", |mut peer| async move { drop(peer.request().await) }).await;
    let (port, six_port) = (server.port(), six.port());
    let names: [(&str, &str); 5] = [
        ("four.example", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("mapped.example", "::ffff:127.0.0.1"),
        ("any.example", "0.0.0.0"),
        ("second.example", "127.0.0.2"),
    ];
    let sixes: [(&str, &str); 2] = [("six.example", "::1"), ("any6.example", "::")];
    let literal = ["127.0.0.1", "0.0.0.0", "[::ffff:7f00:1]", "[::7f00:1]"]
        .map(|host| format!("http://{host}:{port}/"));
    let literal6 = ["[::1]", "[::]"].map(|host| format!("http://{host}:{six_port}/"));
    let named = names.map(|(name, _)| format!("http://{name}:{port}/"));
    let named6 = sixes.map(|(name, _)| format!("http://{name}:{six_port}/"));
    let urls: Vec<&String> = literal.iter().chain(&literal6).chain(&named).chain(&named6).collect();
    let granted = urls.iter().fold(Granted::none(), |granted, url| granted.to(url, &[]));
    let granted = granted.to(&format!("http://control.example:{port}/"), &["127.0.0.1"]);
    let resolver = Names::of(
        names
            .iter()
            .chain(&sixes)
            .chain(&[("control.example", "127.0.0.1")])
            .map(|(name, address)| ((*name).to_owned(), vec![address.parse().unwrap()])),
    );
    let mut house = house(&[("acme", granted.file(&["!a:h"]))], &resolver, |_| {}).await;
    let errands: Vec<Value> = urls.iter().map(|url| get(url)).collect();
    all_denied(&mut house, "$reads", &errands, &[&server, &six]).await;
    is_answered(&mut house, "$control", get(&format!("http://control.example:{port}/"))).await;
    house.stop().await;
}
