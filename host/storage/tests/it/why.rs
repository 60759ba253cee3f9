//! Everything can be asked why.

use patchbay_storage::{NewGeneration, Subject};
use patchbay_types::TenantId;

use crate::support::{accept, action, decision, delivery, done, result, step, store};

#[tokio::test]
async fn an_events_whole_way_is_gathered_from_each_commit() {
    let (store, _directory) = store().await;
    let seq = accept(&store, "!a", 1).await[0];
    let mut decided = decision(seq);
    let going = delivery(&store, "!a-1");
    decided.deliveries = vec![going.clone()];
    let mut said = action(&store, "!a");
    said.source = "!a-1".into();
    decided.actions = vec![said];
    decided.trace = vec![step("mapper.from-matrix"), step("router.decide")];
    let _ = store.decide(decided).await.unwrap();
    let mut receipt = result(&going, done(&["L-1"]));
    receipt.trace = vec![step("adapter.append")];
    let _ = store.deliver(receipt).await.unwrap();

    let why = store.why("!a-1").await.unwrap();
    assert_eq!((why.events.len(), why.deliveries.len(), why.actions.len()), (1, 1, 1));
    let names: Vec<&str> =
        why.traces.iter().flat_map(|trace| trace.steps.iter().map(|step| step.name.as_str())).collect();
    assert_eq!(names, ["mapper.from-matrix", "router.decide", "adapter.append"]);
    assert_eq!(why.traces[1].subject, Subject::Delivery(going.id));
    assert_eq!(why.traces[0].steps[0], step("mapper.from-matrix"));
    assert!(store.why("$unknown").await.unwrap().is_empty());
}

#[tokio::test]
async fn one_generation_serves_and_the_oldest_go() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    for generation in 1..=5 {
        let new = NewGeneration {
            tenant: tenant.clone(),
            generation,
            spec: "{}".into(),
            at: 1,
            by: "watcher".into(),
            note: String::new(),
        };
        store.add_generation(new.clone()).await.unwrap();
        store.add_generation(new).await.unwrap();
        store.activate_generation(&tenant, generation, 3).await.unwrap();
    }
    store.activate_generation(&tenant, 3, 3).await.unwrap();
    let rows = store.generations(&tenant).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.generation, row.active)).collect::<Vec<_>>(),
        [(5, false), (4, false), (3, true)]
    );
}
