//! Adapters: what stands behind their imports, and what comes back from a call.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use patchbay_plugin::{CallError, FaultKind, Plugin, Ports, World, ports::KeyValue};
use patchbay_types::{
    tenant::{InstancePolicy, Limits},
    units::Span,
};
use tokio::sync::Notify;

use crate::{
    guest::Guest,
    host::{Host, caller, wanted},
    values,
};

const STORE: &str = r#"
(import "patchbay:plugin/store@0.1.0" "set" (func $set (param i32 i32 i32 i32 i32)))
(import "patchbay:plugin/store@0.1.0" "get" (func $get (param i32 i32 i32)))
(data (i32.const 5000) "keyvalue")"#;

/// Holds one value; `get` waits until it is let go.
struct Held {
    value: Option<Vec<u8>>,
    gate: Option<Arc<Notify>>,
}

#[async_trait]
impl KeyValue for Held {
    async fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        assert_eq!(key, "key");
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        self.value.clone()
    }

    fn set(&mut self, key: &str, value: Vec<u8>) -> Result<(), String> {
        assert_eq!(key, "key");
        self.value = Some(value);
        Ok(())
    }

    fn delete(&mut self, _: &str) {
        self.value = None;
    }
}

fn ports(gate: Option<&Arc<Notify>>) -> Ports {
    let store = Held { value: None, gate: gate.cloned() };
    Ports { store: Some(Box::new(store)), ..Ports::none(7) }
}

fn adapter(body: &str) -> (Host, Plugin) {
    let host = Host::new();
    let mut wanted =
        wanted(Guest::of("crm-adapter").fields(STORE).body("contact", body).build(), World::Adapter);
    wanted.limits = Limits { time: Some(Span::millis(300)), ..Limits::default() };
    let plugin = host.runtime.load(&wanted).unwrap();
    (host, plugin)
}

const SET: &str = "(call $set (i32.const 5000) (i32.const 3) (i32.const 5003) (i32.const 5) (i32.const 4000))
    (i32.const 1024)";
const GET: &str = "(call $get (i32.const 5000) (i32.const 3) (i32.const 4000)) (i32.const 1024)";

#[tokio::test]
async fn what_a_call_wrote_comes_back_with_its_answer() {
    let (_host, plugin) = adapter(SET);
    let answer = plugin.contact(&caller(), ports(None), &values::person(), &values::call()).await.unwrap();
    let (contact, ports) = answer.value;
    assert_eq!(contact, Ok(String::new()));
    assert_eq!(ports.now, 7);
    let store: Box<dyn std::any::Any> = ports.store.unwrap();
    assert_eq!(store.downcast::<Held>().unwrap().value.as_deref(), Some(b"value".as_slice()));
}

#[tokio::test]
async fn without_a_port_the_store_is_empty_and_says_so() {
    let refused = "(call $set (i32.const 5000) (i32.const 3) (i32.const 5003) (i32.const 5) (i32.const 4000))
        (i32.store8 (i32.const 2000) (i32.const 1)) (i32.store (i32.const 2012) (i32.load (i32.const 4004)))
        (i32.store (i32.const 2016) (i32.load (i32.const 4008))) (i32.const 2000)";
    let (_host, plugin) = adapter(refused);
    let answer = plugin.contact(&caller(), Ports::none(7), &values::person(), &values::call()).await.unwrap();
    assert_eq!(answer.value.0.unwrap_err().detail, "not granted");
}

#[tokio::test]
async fn a_guest_that_waits_for_the_host_is_ended_when_its_time_is_over() {
    let (_host, plugin) = adapter(GET);
    let gate = Arc::new(Notify::new());
    let person = values::person();
    let ended = plugin.contact(&caller(), ports(Some(&gate)), &person, &values::call()).await;
    let CallError::Fault(fault) = ended.err().unwrap() else { panic!("no fault") };
    assert_eq!(fault.kind, FaultKind::Timeout);

    gate.notify_one();
    plugin.contact(&caller(), ports(Some(&gate)), &person, &values::call()).await.unwrap();
}

#[tokio::test]
async fn a_guest_that_computes_lets_others_run() {
    let (_host, plugin) = adapter("(loop $for-ever (br $for-ever)) unreachable");
    let (caller, person, call) = (caller(), values::person(), values::call());
    let busy = plugin.contact(&caller, Ports::none(1), &person, &call);
    let other = async {
        let mut turns = 0;
        while turns < 10 {
            tokio::task::yield_now().await;
            turns += 1;
        }
        turns
    };
    // On this one thread the second future only advances when the first gives way.
    let mut turns = None;
    let ended = tokio::select! {
        biased;
        ended = busy => Some(ended.map(drop)),
        done = other => { turns = Some(done); None }
    };
    assert!(ended.is_none(), "{ended:?}");
    assert_eq!(turns, Some(10));
}

#[test]
fn what_an_adapter_says_of_its_webhooks_is_known_before_one_comes() {
    let host = Host::new();
    let guest = Guest::of("crm-adapter").manifest("delivery-id = ['webhook-id', 'x-id']\n");
    let plugin = host.load(guest.build(), World::Adapter).unwrap();
    assert!(plugin.takes_webhooks());
    assert_eq!(&plugin.delivery_id()[..], ["webhook-id", "x-id"]);
    let plugin = host.load(Guest::of("crm-adapter-base").build(), World::Adapter).unwrap();
    assert!(!plugin.takes_webhooks() && plugin.delivery_id().is_empty());
}

#[tokio::test]
async fn what_an_adapter_does_not_export_is_no_fault() {
    let host = Host::new();
    let plugin = host.load(Guest::of("crm-adapter-base").build(), World::Adapter).unwrap();
    let polled = plugin.poll(&caller(), Ports::none(1), None).await.unwrap();
    assert!(polled.value.is_none());

    let plugin = host.load(Guest::of("crm-adapter").build(), World::Adapter).unwrap();
    let (page, _) = plugin.poll(&caller(), Ports::none(1), None).await.unwrap().value.unwrap();
    assert_eq!(page.unwrap().entries, []);
}

/// Answers an empty failure for as long as the number at 2500 is below 3, which each call adds 1 to.
const COUNTS: &str = "
    (i32.store (i32.const 2500) (i32.add (i32.load (i32.const 2500)) (i32.const 1)))
    (i32.store8 (i32.const 2000) (i32.lt_u (i32.load (i32.const 2500)) (i32.const 3)))
    (i32.const 2000)";

#[tokio::test]
async fn a_warm_instance_remembers_and_is_replaced_after_its_calls() {
    let host = Host::new();
    let mut wanted = wanted(Guest::of("crm-adapter").body("contact", COUNTS).build(), World::Adapter);
    wanted.instance = InstancePolicy::Warm(4);
    let plugin = host.runtime.load(&wanted).unwrap();
    let mut answers = Vec::new();
    // The golden call was the first of the four.
    for _ in 0..7 {
        let answer =
            plugin.contact(&caller(), Ports::none(1), &values::person(), &values::call()).await.unwrap();
        answers.push(answer.value.0.is_ok());
    }
    assert_eq!(answers, [false, false, true, false, false, true, true]);

    wanted.instance = InstancePolicy::Fresh;
    let plugin = host.runtime.load(&wanted).unwrap();
    for _ in 0..4 {
        let answer =
            plugin.contact(&caller(), Ports::none(1), &values::person(), &values::call()).await.unwrap();
        assert!(answer.value.0.is_err());
    }
}

#[tokio::test]
async fn a_warm_instance_that_faulted_is_not_used_again() {
    let host = Host::new();
    let body =
        format!("(if (i32.ge_u (i32.load (i32.const 2500)) (i32.const 2)) (then unreachable)) {COUNTS}");
    let mut wanted = wanted(Guest::of("crm-adapter").body("contact", &body).build(), World::Adapter);
    wanted.instance = InstancePolicy::Warm(1000);
    let plugin = host.runtime.load(&wanted).unwrap();
    let mut faults = Vec::new();
    for _ in 0..6 {
        let ended = plugin.contact(&caller(), Ports::none(1), &values::person(), &values::call()).await;
        faults.push(ended.is_err());
    }
    assert_eq!(faults, [false, false, true, false, false, true]);
}

#[tokio::test]
async fn more_calls_than_places_wait_for_one_another() {
    let (_host, plugin) = adapter(GET);
    let (person, call) = (values::person(), values::call());
    let caller = caller();
    let calls = (0..64).map(|_| plugin.contact(&caller, ports(None), &person, &call));
    let answers =
        tokio::time::timeout(Duration::from_secs(60), futures::future::join_all(calls)).await.unwrap();
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
}
