//! What was set aside can be replayed or given up, and what refers to it knows.

use patchbay_storage::{InboxState, Park, ParkedFilter, Replayed};
use patchbay_types::TenantId;

use crate::support::{accept, decision, store};

#[tokio::test]
async fn a_parked_event_is_replayed_late_and_nothing_waits_behind_it_any_more() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let seq = accept(&store, "!a", 1).await[0];
    let mut parked = decision(seq);
    parked.state = InboxState::Parked;
    parked.park = Some(Park {
        slot: Some("mapper".into()),
        component: Some("d1".into()),
        reason: "trap".into(),
        behind: None,
    });
    let _ = store.decide(parked).await.unwrap();
    assert!(store.parked_behind(&tenant, &["$x".into(), "$e1".into()]).await.unwrap());
    assert!(!store.parked_behind(&"other".into(), &["$e1".into()]).await.unwrap());
    let theirs = ParkedFilter { tenant: Some(tenant.clone()), limit: 10, ..ParkedFilter::default() };
    let row = store.parked(&theirs).await.unwrap().remove(0);
    assert_eq!((row.slot.as_deref(), row.component.as_deref()), (Some("mapper"), Some("d1")));

    let told = store.replay(row.id, 9).await.unwrap();
    let expected = Replayed::Event { seq, registration: "hs".into(), room_id: Some("!a".into()) };
    assert_eq!(told, Some(expected));
    assert!(!store.parked_behind(&tenant, &["$e1".into()]).await.unwrap());
    let pending = store.pending(0, 10).await.unwrap();
    assert!(pending.len() == 1 && pending[0].late);
    assert_eq!(store.replay(row.id, 9).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_given_up_is_no_longer_set_aside() {
    let (store, _directory) = store().await;
    let seq = accept(&store, "!a", 1).await[0];
    let mut parked = decision(seq);
    parked.state = InboxState::Parked;
    parked.park = Some(Park::default());
    let _ = store.decide(parked).await.unwrap();
    assert!(store.discard(1, 9).await.unwrap());
    assert!(!store.discard(1, 9).await.unwrap());
    assert_eq!(store.inbox_event(seq).await.unwrap().unwrap().state, InboxState::Ignored);
    let open = ParkedFilter { limit: 10, ..ParkedFilter::default() };
    assert!(store.parked(&open).await.unwrap().is_empty());
    assert_eq!(store.parked(&ParkedFilter { resolved: true, ..open }).await.unwrap().len(), 1);
}

#[tokio::test]
async fn counts_show_what_waits_and_what_is_set_aside() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 3).await;
    let mut parked = decision(numbers[0]);
    parked.state = InboxState::Parked;
    parked.park = Some(Park::default());
    let _ = store.decide(parked).await.unwrap();
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.events.count, counts.events.since), (2, Some(1000)));
    assert_eq!(counts.parked, [(Some("acme".into()), "inbox".to_owned(), 1)]);
    assert!(counts.deliveries.is_empty());
}
