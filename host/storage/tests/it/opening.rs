//! What a conversation that a CRM begins is made of.

use std::sync::Arc;

use patchbay_storage::{Before, EntryOutcome, EntryResult, NewEntry, Park, PersonRemote, Received, Room};

use crate::support::{accept, conversation, decision, delivered_to, store};

fn room(tenant: Option<&str>, decided_by: &str) -> Room {
    Room {
        registration: "hs".into(),
        room_id: "!a".into(),
        tenant: tenant.map(Into::into),
        decided_by: decided_by.into(),
        state: "{}".into(),
    }
}

#[tokio::test]
async fn a_person_is_found_by_the_crms_identifier_and_two_that_it_merged_both() {
    let (store, _directory) = store().await;
    for (person, remote) in [("@a:h", "7"), ("@b:h", "7"), ("@c:h", "8")] {
        let known = PersonRemote {
            tenant: "acme".into(),
            adapter: "odoo".into(),
            person: person.into(),
            remote: Some(remote.into()),
        };
        store.know_person(&known).await.unwrap();
    }
    let of = async |adapter: &str, remote| {
        store.persons_of_remote(&"acme".into(), &adapter.into(), remote).await.unwrap()
    };
    assert_eq!(of("odoo", "7").await, ["@a:h", "@b:h"]);
    assert_eq!((of("odoo", "9").await, of("desk", "7").await), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_customers_conversations_are_found_the_newest_first_and_threads_are_none() {
    let (store, _directory) = store().await;
    let rows = [("c1", 10, None), ("c2", 30, None), ("c3", 20, None), ("c4", 40, Some("$root"))];
    for (n, (id, last_at, thread)) in rows.into_iter().enumerate() {
        let seq = accept(&store, &format!("!{n}"), 1).await[0];
        let mut decided = decision(seq);
        let mut row = conversation(1);
        (row.id, row.last_at, row.thread_root) = (id.into(), last_at, thread.map(Into::into));
        // The customer of the first is known from the first message on, of the others from a later one.
        row.customer = (n == 0).then(|| r#"{"id":"@a:h"}"#.to_owned());
        decided.conversation = Some(row.clone());
        let _ = store.decide(decided).await.unwrap();
        let seq = accept(&store, &format!("!{n}x"), 1).await[0];
        let mut decided = decision(seq);
        row.customer = Some(r#"{"id":"@a:h"}"#.to_owned());
        decided.conversation = Some(row);
        let _ = store.decide(decided).await.unwrap();
    }
    let found = store.conversations_of_customer(&"acme".into(), "@a:h").await.unwrap();
    assert_eq!(found.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["c2", "c3", "c1"]);
    assert!(store.conversations_of_customer(&"other".into(), "@a:h").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_room_that_we_made_stays_its_tenants_whoever_took_it_for_nobodys() {
    for together in [false, true] {
        let (store, _directory) = store().await;
        let seqs = accept(&store, "!a", 2).await;
        let (mut made, mut nobodys) = (decision(seqs[0]), decision(seqs[1]));
        made.room = Some(room(Some("acme"), Room::MADE));
        nobodys.room = Some(room(None, "no tenant claims its room"));
        if together {
            let _ = store.decide_all(vec![Arc::new(made), Arc::new(nobodys)]).await.unwrap();
        } else {
            let _ = store.decide(made).await.unwrap();
            let _ = store.decide(nobodys).await.unwrap();
        }
        let kept = store.room(&"hs".into(), &"!a".into()).await.unwrap().unwrap();
        assert_eq!((kept.tenant, kept.decided_by.as_str()), (Some("acme".into()), Room::MADE));
    }
}

#[tokio::test]
async fn what_waits_or_was_set_aside_of_a_ticket_is_known_to_its_later_news() {
    let (store, _directory) = store().await;
    let entry = |id: &str, ticket: &str| NewEntry {
        entry_id: id.into(),
        ticket: ticket.into(),
        body: "{}".into(),
        not_before: 0,
    };
    let received = Received {
        hook: None,
        tenant: "acme".into(),
        adapter: "odoo".into(),
        at: 20,
        entries: vec![entry("1", "T"), entry("2", "U"), entry("3", "T")],
        kv: Vec::new(),
        trace: Vec::new(),
    };
    store.received(received).await.unwrap();
    let waiting = store.entries_pending(&"acme".into(), &"odoo".into(), 0, 0, 9).await.unwrap();
    let before = async |n: usize| store.entry_before(&waiting[n]).await.unwrap();
    assert_eq!((before(0).await, before(1).await, before(2).await), (None, None, Some(Before::Waits)));
    let parked = EntryResult {
        id: waiting[0].id,
        tenant: "acme".into(),
        at: 30,
        outcome: EntryOutcome::Parked(Park { reason: "no".into(), ..Park::default() }),
        actions: Vec::new(),
        deliveries: Vec::new(),
        tickets: Vec::new(),
        conversation: None,
        room: None,
        persons: Vec::new(),
        trace: Vec::new(),
    };
    let _ = store.enter(parked).await.unwrap();
    assert_eq!((before(1).await, before(2).await), (None, Some(Before::Parked)));
}

#[tokio::test]
async fn a_delivery_without_a_ticket_may_be_opening_one() {
    let (store, _directory) = store().await;
    delivered_to(&store, "!a").await;
    let may =
        async |adapter: &str, at| store.may_be_opening(&"acme".into(), &adapter.into(), at).await.unwrap();
    assert_eq!(
        (may("desk", 2000).await, may("desk", 1999).await, may("odoo", 2000).await),
        (true, false, false)
    );
}
