//! A name that is public when it is checked and loopback when it is used.

use patchbay_egress::Failure;

use crate::{
    house::{House, Names, body, denied, get, send},
    outside::{Server, answer, ok},
};

/// The second address of the loopback network plays the public one, since nothing here may leave the machine.
const GOOD: &str = "127.0.0.2";
const BAD: &str = "127.0.0.1";

async fn at(address: &str, port: u16) -> Server {
    // Closed after each answer, so that each request connects, and looks the name up, anew.
    Server::answering_at(&format!("{address}:{port}"), |_| {
        answer("200 OK", &[("connection", "close")], b"good")
    })
    .await
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let good = at(GOOD, 0).await;
    let trap = at(BAD, good.port()).await;
    let names = Names::of(&[("crm.example", &[GOOD, BAD])]);
    let url = format!("http://crm.example:{}/", good.port());
    let outlet = House::new().resolving(&names).granting(&url, &[GOOD]).outlet();
    assert_eq!(body(send(&outlet, get(&url)).await), "good");
    assert_eq!(names.asked(), 1, "one look-up, for the check and for the connection");
    let why = denied(send(&outlet, get(&url)).await);
    assert!(why.contains("crm.example") && !why.contains(BAD), "{why}");
    assert_eq!((good.connections(), trap.connections(), names.asked()), (1, 0, 2));
}

#[tokio::test]
async fn a_grant_for_one_origin_opens_no_address_to_another() {
    let server = Server::answering(|_| ok("")).await;
    let other = Server::trap().await;
    let names = Names::of(&[("crm.example", &["127.0.0.1"])]);
    let url = |server: &Server| format!("http://crm.example:{}/", server.port());
    let house =
        House::new().resolving(&names).granting(&url(&server), &["127.0.0.1"]).granting(&url(&other), &[]);
    let outlet = house.outlet();
    assert!(send(&outlet, get(&url(&server))).await.is_ok());
    denied(send(&outlet, get(&url(&other))).await);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_name_that_is_none_is_unreachable() {
    let house = House::new().granting("http://nowhere.example/", &[]);
    assert!(matches!(
        send(&house.outlet(), get("http://nowhere.example/")).await,
        Err(Failure::Unreachable(_))
    ));
}
