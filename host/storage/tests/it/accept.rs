//! Accepted is kept, once.

use patchbay_storage::{Accepted, InboxState, ParkedFilter, Subject, Unreadable};

use crate::support::{accept, event, store, transaction};

#[tokio::test]
async fn a_repeated_event_is_stored_once_whatever_its_transaction_is_called() {
    let (store, _directory) = store().await;
    let mut first = transaction(vec![event("$a", "!r"), event("$b", "!r"), event("$a", "!r")]);
    assert_eq!(store.accept(first.clone()).await.unwrap(), Accepted { stored: 2, duplicates: 1 });
    first.txn_id = "another".into();
    assert_eq!(store.accept(first).await.unwrap(), Accepted { stored: 0, duplicates: 3 });
    let pending = store.pending(0, 10).await.unwrap();
    assert_eq!(pending.iter().map(|event| event.key.as_str()).collect::<Vec<_>>(), ["$a", "$b"]);
    assert_eq!(pending[0].body, "{\"id\":\"$a\"}");
}

#[tokio::test]
async fn two_registrations_each_keep_their_copy() {
    let (store, _directory) = store().await;
    let mut here = transaction(vec![event("$a", "!r")]);
    assert_eq!(store.accept(here.clone()).await.unwrap().stored, 1);
    here.registration = "other".into();
    assert_eq!(store.accept(here).await.unwrap().stored, 1);
    assert!(store.related_event(&"other".into(), "$a").await.unwrap().is_some());
}

#[tokio::test]
async fn keys_that_differ_only_behind_a_nul_character_are_two() {
    let (store, _directory) = store().await;
    let events = vec![event("$a\0x", "!r"), event("$a\0y", "!r"), event("$a", "!r\0s")];
    assert_eq!(store.accept(transaction(events.clone())).await.unwrap().stored, 3);
    assert_eq!(store.accept(transaction(events)).await.unwrap().duplicates, 3);
}

#[tokio::test]
async fn a_faulty_event_is_parked_with_its_reason_and_its_neighbours_are_pending() {
    let (store, _directory) = store().await;
    let mut bad = event("$bad", "!r");
    bad.fault = Some("no sender".into());
    store.accept(transaction(vec![event("$a", "!r"), bad, event("$b", "!r")])).await.unwrap();
    assert_eq!(store.pending(0, 10).await.unwrap().len(), 2);
    let parked = store.parked(&ParkedFilter { limit: 10, ..ParkedFilter::default() }).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].subject, parked[0].reason.as_str()), (Subject::Inbox(2), "no sender"));
    assert_eq!(store.inbox_event(2).await.unwrap().unwrap().state, InboxState::Parked);
}

#[tokio::test]
async fn what_is_no_transaction_is_parked_once_with_its_bytes() {
    let (store, _directory) = store().await;
    let mut broken = transaction(Vec::new());
    broken.unreadable = Some(Unreadable { reason: "no JSON".into(), raw: b"\xff{".to_vec() });
    store.accept(broken.clone()).await.unwrap();
    store.accept(broken).await.unwrap();
    let parked = store.parked(&ParkedFilter { limit: 10, ..ParkedFilter::default() }).await.unwrap();
    assert_eq!(parked.len(), 1);
    let (_, raw) = store.parked_one(parked[0].id).await.unwrap().unwrap();
    assert_eq!(raw.as_deref(), Some(&b"\xff{"[..]));
    assert_eq!(store.replay(parked[0].id, 1).await.unwrap(), None);
    assert!(store.discard(parked[0].id, 1).await.unwrap());
    assert!(!store.discard(parked[0].id, 1).await.unwrap());
}

#[tokio::test]
async fn events_keep_their_order_over_many_transactions_and_within_their_room() {
    let (store, _directory) = store().await;
    let first = accept(&store, "!a", 3).await;
    accept(&store, "!b", 3).await;
    let last = store.accept(transaction(vec![event("!a-4", "!a")])).await.unwrap();
    assert_eq!(last.stored, 1);
    let all: Vec<i64> = store.pending(0, 100).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7]);
    let (registration, room) = ("hs".into(), "!a".into());
    let lane = store.pending_in_room(&registration, Some(&room), first[0], 100).await.unwrap();
    assert_eq!(lane.iter().map(|event| event.key.as_str()).collect::<Vec<_>>(), ["!a-2", "!a-3", "!a-4"]);
}

#[tokio::test]
async fn whoever_waits_for_the_inbox_is_woken_with_the_newest_number() {
    let (store, _directory) = store().await;
    let mut changes = store.inbox_changes();
    changes.mark_unchanged();
    accept(&store, "!a", 2).await;
    changes.changed().await.unwrap();
    assert_eq!(*changes.borrow(), 2);
}
