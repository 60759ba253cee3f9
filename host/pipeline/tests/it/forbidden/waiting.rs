//! What becomes of a delivery whose adapter was denied: it waits for the grant, and is not lost.

use patchbay_storage::DeliveryState;

use crate::{
    errands::{Granted, acme, ask, attempts, delivery, get, parked, step},
    house::chain,
    played::Server,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_delivery_that_was_denied_waits_for_its_grant_and_is_neither_parked_nor_repeated() {
    let (first, other) = (Server::trap().await, Server::trap().await);
    let granted = Granted::none().to(&first.url(""), &["127.0.0.1"]);
    let mut house = acme(&granted).await;
    let errands =
        [step("one", &first.url("/1"), "1"), step("two", &other.url("/2"), "2"), get(&first.url("/3"))];
    ask(&mut house, "!a:h", "$1", &errands, false).await;
    house.until("it was denied", async || !attempts(&house, "$1").await.is_empty()).await;
    let told = attempts(&house, "$1").await.remove(0);
    assert_eq!(told.iter().map(|told| told.answer.as_str()).collect::<Vec<_>>(), ["200", "denied"]);
    let waiting = delivery(&house, "$1").await;
    assert_eq!((waiting.state, waiting.attempt), (DeliveryState::Pending, 1));
    assert_eq!((first.connections(), other.connections(), parked(&house).await.len()), (1, 0, 0));
    // The operator grants it: a new generation is tried at once.
    let granted = granted.to(&other.url(""), &["127.0.0.1"]);
    house.chains.swap(chain("acme", &granted.file(&["!a:h", "!b:h"]), 2));
    house.settled().await;
    let told = attempts(&house, "$1").await.remove(1);
    assert!(told.iter().all(|told| told.answer == "200" && told.attempt == 2), "{told:?}");
    let paths = |server: &Server| -> Vec<String> {
        server.requests().iter().map(|said| said.split(' ').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(
        (paths(&first), paths(&other)),
        (vec!["/1".to_owned(), "/3".to_owned()], vec!["/2".to_owned()])
    );
    assert_eq!(delivery(&house, "$1").await.state, DeliveryState::Done);
    house.stop().await;
}
