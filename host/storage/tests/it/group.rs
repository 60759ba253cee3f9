//! Members of a group share its commit, not its troubles.

use std::{collections::HashSet, sync::Arc};

use futures::future::join_all;
use patchbay_storage::{Guarded, Notice, OpenOptions, StorageError, Store};

use crate::support::{accept, decision, delivery, event, open, store, transaction};

#[tokio::test]
async fn a_member_that_is_refused_does_not_take_its_group_with_it() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 5).await;
    let twice = delivery(&store, "$e1");
    let decisions: Vec<_> = numbers
        .iter()
        .map(|&seq| {
            let mut decision = decision(seq);
            decision.deliveries = vec![if seq == 3 { twice.clone() } else { delivery(&store, "$x") }];
            if seq == 3 {
                decision.deliveries.push(twice.clone());
            }
            decision
        })
        .collect();
    let answers = join_all(decisions.into_iter().map(|decision| store.decide(decision))).await;
    for (answer, seq) in answers.into_iter().zip(numbers) {
        match answer {
            Err(StorageError::Refused(_)) => assert_eq!(seq, 3),
            answer => assert_eq!(answer.unwrap(), Guarded::Applied),
        }
    }
    let pending: Vec<i64> = store.pending(0, 10).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(pending, [3]);
    assert_eq!(store.deliveries_pending(0, 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn what_is_decided_together_is_written_wholly_or_not_at_all() {
    let (store, _directory) = store().await;
    let numbers = accept(&store, "!a", 3).await;
    let twice = delivery(&store, "$e1");
    let decisions = |broken: bool| {
        let decide = |&seq| {
            let mut decision = decision(seq);
            let number = if broken { twice.clone() } else { delivery(&store, "$x") };
            decision.deliveries = vec![number];
            decision
        };
        numbers.iter().map(decide).map(Arc::new).collect()
    };
    assert!(matches!(store.decide_all(decisions(true)).await, Err(StorageError::Refused(_))));
    assert_eq!(store.pending(0, 10).await.unwrap().len(), 3);
    assert_eq!(store.decide_all(decisions(false)).await.unwrap(), [Guarded::Applied; 3]);
    assert_eq!(store.decide_all(decisions(false)).await.unwrap(), [Guarded::Stale; 3]);
    assert_eq!(store.deliveries_pending(0, 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn many_callers_at_once_lose_and_double_nothing() {
    let (store, _directory) = store().await;
    let calls = (0..200).map(|n| {
        let store = store.clone();
        // Every event is sent by two of the callers.
        async move { store.accept(transaction(vec![event(&format!("$e{}", n / 2), "!r")])).await.unwrap() }
    });
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().map(|answer| answer.stored).sum::<u64>(), 100);
    assert_eq!(answers.iter().map(|answer| answer.duplicates).sum::<u64>(), 100);
    let pending = store.pending(0, 1000).await.unwrap();
    let keys: HashSet<_> = pending.iter().map(|event| event.key.clone()).collect();
    assert_eq!((pending.len(), keys.len()), (100, 100));
}

#[tokio::test]
async fn what_is_said_once_is_said_once_whoever_asks_at_the_same_time() {
    let (store, _directory) = store().await;
    let notice = || Notice { kind: "encrypted".into(), key: "!r".into(), at: 1 };
    let answers = join_all((0..10).map(|_| store.notice(notice()))).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
}

#[tokio::test]
async fn a_second_host_on_the_same_directory_is_refused_until_the_first_is_gone() {
    let (store, directory) = store().await;
    accept(&store, "!a", 1).await;
    let second = Store::open(OpenOptions::new(directory.path())).await;
    assert!(matches!(second, Err(StorageError::Locked(_))), "{second:?}");
    store.close().await;
    let again = open(&directory).await;
    assert_eq!(again.pending(0, 10).await.unwrap().len(), 1);
}
