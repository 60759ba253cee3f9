//! Webhooks that are kept before their adapter could be asked about them.

use patchbay_storage::{
    Accepted, Guarded, HookOutcome, HookState, HookWanted, NewEntry, NewHook, Received, Subject, Unasked,
};

use crate::support::{crashed, open, step, store};

fn hook(key: &str, unasked: Option<Unasked>) -> NewHook {
    NewHook {
        tenant: "acme".into(),
        adapter: "crm".into(),
        key: key.into(),
        body: b"raw".to_vec(),
        desk: Vec::new(),
        at: 10,
        unasked,
        trace: vec![step("webhooks.accept")],
    }
}

fn unasked(delivery: &str) -> Option<Unasked> {
    Some(Unasked { delivery: Some(delivery.into()) })
}

fn wanted(id: i64) -> HookWanted {
    HookWanted { id, tenant: "acme".into(), at: 20, trace: vec![step("webhooks.accept")] }
}

fn read(hook: HookOutcome, entries: &[&str]) -> Received {
    let entry = |id: &&str| NewEntry {
        entry_id: (*id).into(),
        ticket: "T1".into(),
        body: "{}".into(),
        not_before: 0,
    };
    Received {
        hook: Some(hook),
        tenant: "acme".into(),
        adapter: "crm".into(),
        at: 30,
        entries: entries.iter().map(entry).collect(),
        kv: Vec::new(),
        trace: vec![step("webhooks.receive")],
    }
}

#[tokio::test]
async fn an_unasked_webhook_survives_a_crash_as_one_and_takes_its_name_once_it_is_wanted() {
    let (store, directory) = store().await;
    assert!(store.add_hook(hook("?1", unasked("w1"))).await.unwrap());
    let directory = crashed(&directory);
    drop(store);
    let store = open(&directory).await;
    let waiting = store.hooks_pending(&"acme".into(), &"crm".into(), 0, 10).await.unwrap();
    assert_eq!(waiting[0].unasked, unasked("w1"));
    let body = store.hook_body(waiting[0].id).await.unwrap().len() as u64;
    assert_eq!(store.hooks_unasked(&"acme".into(), &"crm".into()).await.unwrap(), (1, body));
    assert_eq!(store.hooks_unasked(&"acme".into(), &"other".into()).await.unwrap(), (0, 0));
    let (tenant, adapter) = ("acme".into(), "crm".into());
    assert!(!store.hook_known(&tenant, &adapter, "w1").await.unwrap());

    assert_eq!(store.hook_wanted(wanted(waiting[0].id)).await.unwrap(), Guarded::Applied);
    let waiting = store.hooks_pending(&"acme".into(), &"crm".into(), 0, 10).await.unwrap();
    assert_eq!((waiting[0].key.as_str(), &waiting[0].unasked, waiting[0].attempt), ("w1", &None, 0));
    assert!(store.hook_known(&tenant, &adapter, "w1").await.unwrap());
    assert!(!store.add_hook(hook("w1", None)).await.unwrap());
    assert_eq!(store.hook_wanted(wanted(waiting[0].id)).await.unwrap(), Guarded::Stale);
    assert_eq!(store.traces_of(Subject::Hook(waiting[0].id)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_unasked_webhook_whose_name_is_taken_meanwhile_is_done() {
    let (store, _directory) = store().await;
    store.add_hook(hook("?1", unasked("w1"))).await.unwrap();
    store.add_hook(hook("w1", None)).await.unwrap();
    assert_eq!(store.hook_wanted(wanted(1)).await.unwrap(), Guarded::Stale);
    let waiting = store.hooks_pending(&"acme".into(), &"crm".into(), 0, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|hook| hook.key.as_str()).collect::<Vec<_>>(), ["w1"]);
}

#[tokio::test]
async fn one_without_a_name_keeps_its_own_key() {
    let (store, _directory) = store().await;
    store.add_hook(hook("k", Some(Unasked::default()))).await.unwrap();
    assert_eq!(store.hook_wanted(wanted(1)).await.unwrap(), Guarded::Applied);
    assert_eq!(store.hooks_pending(&"acme".into(), &"crm".into(), 0, 10).await.unwrap()[0].key, "k");
}

#[tokio::test]
async fn one_that_is_put_off_is_still_unasked_and_one_that_is_not_wanted_is_done() {
    let (store, _directory) = store().await;
    store.add_hook(hook("?1", unasked("w1"))).await.unwrap();
    store.received(read(HookOutcome::Retry { id: 1, at: 99 }, &[])).await.unwrap();
    let waiting = store.hooks_pending(&"acme".into(), &"crm".into(), 0, 10).await.unwrap();
    assert_eq!((waiting[0].attempt, waiting[0].not_before, &waiting[0].unasked), (1, 99, &unasked("w1")));
    store.received(read(HookOutcome::Done(1), &[])).await.unwrap();
    assert_eq!(store.hooks_pending(&"acme".into(), &"crm".into(), 0, 10).await.unwrap(), []);
    assert_eq!(store.hook_wanted(wanted(1)).await.unwrap(), Guarded::Stale);
}

#[tokio::test]
async fn an_entry_can_be_asked_which_webhook_it_came_from() {
    let (store, _directory) = store().await;
    store.add_hook(hook("w1", None)).await.unwrap();
    let stored = store.received(read(HookOutcome::Done(1), &["m1"])).await.unwrap();
    assert_eq!(stored, Accepted { stored: 1, duplicates: 0 });
    for id in ["m1", "w1"] {
        let why = store.why(id).await.unwrap();
        assert_eq!((why.hooks.len(), why.hooks[0].state), (1, HookState::Done), "{id}");
        let steps: Vec<_> = why.traces.iter().flat_map(|t| &t.steps).map(|step| step.name.as_str()).collect();
        assert_eq!(steps, ["webhooks.accept", "webhooks.receive"], "{id}");
    }
}
