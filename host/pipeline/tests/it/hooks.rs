//! Webhooks: whether an adapter wants them, when it is asked, and what becomes of those it could not be asked about.

use std::{sync::Arc, time::Duration};

use patchbay_pipeline::{Heard, Pipeline, Unheard};
use patchbay_plugin::{types::Header, webhooks::Webhook};
use patchbay_storage::{HookState, KnownHook, NewHook, ParkedFilter, Subject, Unasked};
use patchbay_types::{AdapterName, TenantId};

use crate::{
    doorkeeper,
    house::{House, NOW, chain, load_bytes, tenant, to_desk},
};

const TOKEN: &str = "G9snPu2eB2NfyhFm6XTRPq0r_iLjDfu5";
const WITHIN: Duration = Duration::from_millis(300);

fn webhook(body: &str) -> Webhook {
    Webhook {
        method: "POST".into(),
        url: format!("https://hooks.example.org/hooks/acme/crm/{TOKEN}"),
        headers: vec![Header { name: "webhook-id".into(), value: "w1".into() }],
        body: body.into(),
    }
}

fn place() -> (TenantId, AdapterName) {
    ("acme".into(), "crm".into())
}

/// Puts a component into the slot `adapters.crm` of a new generation.
fn swap(house: &House, component: Vec<u8>, generation: u64) {
    let file = tenant("", &to_desk()) + "[adapters.crm]\ncomponent = 'crm'\ngrants = { store = true }\n";
    let mut chain = chain_but_crm(&file, generation);
    let slot = &chain.config.adapters[&AdapterName::from("crm")];
    let slot = patchbay_plugin::Slot {
        name: Arc::from("adapters.crm"),
        component: "crm".into(),
        plugin: load_bytes(component, slot),
        on_fault: slot.on_fault.clone(),
        fallback: None,
    };
    chain.adapters.insert("crm".into(), Arc::new(slot));
    house.chains.swap(Arc::new(chain));
}

fn chain_but_crm(file: &str, generation: u64) -> patchbay_plugin::Chain {
    let config = patchbay_types::TenantConfig::parse(file).unwrap();
    let desk = chain("acme", &tenant("", &to_desk()), generation);
    let mut chain = Arc::into_inner(desk).unwrap();
    chain.config = Arc::new(config);
    chain
}

async fn house(component: Vec<u8>) -> House {
    let house = House::new(&[]).await;
    swap(&house, component, 1);
    house
}

async fn ask(house: &House, webhook: &Webhook) -> Result<Heard, Unheard> {
    let (tenant, adapter) = place();
    house.pipeline.ask((&tenant, &adapter), webhook, Some("w1"), (NOW, WITHIN)).await
}

async fn keep(house: &House, key: &str, webhook: &Webhook, unasked: Option<Unasked>) {
    let (tenant, adapter) = place();
    let (body, desk, trace) = (Pipeline::pack(webhook), Vec::new(), Vec::new());
    let hook = NewHook { tenant, adapter, key: key.into(), body, desk, at: NOW, unasked, trace };
    assert!(house.pipeline.hook(hook).await.unwrap());
}

fn unasked(delivery: &str) -> Option<Unasked> {
    Some(Unasked { delivery: Some(delivery.into()) })
}

async fn known(house: &House, key: &str) -> Option<KnownHook> {
    house.store.why(key).await.unwrap().hooks.pop()
}

async fn steps(house: &House, id: i64) -> Vec<(String, String)> {
    let traces = house.store.traces_of(Subject::Hook(id)).await.unwrap();
    traces.into_iter().flat_map(|trace| trace.steps).map(|step| (step.name, step.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_says_whether_it_wants_a_webhook_and_how_it_is_answered() {
    let house = house(doorkeeper::good()).await;
    let heard = ask(&house, &webhook("keep")).await.unwrap();
    assert_eq!(
        (heard.answer.keep, heard.answer.status, heard.answer.body.as_slice()),
        (true, 202, &b"challenge"[..])
    );
    let heard = ask(&house, &webhook("forged")).await.unwrap();
    assert_eq!((heard.answer.keep, heard.answer.status), (false, 401));
    let challenge = Webhook { method: "GET".into(), ..webhook("") };
    let heard = ask(&house, &challenge).await.unwrap();
    assert_eq!((heard.answer.keep, heard.answer.status), (false, 200));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accept_that_traps_or_loops_is_no_answer_and_shows_no_token() {
    let house = house(doorkeeper::good()).await;
    for (body, kind) in [("trap", "trap"), ("loop", "timeout")] {
        let unheard = ask(&house, &webhook(body)).await.unwrap_err();
        assert!(unheard.reason.starts_with(kind), "{unheard:?}");
        assert_eq!(unheard.trace[0].outcome, kind);
        assert!(!format!("{unheard:?}").contains(TOKEN), "{unheard:?}");
        assert!(unheard.trace[0].input.contains("/hooks/acme/crm/***"), "{unheard:?}");
    }
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(ask(&house, &webhook("trap")).await.unwrap_err().reason);
    }
    assert_eq!(seen.last().unwrap(), "its breaker is open", "{seen:?}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_is_gone_or_takes_no_webhooks_is_no_answer() {
    let house = house(doorkeeper::deaf()).await;
    assert!(ask(&house, &webhook("keep")).await.unwrap_err().reason.contains("no `webhooks`"));
    house.chains.remove(&"acme".into());
    assert_eq!(ask(&house, &webhook("keep")).await.unwrap_err().reason, "it is being swapped");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_webhook_is_read_and_its_trace_hides_the_token() {
    let house = house(doorkeeper::good()).await;
    keep(&house, "w1", &webhook("keep"), None).await;
    house.until("it is read", async || known(&house, "w1").await.unwrap().state == HookState::Done).await;
    let traces = house.store.traces_of(Subject::Hook(1)).await.unwrap();
    let step = &traces[0].steps[0];
    assert_eq!((step.name.as_str(), step.outcome.as_str()), ("webhooks.receive", "ok"));
    assert!(step.input.contains("/hooks/acme/crm/***") && !format!("{traces:?}").contains(TOKEN), "{step:?}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unasked_webhook_is_asked_about_first_and_read_or_let_go() {
    let house = house(doorkeeper::good()).await;
    keep(&house, "?1", &webhook("keep"), unasked("w1")).await;
    keep(&house, "?2", &webhook("forged"), unasked("w2")).await;
    house.until("both are done", async || house.store.hooks_wait_for().await.unwrap().is_empty()).await;
    let pair = |(name, outcome): (&str, &str)| (name.to_owned(), outcome.to_owned());
    let wanted = [("webhooks.accept", "ok"), ("webhooks.receive", "ok")].map(pair);
    assert_eq!(steps(&house, known(&house, "w1").await.unwrap().id).await, wanted);
    let refused = [("webhooks.accept", "ok"), ("refuse", "refused")].map(pair);
    assert_eq!(steps(&house, known(&house, "?2").await.unwrap().id).await, refused);
    assert_eq!(known(&house, "w2").await, None, "what is not wanted takes no name");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_the_adapter_was_broken_is_read_by_the_one_that_is_swapped_in() {
    let house = house(doorkeeper::broken()).await;
    assert!(ask(&house, &webhook("keep")).await.is_err());
    keep(&house, "?1", &webhook("keep"), unasked("w1")).await;
    house.until("it was asked about", async || known(&house, "?1").await.unwrap().attempt > 0).await;
    swap(&house, doorkeeper::good(), 2);
    house.clock.advance(20 * 60_000);
    house
        .until("it is read", async || known(&house, "w1").await.is_some_and(|h| h.state == HookState::Done))
        .await;
    assert_eq!(house.store.parked(&ParkedFilter { limit: 9, ..ParkedFilter::default() }).await.unwrap(), []);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_nobody_can_answer_for_is_parked_in_the_end_and_holds_nobody_up() {
    let house = house(doorkeeper::good()).await;
    keep(&house, "?1", &webhook("trap"), unasked("w1")).await;
    house.until("it was asked about", async || known(&house, "?1").await.unwrap().attempt > 0).await;
    keep(&house, "w2", &webhook("keep"), None).await;
    house
        .until("the next one is read", async || known(&house, "w2").await.unwrap().state == HookState::Done)
        .await;
    assert_eq!(known(&house, "?1").await.unwrap().state, HookState::Pending);
    house
        .until("it is parked", async || {
            house.clock.advance(60_000);
            known(&house, "?1").await.unwrap().state == HookState::Parked
        })
        .await;
    let parked = house.store.parked(&ParkedFilter { limit: 9, ..ParkedFilter::default() }).await.unwrap();
    assert_eq!((parked.len(), parked[0].slot.as_deref()), (1, Some("adapters.crm")));
    swap(&house, doorkeeper::deaf(), 2);
    assert!(house.pipeline.replay(parked[0].id).await.unwrap().is_some());
    house
        .until("it is asked about again", async || {
            let filter = ParkedFilter { limit: 9, after: parked[0].id, ..ParkedFilter::default() };
            house
                .store
                .parked(&filter)
                .await
                .unwrap()
                .iter()
                .any(|p| p.reason.contains("exports no `webhooks`"))
        })
        .await;
    house.stop().await;
}
