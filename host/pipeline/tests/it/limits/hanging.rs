//! A server that hangs: it holds up its own lane, for its own time, and the requests beside it within their bound.

use std::sync::Arc;

use patchbay_storage::DeliveryState;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    errands::{Granted, Names, acme, ask, attempts, delivery, get, house, parked, step, with},
    played::{Server, ok},
};

/// Answers `/hang…` only when it is let, and everything else at once.
async fn server() -> (Server, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let kept = Arc::clone(&gate);
    let server = Server::playing(move |mut peer| {
        let gate = Arc::clone(&kept);
        async move {
            while let Some(request) = peer.request().await {
                if request.contains(" /hang") {
                    gate.acquire().await.unwrap().forget();
                }
                peer.say(ok("done")).await;
            }
        }
    });
    (server.await, gate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_hangs_holds_up_its_own_lane_alone() {
    let (server, gate) = server().await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]).limits("time = '1m'");
    let tenants = [("acme", granted.file(&["!a:h", "!b:h"])), ("beta", granted.file(&["!c:h"]))];
    let mut house = house(&tenants, &Names::of([]), |_| {}).await;
    ask(&mut house, "!a:h", "$hangs", &[step("s", &server.url("/hang"), "x")], false).await;
    ask(&mut house, "!a:h", "$behind", &[step("s", &server.url("/behind"), "x")], false).await;
    house.until("it hangs", async || server.requests().len() == 1).await;
    for (room, id) in [("!b:h", "$beside"), ("!c:h", "$elsewhere")] {
        ask(&mut house, room, id, &[step("s", &server.url("/"), "x"), get(&server.url("/"))], false).await;
        let done = async || {
            let deliveries = house.store.why(id).await.unwrap().deliveries;
            deliveries.iter().any(|delivery| delivery.state == DeliveryState::Done)
        };
        house.until("the others go on", done).await;
    }
    assert_eq!(delivery(&house, "$behind").await.state, DeliveryState::Pending);
    gate.add_permits(1);
    house.settled().await;
    let last = server.requests().pop().unwrap();
    assert!(last.starts_with("POST /behind "), "{last}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_hangs_is_no_fault_of_the_adapter() {
    let (server, gate) = server().await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]).limits("time = '1s'");
    let mut house = acme(&granted).await;
    // It asks for more time than its call has.
    let hangs = with(step("s", &server.url("/hang"), "x"), json!({ "timeout": 3_600_000 }));
    ask(&mut house, "!a:h", "$1", &[hangs], false).await;
    house.until("it was given up", async || !attempts(&house, "$1").await.is_empty()).await;
    let told = attempts(&house, "$1").await.remove(0);
    assert_eq!((told[0].answer.as_str(), told[0].attempt), ("unknown-outcome", 1), "{told:?}");
    assert_eq!(delivery(&house, "$1").await.state, DeliveryState::Pending);
    gate.add_permits(2);
    house.clock.advance(60_000);
    house.settled().await;
    assert_eq!(attempts(&house, "$1").await[1][0].attempt, 2);
    assert_eq!((server.requests().len(), parked(&house).await), (2, vec![]));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn requests_beyond_the_bound_wait_for_a_place_and_are_not_sent_without_one() {
    let (server, gate) = server().await;
    let granted = Granted::none().to(&server.url(""), &["127.0.0.1"]).limits("time = '1m'");
    let tenants =
        [("acme", granted.file(&["!a:h", "!b:h", "!c:h", "!d:h"])), ("beta", granted.file(&["!e:h"]))];
    let mut house = house(&tenants, &Names::of([]), |config| config.concurrency = 2).await;
    for room in ["!a:h", "!b:h"] {
        ask(&mut house, room, &format!("${room}"), &[step("s", &server.url("/hang"), "x")], true).await;
    }
    house.until("both places are taken", async || server.requests().len() == 2).await;
    for room in ["!c:h", "!d:h"] {
        let hurried = with(step("s", &server.url("/"), "x"), json!({ "timeout": 200 }));
        ask(&mut house, room, &format!("${room}"), &[hurried], true).await;
        house
            .until("it was given up", async || !attempts(&house, &format!("${room}")).await.is_empty())
            .await;
        let told = attempts(&house, &format!("${room}")).await.remove(0);
        assert_eq!(told[0].answer, "unreachable", "{told:?}");
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 2));
    // Another tenant's adapter has places of its own.
    ask(&mut house, "!e:h", "$e", &[get(&server.url("/"))], true).await;
    house.until("it is answered", async || !attempts(&house, "$e").await.is_empty()).await;
    assert_eq!(attempts(&house, "$e").await[0][0].answer, "200");
    gate.add_permits(2);
    house.settled().await;
    assert_eq!(attempts(&house, "$!a:h").await[0][0].answer, "200");
    house.stop().await;
}
