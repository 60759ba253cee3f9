//! Every kind of address that is not public: as a literal, behind a name, behind a name that changes, behind a redirect.
//! In a network in which each of them leads to this process, so that one packet to one of them would be seen.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use serde_json::Value;

use super::{all_denied, is_answered, wire::Wire};
use crate::{
    alone::has_own_network,
    errands::{Granted, Names, ask, attempts, get, house, told},
    played::{Server, answer, see},
};

/// One that nothing is said against; here it is this process as well.
const PUBLIC: &str = "93.184.216.34";

const REACHED: [&str; 33] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.254",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.1.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "::",
    "::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "100::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
];

/// Those that hide an IPv4 address: mapped, compatible, translated, NAT64 by either prefix, 6to4, Teredo; of a private
/// and of a public one.
const HIDING: [&str; 16] = [
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:93.184.216.34",
    "::127.0.0.1",
    "::169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::5db8:d822",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1:a9fe:a9:fe00::",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:5db8:d822::1",
    "2001:0:808:808::80ff:fffe",
    "2001::1",
];

/// Those to which nobody can connect here, whatever is granted.
const UNREACHED: [&str; 7] =
    ["224.0.0.1", "239.255.255.250", "255.255.255.255", "fe80::1", "febf::1", "ff02::1", "ff0e::1"];

fn url(address: &str, port: u16) -> String {
    let six = address.parse::<Ipv6Addr>().ok();
    // As the contract wants it written.
    let host = six.map_or(address.to_owned(), |_| {
        let url: String = format!("http://[{address}]/");
        url.parse::<patchbay_types::egress::GrantUrl>().unwrap().url().host_str().unwrap().to_owned()
    });
    format!("http://{host}:{port}/")
}

fn all() -> impl Iterator<Item = &'static str> {
    REACHED.into_iter().chain(HIDING).chain(UNREACHED)
}

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
    assert_eq!(answered, 2 * (REACHED.len() + HIDING.len()), "{told:#?}");
    for address in REACHED.into_iter().chain(HIDING) {
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
