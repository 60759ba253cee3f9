//! Retention drops bodies, keeps keys, and touches nothing that still waits.

use std::sync::Arc;

use patchbay_storage::{Accepted, InboxState, Park, Retention};

use crate::support::{
    accept, decision, delivered_to, delivery, done, event, result, step, store, transaction,
};

fn retention(bodies_before: u64, keys_before: u64) -> Vec<Retention> {
    vec![Retention { tenant: None, bodies_before, keys_before }]
}

#[tokio::test]
async fn a_repeated_event_is_recognised_after_its_body_was_dropped() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 1200).await;
    let decisions = numbers.iter().map(|&seq| {
        let mut decision = decision(seq);
        decision.trace = vec![step("mapper.from-matrix")];
        decision
    });
    store.decide_all(decisions.map(Arc::new).collect()).await.unwrap();
    let pruned = store.prune(&retention(5000, 0)).await.unwrap();
    assert_eq!((pruned.bodies, pruned.keys), (2400, 0));
    assert_eq!(store.inbox_event(1).await.unwrap().unwrap().body, "");
    let again = store.accept(transaction(vec![event("!a-1", "!a")])).await.unwrap();
    assert_eq!(again, Accepted { stored: 0, duplicates: 1 });

    assert_eq!(store.prune(&retention(5000, 5000)).await.unwrap().keys, 1200);
    let again = store.accept(transaction(vec![event("!a-1", "!a")])).await.unwrap();
    assert_eq!(again, Accepted { stored: 1, duplicates: 0 });
}

#[tokio::test]
async fn what_waits_or_is_set_aside_keeps_its_body_whatever_its_age() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 2).await;
    let mut parked = decision(numbers[0]);
    parked.state = InboxState::Parked;
    parked.park = Some(Park::default());
    let _ = store.decide(parked).await.unwrap();
    let waiting = delivered_to(&store, "!b").await;
    store.prune(&retention(u64::MAX >> 1, u64::MAX >> 1)).await.unwrap();
    for seq in numbers {
        assert_ne!(store.inbox_event(seq).await.unwrap().unwrap().body, "");
    }
    assert_ne!(store.delivery(waiting.id).await.unwrap().unwrap().payload, "");
    assert!(store.replay(1, 1).await.unwrap().is_some());
}

#[tokio::test]
async fn each_tenant_has_its_own_limits() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 2).await;
    let mut other = decision(numbers[1]);
    other.tenant = Some("other".into());
    store.decide_all(vec![Arc::new(decision(numbers[0])), Arc::new(other)]).await.unwrap();
    let limits = Retention { tenant: Some("other".into()), bodies_before: 5000, keys_before: 0 };
    assert_eq!(store.prune(&[limits]).await.unwrap().bodies, 1);
    assert_ne!(store.inbox_event(numbers[0]).await.unwrap().unwrap().body, "");
    assert_eq!(store.inbox_event(numbers[1]).await.unwrap().unwrap().body, "");
}

#[tokio::test]
async fn links_go_with_the_delivery_that_made_them() {
    let (store, _directory) = store().await;
    let delivered = delivered_to(&store, "!a").await;
    let _ = store.deliver(result(&delivered, done(&["L-1"]))).await.unwrap();
    assert!(store.event_of_part(&"acme".into(), &"desk".into(), "L-1").await.unwrap().is_some());
    store.prune(&retention(5000, 5000)).await.unwrap();
    assert_eq!(store.event_of_part(&"acme".into(), &"desk".into(), "L-1").await.unwrap(), None);
    assert_eq!(store.delivery(delivered.id).await.unwrap(), None);
    // The number is not given out again.
    assert_eq!(delivery(&store, "$x").id, delivered.id + 1);
}
