//! A CRM's news: kept once, read once, shown once.

use patchbay_storage::{
    Accepted, EntryOutcome, EntryResult, Guarded, HookOutcome, KvWrite, NewEntry, NewHook, Received,
};

use crate::support::{action, delivery, step, store};

fn hook(key: &str) -> NewHook {
    NewHook {
        tenant: "acme".into(),
        adapter: "odoo".into(),
        key: key.into(),
        body: b"\x00raw".to_vec(),
        desk: Vec::new(),
        at: 10,
        unasked: None,
        trace: Vec::new(),
    }
}

fn received(hook: Option<HookOutcome>, entries: &[&str]) -> Received {
    let entry = |id: &&str| NewEntry {
        entry_id: (*id).into(),
        ticket: "T1".into(),
        body: "{\"v\":1}".into(),
        not_before: 0,
    };
    Received {
        hook,
        tenant: "acme".into(),
        adapter: "odoo".into(),
        at: 20,
        entries: entries.iter().map(entry).collect(),
        kv: vec![KvWrite {
            tenant: "acme".into(),
            adapter: "odoo".into(),
            key: "cursor".into(),
            value: Some(b"7".to_vec()),
        }],
        trace: vec![step("webhooks.receive")],
    }
}

#[tokio::test]
async fn a_webhook_is_kept_once_and_read_once() {
    let (store, _directory) = store().await;
    assert!(store.add_hook(hook("h1")).await.unwrap());
    assert!(!store.add_hook(hook("h1")).await.unwrap());
    let waiting = store.hooks_pending(&"acme".into(), &"odoo".into(), 0, 10).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].unasked.as_ref()), (1, None));
    assert_eq!(store.hook_body(waiting[0].id).await.unwrap(), b"\x00raw");
    let read = received(Some(HookOutcome::Done(waiting[0].id)), &["m1", "m2"]);
    assert_eq!(store.received(read.clone()).await.unwrap(), Accepted { stored: 2, duplicates: 0 });
    assert_eq!(store.received(read).await.unwrap(), Accepted { stored: 0, duplicates: 2 });
    assert!(store.hooks_pending(&"acme".into(), &"odoo".into(), 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_webhook_that_is_to_be_read_again_waits_and_counts_its_attempts() {
    let (store, _directory) = store().await;
    store.add_hook(hook("h1")).await.unwrap();
    store.received(received(Some(HookOutcome::Retry { id: 1, at: 99 }), &[])).await.unwrap();
    let waiting = store.hooks_pending(&"acme".into(), &"odoo".into(), 0, 10).await.unwrap();
    assert_eq!((waiting[0].attempt, waiting[0].not_before), (1, 99));
}

#[tokio::test]
async fn a_poll_that_overlaps_brings_each_entry_once_and_moves_the_cursor() {
    let (store, _directory) = store().await;
    assert_eq!(store.received(received(None, &["m1", "m2"])).await.unwrap().stored, 2);
    let again = store.received(received(None, &["m2", "m3", "m3"])).await.unwrap();
    assert_eq!(again, Accepted { stored: 1, duplicates: 2 });
    let waiting = store.entries_pending(&"acme".into(), &"odoo".into(), 0, 0, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|entry| entry.entry_id.as_str()).collect::<Vec<_>>(), ["m1", "m2", "m3"]);
    let cursor = store.kv_get(&"acme".into(), &"odoo".into(), "cursor").await.unwrap();
    assert_eq!(cursor.as_deref(), Some(&b"7"[..]));
}

#[tokio::test]
async fn an_entry_and_its_actions_are_written_together_and_once() {
    let (store, _directory) = store().await;
    store.received(received(None, &["m1"])).await.unwrap();
    let entered = || EntryResult {
        id: 1,
        tenant: "acme".into(),
        at: 30,
        outcome: EntryOutcome::Done,
        actions: vec![action(&store, "!a")],
        deliveries: vec![delivery(&store, "$x")],
        tickets: Vec::new(),
        conversation: None,
        room: None,
        persons: Vec::new(),
        trace: vec![step("mapper.to-matrix")],
    };
    assert_eq!(store.enter(entered()).await.unwrap(), Guarded::Applied);
    assert_eq!(store.enter(entered()).await.unwrap(), Guarded::Stale);
    assert_eq!(store.actions_pending(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.deliveries_pending(0, 10).await.unwrap().len(), 1);
    assert!(store.entries_pending(&"acme".into(), &"odoo".into(), 0, 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_adapter_for_which_something_waits_is_named_once() {
    let (store, _directory) = store().await;
    let of = |tenant: &str, adapter: &str| (tenant.into(), adapter.into());
    for (n, (tenant, adapter)) in
        [("b", "x"), ("a", "y"), ("b", "x"), ("a", "x"), ("b", "y")].iter().enumerate()
    {
        let (tenant, adapter) = ((*tenant).into(), (*adapter).into());
        store.add_hook(NewHook { tenant, adapter, ..hook(&format!("h{n}")) }).await.unwrap();
    }
    store.received(received(None, &["m1", "m2"])).await.unwrap();
    let all = [of("a", "x"), of("a", "y"), of("b", "x"), of("b", "y")];
    assert_eq!(store.hooks_wait_for().await.unwrap(), all);
    assert_eq!(store.entries_wait_for().await.unwrap(), [of("acme", "odoo")]);
    let done = |id| Received { tenant: "a".into(), ..received(Some(HookOutcome::Done(id)), &[]) };
    store.received(done(2)).await.unwrap();
    assert_eq!(store.hooks_wait_for().await.unwrap(), [all[0].clone(), all[2].clone(), all[3].clone()]);
    let second = store.hooks_pending(&"b".into(), &"x".into(), 1, 10).await.unwrap();
    assert_eq!(second.iter().map(|hook| hook.id).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn an_entry_that_is_to_be_shown_later_holds_up_no_other() {
    let (store, _directory) = store().await;
    let mut news = received(None, &["m1", "m2"]);
    news.entries[0].not_before = 100;
    store.received(news).await.unwrap();
    let waiting = async |now| {
        let waiting = store.entries_pending(&"acme".into(), &"odoo".into(), now, 0, 10).await.unwrap();
        waiting.into_iter().map(|entry| entry.entry_id).collect::<Vec<_>>()
    };
    assert_eq!(waiting(99).await, ["m2"]);
    assert_eq!(waiting(100).await, ["m1", "m2"]);
}
