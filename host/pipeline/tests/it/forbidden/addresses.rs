//! Every kind of address that is not public: as a literal, behind a name, behind a name that changes, behind a redirect.
//! In a network in which each of them leads to this process, so that one packet to one of them would be seen.

use std::{net::IpAddr, sync::Arc};

use serde_json::Value;

use super::{
    all_denied, is_answered,
    special::{HIDING, HIDING_PUBLIC, PUBLIC, all, reached, url},
    wire::Wire,
};
use crate::{
    alone::has_own_network,
    errands::{Granted, Names, ask, attempts, get, house, told},
    played::{Server, answer, see},
};

/// Whoever comes to any address of either kind is answered.
async fn everywhere() -> Server {
    Server::answering_at("[::]:0", |_| answer("200 OK", &[("connection", "close")], b"reached")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_packet_leaves_for_an_address_that_is_not_public() {
    if !has_own_network("forbidden::addresses::no_packet_leaves_for_an_address_that_is_not_public") {
        return;
    }
    let server = everywhere().await;
    let port = server.port();
    let name = |n: usize| format!("http://n{n}.example:{port}/");
    let mut urls: Vec<String> = all().map(|address| url(address, port)).collect();
    urls.extend((0..all().count()).map(name));
    let names = Names::of(
        all()
            .enumerate()
            .map(|(n, address)| (format!("n{n}.example"), vec![address.parse::<IpAddr>().unwrap()])),
    );
    let strict = urls.iter().fold(Granted::none(), |granted, url| granted.to(url, &[]));
    let open = urls.iter().fold(Granted::none(), |granted, url| granted.to(url, &["0.0.0.0/0", "::/0"]));
    let strict = strict.to(&url(PUBLIC, port), &[]);
    let tenants = [("strict", strict.file(&["!a:h"])), ("open", open.file(&["!b:h"]))];
    let mut house = house(&tenants, &names, |_| {}).await;
    let errands: Vec<Value> = urls.iter().map(|url| get(url)).collect();

    let wire = Wire::tap();
    all_denied(&mut house, "$strict", &errands, &[&server]).await;
    assert_eq!(wire.seen().len(), 0, "not one packet, to whatever address");

    // What nothing is said against arrives, and is seen.
    let wire = Wire::tap();
    is_answered(&mut house, "$public", get(&url(PUBLIC, port))).await;
    assert!(wire.seen().contains_key(&PUBLIC.parse().unwrap()));

    // And so does each of those that were silent, where a grant holds its address.
    let wire = Wire::tap();
    ask(&mut house, "!b:h", "$open", &errands, true).await;
    house.settled().await;
    let seen = wire.seen();
    let told = attempts(&house, "$open").await.remove(0);
    let answered: usize = told.iter().filter(|told| told.answer == "200").map(|told| told.times).sum();
    assert_eq!(answered, 2 * reached().count(), "{told:#?}");
    for address in reached() {
        let to: IpAddr = address.parse().unwrap();
        let to = if to.is_unspecified() { continue } else { to.to_canonical() };
        assert!(seen.contains_key(&to), "{address}: {seen:?}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_packet_follows_a_redirect_or_a_changed_name_to_an_address_that_is_not_public() {
    if !has_own_network(
        "forbidden::addresses::no_packet_follows_a_redirect_or_a_changed_name_to_an_address_that_is_not_public",
    ) {
        return;
    }
    let server = everywhere().await;
    let port = server.port();
    let places: Arc<Vec<String>> = Arc::new(all().map(|address| url(address, port)).collect());
    let to = Arc::clone(&places);
    let guide = Server::answering_at(&format!("{PUBLIC}:0"), move |request| {
        let n = request.split(' ').nth(1).unwrap().trim_start_matches('/').parse::<usize>();
        see(302, &to[n.unwrap()])
    })
    .await;
    let rebound = |n: usize| format!("http://n{n}.example:{port}/");
    let granted = Granted::none().to(&guide.url(""), &[]);
    let granted = places.iter().fold(granted, |granted, url| granted.to(url, &[]));
    let granted = (0..all().count()).fold(granted, |granted, n| granted.to(&rebound(n), &[]));
    let names = Names::of(all().enumerate().map(|(n, address)| {
        let answers = [PUBLIC, address].map(|address| address.parse::<IpAddr>().unwrap());
        (format!("n{n}.example"), answers.to_vec())
    }));
    let mut house = house(&[("acme", granted.file(&["!a:h"]))], &names, |_| {}).await;
    let wire = Wire::tap();
    let errands: Vec<Value> = (0..places.len()).map(|n| get(&guide.url(&format!("/{n}")))).collect();
    all_denied(&mut house, "$redirected", &errands, &[&server]).await;
    assert_eq!(guide.requests().len(), places.len());
    // Public when it is first asked for, and another address from then on.
    let errands: Vec<Value> = (0..places.len()).map(|n| get(&rebound(n))).collect();
    let first = told(&mut house, "$first", &errands).await;
    assert!(first.iter().all(|told| told.answer == "200"), "{first:?}");
    let reached = server.connections();
    assert_eq!(reached, places.len());
    all_denied(&mut house, "$rebound", &errands, &[&server]).await;
    let seen: Vec<IpAddr> = wire.seen().into_keys().collect();
    assert_eq!(seen, [PUBLIC.parse::<IpAddr>().unwrap()], "to the public one and back, and nowhere else");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_granted_address_opens_none_that_it_hides() {
    if !has_own_network("forbidden::addresses::a_granted_address_opens_none_that_it_hides") {
        return;
    }
    let server = everywhere().await;
    let url = |address| url(address, server.port());
    let granted =
        HIDING.iter().fold(Granted::none(), |granted, address| granted.to(&url(address), &["::/0"]));
    let granted = granted.to(&url(HIDING_PUBLIC[1]), &["64:ff9b::/96"]);
    let mut house = house(&[("acme", granted.file(&["!a:h"]))], &Names::of([]), |_| {}).await;
    let wire = Wire::tap();
    let errands: Vec<Value> = HIDING.iter().map(|address| get(&url(address))).collect();
    all_denied(&mut house, "$hiding", &errands, &[&server]).await;
    assert_eq!(wire.seen().len(), 0);
    is_answered(&mut house, "$public", get(&url(HIDING_PUBLIC[1]))).await;
    house.stop().await;
}
