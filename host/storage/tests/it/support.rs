//! What the tests share: a store in a directory of its own, and rows with nothing special about them.

use patchbay_storage::{
    Conversation, Decision, DeliveryOutcome, DeliveryResult, InboxState, NewAction, NewDelivery, NewEvent,
    OpenOptions, Step, Store, Transaction,
};
use tempfile::TempDir;

pub(crate) async fn store() -> (Store, TempDir) {
    let directory = TempDir::new().unwrap();
    (open(&directory).await, directory)
}

pub(crate) async fn open(directory: &TempDir) -> Store {
    Store::open(OpenOptions::new(directory.path())).await.unwrap()
}

/// What a crash leaves: the files as they are, opened by nobody who knew the store before.
pub(crate) fn crashed(directory: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    for file in ["patchbay.db", "patchbay.db-wal"] {
        std::fs::copy(directory.path().join(file), copy.path().join(file)).unwrap();
    }
    copy
}

pub(crate) fn event(key: &str, room: &str) -> NewEvent {
    NewEvent {
        key: key.into(),
        room_id: Some(room.into()),
        body: format!("{{\"id\":\"{key}\"}}"),
        fault: None,
    }
}

pub(crate) fn transaction(events: Vec<NewEvent>) -> Transaction {
    Transaction { registration: "hs".into(), txn_id: "1".into(), received_at: 1000, events, unreadable: None }
}

/// Accepts events `<room>-1` and so on; answers their numbers.
pub(crate) async fn accept(store: &Store, room: &str, count: usize) -> Vec<i64> {
    let before = *store.inbox_changes().borrow();
    let events = (1..=count).map(|n| event(&format!("{room}-{n}"), room)).collect();
    assert_eq!(store.accept(transaction(events)).await.unwrap().stored, count as u64);
    (before + 1..=before + count as i64).collect()
}

pub(crate) fn decision(seq: i64) -> Decision {
    Decision {
        seq,
        at: 2000,
        tenant: Some("acme".into()),
        state: InboxState::Done,
        event_id: Some(format!("$e{seq}").as_str().into()),
        room: None,
        conversation: None,
        deliveries: Vec::new(),
        actions: Vec::new(),
        trace: Vec::new(),
        park: None,
    }
}

pub(crate) fn delivery(store: &Store, event_id: &str) -> NewDelivery {
    NewDelivery {
        id: store.next_delivery_id(),
        tenant: "acme".into(),
        conversation: "c1".into(),
        adapter: "desk".into(),
        event_id: Some(event_id.into()),
        ticket: None,
        internal: false,
        payload: "{\"v\":1}".into(),
        not_before: 0,
        generation: 7,
    }
}

pub(crate) fn action(store: &Store, room: &str) -> NewAction {
    NewAction {
        id: store.next_action_id(),
        tenant: "acme".into(),
        registration: "hs".into(),
        room_id: room.into(),
        source: "entry-1".into(),
        ordinal: 0,
        txn_id: "txn".into(),
        payload: "{\"v\":1}".into(),
        origin: None,
        not_before: 0,
    }
}

pub(crate) fn conversation(count: u32) -> Conversation {
    Conversation {
        tenant: "acme".into(),
        id: "c1".into(),
        registration: "hs".into(),
        room_id: "!a".into(),
        thread_root: None,
        labels: "[\"vip\"]".into(),
        customer: Some("{}".into()),
        message_count: count,
        last_at: 1500,
    }
}

pub(crate) fn result(delivery: &NewDelivery, outcome: DeliveryOutcome) -> DeliveryResult {
    DeliveryResult {
        id: delivery.id,
        tenant: delivery.tenant.clone(),
        event_id: delivery.event_id.clone(),
        at: 3000,
        attempt: 1,
        outcome,
        written: None,
        rest: None,
        tickets: Vec::new(),
        persons: Vec::new(),
        desk: Vec::new(),
        kv: Vec::new(),
        settled: false,
        actions: Vec::new(),
        trace: Vec::new(),
    }
}

pub(crate) fn done(parts: &[&str]) -> DeliveryOutcome {
    let parts = parts.iter().map(|&part| part.to_owned()).collect();
    DeliveryOutcome::Done { ticket: Some("D-1".into()), parts }
}

pub(crate) fn step(name: &str) -> Step {
    Step {
        name: name.into(),
        outcome: "ok".into(),
        input: "{\"a\":1}".into(),
        answer: "\"b\"".into(),
        ..Step::default()
    }
}

/// An event that is decided with one delivery.
pub(crate) async fn delivered_to(store: &Store, room: &str) -> NewDelivery {
    let seq = accept(store, room, 1).await.first().copied().unwrap();
    let event = store.inbox_event(seq).await.unwrap().unwrap();
    let delivery = delivery(store, &event.key);
    let mut decision = decision(seq);
    decision.event_id = Some(event.key.as_str().into());
    decision.deliveries = vec![delivery.clone()];
    let _ = store.decide(decision).await.unwrap();
    delivery
}
