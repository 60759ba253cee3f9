//! This machine itself, by every name and every spelling that an address has.

use serde_json::Value;

use super::{all_denied, is_answered};
use crate::{
    errands::{Granted, Names, acme, get, house},
    played::Server,
};

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
