//! A decision is written wholly, and once.

use std::sync::Arc;

use patchbay_storage::{Guarded, InboxState, Park, Room};
use patchbay_types::TenantId;

use crate::support::{accept, action, conversation, decision, delivery, step, store};

#[tokio::test]
async fn a_decision_and_all_that_follows_from_it_are_there_together() {
    let (store, _directory) = store().await;
    let seq = accept(&store, "!a", 1).await[0];
    let mut whole = decision(seq);
    whole.conversation = Some(conversation(1));
    whole.room = Some(Room {
        registration: "hs".into(),
        room_id: "!a".into(),
        tenant: Some("acme".into()),
        decided_by: "alias".into(),
        state: "{\"name\":\"ä\"}".into(),
    });
    whole.deliveries = vec![delivery(&store, "$e1"), delivery(&store, "$e1")];
    whole.actions = vec![action(&store, "!a")];
    whole.trace = vec![step("router.decide")];
    assert_eq!(store.decide(whole.clone()).await.unwrap(), Guarded::Applied);

    let tenant = TenantId::from("acme");
    assert!(store.pending(0, 10).await.unwrap().is_empty());
    assert_eq!(store.room(&"hs".into(), &"!a".into()).await.unwrap(), whole.room);
    assert_eq!(store.conversation(&tenant, &"c1".into()).await.unwrap(), whole.conversation);
    let found = store.conversation_of_room(&tenant, &"hs".into(), &"!a".into(), None).await.unwrap();
    assert_eq!(found, whole.conversation);
    let lane = store.deliveries_in_lane(&tenant, &"c1".into(), &"desk".into(), 0, 10).await.unwrap();
    assert_eq!(lane.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((lane[0].inbox_seq, lane[0].payload.as_str()), (Some(seq), "{\"v\":1}"));
    assert_eq!(
        store.actions_in_lane(&"acme".into(), &"hs".into(), &"!a".into(), 0, 10).await.unwrap().len(),
        1
    );
    assert!(
        store.actions_in_lane(&"other".into(), &"hs".into(), &"!a".into(), 0, 10).await.unwrap().is_empty()
    );
}

#[tokio::test]
async fn deciding_twice_changes_nothing_the_second_time() {
    let (store, _directory) = store().await;
    let seq = accept(&store, "!a", 1).await[0];
    let mut first = decision(seq);
    first.deliveries = vec![delivery(&store, "$e1")];
    assert_eq!(store.decide(first.clone()).await.unwrap(), Guarded::Applied);
    let mut second = decision(seq);
    second.state = InboxState::Ignored;
    second.deliveries = vec![delivery(&store, "$e1")];
    assert_eq!(store.decide(second).await.unwrap(), Guarded::Stale);
    assert_eq!(store.deliveries_pending(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.inbox_event(seq).await.unwrap().unwrap().state, InboxState::Done);
}

#[tokio::test]
async fn of_two_decisions_in_one_group_the_first_counts() {
    let (store, _directory) = store().await;
    let seq = accept(&store, "!a", 1).await[0];
    let mut parked = decision(seq);
    parked.state = InboxState::Parked;
    parked.park = Some(Park { reason: "fault".into(), ..Park::default() });
    let answers = store.decide_all(vec![Arc::new(decision(seq)), Arc::new(parked)]).await.unwrap();
    assert_eq!(answers, [Guarded::Applied, Guarded::Stale]);
    assert_eq!(store.inbox_event(seq).await.unwrap().unwrap().state, InboxState::Done);
}

#[tokio::test]
async fn the_last_of_several_rows_for_one_conversation_stays() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 5).await;
    let decisions = numbers.iter().zip(1..).map(|(&seq, count)| {
        let mut decision = decision(seq);
        decision.conversation = Some(conversation(count));
        decision
    });
    let answers = store.decide_all(decisions.map(Arc::new).collect()).await.unwrap();
    assert_eq!(answers, [Guarded::Applied; 5]);
    let row = store.conversation(&"acme".into(), &"c1".into()).await.unwrap().unwrap();
    assert_eq!(row.message_count, 5);
}
