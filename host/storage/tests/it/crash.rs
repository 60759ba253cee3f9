//! What was answered survives a crash; numbers are never given out twice.

use crate::support::{accept, action, crashed, decision, delivery, open, store};

#[tokio::test]
async fn all_that_was_answered_is_there_after_a_crash_and_numbers_go_on() {
    let (store, directory) = store().await;
    let seq = accept(&store, "!a", 2).await[0];
    let mut decided = decision(seq);
    decided.deliveries = vec![delivery(&store, "$e1")];
    decided.actions = vec![action(&store, "!a")];
    let _ = store.decide(decided).await.unwrap();

    let copy = crashed(&directory);
    let after = open(&copy).await;
    assert_eq!(after.pending(0, 10).await.unwrap().len(), 1);
    assert_eq!(after.deliveries_pending(0, 10).await.unwrap().len(), 1);
    assert_eq!(*after.inbox_changes().borrow(), 2);
    assert_eq!((after.next_delivery_id(), after.next_action_id()), (2, 2));
    assert_eq!(accept(&after, "!b", 1).await, [3]);
}

#[tokio::test]
async fn desk_numbers_go_on_within_each_tenant() {
    let (store, _directory) = store().await;
    let (acme, other) = ("acme".into(), "other".into());
    assert_eq!(store.next_desk_ticket(&acme), "D-1");
    assert_eq!(store.next_desk_ticket(&acme), "D-2");
    assert_eq!(store.next_desk_ticket(&other), "D-1");
}
