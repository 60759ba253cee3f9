//! What was done outside is known before it is done, and forgotten with the receipt.

use patchbay_storage::{DeliveryOutcome, NewStep, Park, StepState, Store, Subject};

use crate::support::{crashed, delivered_to, done, open, result, store};

async fn begin(store: &Store, subject: Subject, step: &str, attempt: u32) {
    let step =
        NewStep { subject, step: step.into(), attempt, request: vec![1], place: Some("T-1".into()), at: 7 };
    store.step_begins(step).await.unwrap();
}

#[tokio::test]
async fn a_step_is_on_disk_before_it_is_sent_and_its_answer_before_the_adapter_goes_on() {
    let (store, directory) = store().await;
    let delivery = delivered_to(&store, "!a").await;
    let subject = Subject::Delivery(delivery.id);
    begin(&store, subject, "open", 1).await;
    let left = open(&crashed(&directory)).await.journal(subject).await.unwrap();
    assert_eq!((left.len(), left[0].state, left[0].attempt), (1, StepState::Sent, 1));
    assert_eq!(left[0].place.as_deref(), Some("T-1"));

    store.step_ended(subject, "open", StepState::Finished, Some(b"201".to_vec())).await.unwrap();
    begin(&store, subject, "note", 1).await;
    let left = open(&crashed(&directory)).await.journal(subject).await.unwrap();
    assert_eq!((left[1].state, left[1].answer.as_deref()), (StepState::Finished, Some(&b"201"[..])));
    assert_eq!(left[0].state, StepState::Sent);
}

#[tokio::test]
async fn a_step_that_is_sent_again_is_unknown_again() {
    let (store, _directory) = store().await;
    let subject = Subject::Delivery(delivered_to(&store, "!a").await.id);
    begin(&store, subject, "open", 1).await;
    store.step_ended(subject, "open", StepState::Forgotten, Some(b"200".to_vec())).await.unwrap();
    begin(&store, subject, "open", 2).await;
    let steps = store.journal(subject).await.unwrap();
    assert_eq!((steps[0].state, steps[0].attempt, steps[0].answer.clone()), (StepState::Sent, 2, None));
}

#[tokio::test]
async fn steps_go_with_the_receipt_that_settles_them_and_stay_for_a_replay() {
    let (store, _directory) = store().await;
    let (parked, settled) = (delivered_to(&store, "!a").await, delivered_to(&store, "!b").await);
    for delivery in [&parked, &settled] {
        begin(&store, Subject::Delivery(delivery.id), "open", 1).await;
    }
    let dead = DeliveryOutcome::Dead(Park { reason: "rejected".into(), ..Park::default() });
    let _ = store.deliver(result(&parked, dead)).await.unwrap();
    let mut receipt = result(&settled, done(&["L-1"]));
    receipt.settled = true;
    let _ = store.deliver(receipt).await.unwrap();
    assert_eq!(store.journal(Subject::Delivery(parked.id)).await.unwrap().len(), 1);
    assert_eq!(store.journal(Subject::Delivery(settled.id)).await.unwrap(), []);
}
