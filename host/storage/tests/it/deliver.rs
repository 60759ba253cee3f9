//! A delivery's result is written wholly, and once; so is an action's.

use std::sync::Arc;

use patchbay_storage::{
    ActionOutcome, ActionResult, DeliveryOutcome, DeliveryResult, DeliveryState, Guarded, KvWrite, Origin,
    Park, PersonRemote, Ticket, TicketChange, Written,
};
use patchbay_types::TenantId;

use crate::support::{accept, action, decision, delivered_to, done, result, store};

fn ticket() -> Ticket {
    Ticket {
        tenant: "acme".into(),
        conversation: "c1".into(),
        adapter: "desk".into(),
        ticket: "D-1".into(),
        url: None,
        status: "open".into(),
        queue: None,
        assignee: None,
        opened_at: 5,
        last_activity_at: 6,
        open: true,
    }
}

#[tokio::test]
async fn what_an_agent_did_to_a_ticket_while_it_was_delivered_to_is_not_undone() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    for (agent, receives_first) in [("!a", true), ("!b", false)] {
        let mut opening = result(&delivered_to(&store, agent).await, done(&[]));
        opening.tickets = vec![TicketChange::opened(ticket())];
        assert_eq!(store.deliver(opening).await.unwrap(), Guarded::Applied);
        let was = Some(ticket());
        let mut receipt = result(&delivered_to(&store, &format!("{agent}2")).await, done(&[]));
        let touched = Ticket { last_activity_at: 90, ..ticket() };
        receipt.tickets = vec![TicketChange { was: was.clone(), ticket: touched }];
        let mut closing = result(&delivered_to(&store, &format!("{agent}3")).await, done(&[]));
        let closed = Ticket { status: "closed".into(), open: false, last_activity_at: 50, ..ticket() };
        closing.tickets = vec![TicketChange { was, ticket: closed.clone() }];
        let both = if receives_first { [receipt, closing] } else { [closing, receipt] };
        assert_eq!(store.deliver_all(both.map(Arc::new).into(), false).await.unwrap(), [Guarded::Applied; 2]);
        let now = store.ticket(&tenant, &"desk".into(), &"D-1".into()).await.unwrap();
        assert_eq!(now, Some(Ticket { last_activity_at: 90, ..closed }));
    }
}

#[tokio::test]
async fn a_receipt_links_both_ways_and_is_written_once() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let delivery = delivered_to(&store, "!a").await;
    let mut receipt = result(&delivery, done(&["L-1", "L-2"]));
    receipt.tickets = vec![TicketChange::opened(ticket())];
    receipt.persons = vec![PersonRemote {
        tenant: tenant.clone(),
        adapter: "desk".into(),
        person: "@u:hs".into(),
        remote: Some("p1".into()),
    }];
    receipt.kv = vec![KvWrite {
        tenant: tenant.clone(),
        adapter: "desk".into(),
        key: "k".into(),
        value: Some(b"\0v".to_vec()),
    }];
    assert_eq!(store.deliver(receipt.clone()).await.unwrap(), Guarded::Applied);
    assert_eq!(
        store.deliver(result(&delivery, DeliveryOutcome::Dropped("x".into()))).await.unwrap(),
        Guarded::Stale
    );

    let links = store.links_of(&tenant, &"!a-1".into()).await.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].parts.len(), links[0].state), (2, DeliveryState::Done));
    let part = store.event_of_part(&tenant, &"desk".into(), "L-2").await.unwrap().unwrap();
    assert_eq!((part.event_id.as_str(), part.ticket), ("!a-1", Some("D-1".into())));
    assert_eq!(store.tickets(&tenant, &"c1".into()).await.unwrap(), [ticket()]);
    assert_eq!(store.ticket(&tenant, &"desk".into(), &"D-1".into()).await.unwrap(), Some(ticket()));
    let remote = store.person_remote(&tenant, &"desk".into(), "@u:hs").await.unwrap();
    assert_eq!(remote.as_deref(), Some("p1"));
    assert_eq!(store.kv_get(&tenant, &"desk".into(), "k").await.unwrap().as_deref(), Some(&b"\0v"[..]));
}

#[tokio::test]
async fn a_retry_stays_at_the_head_of_its_lane_with_what_is_left_to_do() {
    let (store, _directory) = store().await;
    let delivery = delivered_to(&store, "!a").await;
    let later = DeliveryOutcome::Retry { at: 9000, error: "busy".into() };
    let receipt = DeliveryResult {
        written: Some(Written { ticket: Some("D-1".into()), parts: vec!["L-1".into()] }),
        rest: Some("{\"v\":1,\"rest\":true}".into()),
        ..result(&delivery, later)
    };
    assert_eq!(store.deliver(receipt).await.unwrap(), Guarded::Applied);
    let row = store.deliveries_pending(0, 10).await.unwrap().remove(0);
    assert_eq!(
        (row.ticket.as_ref().map(|ticket| ticket.as_str()), &row.parts[..]),
        (Some("D-1"), &["L-1".to_owned()][..])
    );
    let part = store.event_of_part(&"acme".into(), &"desk".into(), "L-1").await.unwrap();
    assert_eq!(part.map(|part| part.event_id), delivery.event_id, "what got there is linked already");
    assert_eq!((row.attempt, row.not_before, row.last_error.as_deref()), (1, 9000, Some("busy")));
    assert_eq!(row.payload, "{\"v\":1,\"rest\":true}");
}

#[tokio::test]
async fn a_dead_delivery_is_parked_and_comes_back_late_when_replayed() {
    let (store, _directory) = store().await;
    let delivery = delivered_to(&store, "!a").await;
    let dead = DeliveryOutcome::Dead(Park { reason: "rejected".into(), ..Park::default() });
    let _ = store.deliver(result(&delivery, dead)).await.unwrap();
    assert!(store.deliveries_pending(0, 10).await.unwrap().is_empty());
    let filter = patchbay_storage::ParkedFilter { limit: 10, ..Default::default() };
    let parked = store.parked(&filter).await.unwrap().remove(0);
    assert_eq!(parked.event_id, delivery.event_id);
    assert!(store.replay(parked.id, 4000).await.unwrap().is_some());
    assert_eq!(store.replay(parked.id, 4000).await.unwrap(), None);
    let row = store.deliveries_pending(0, 10).await.unwrap().remove(0);
    assert!(row.late);
    assert_eq!(row.attempt, 0);
}

#[tokio::test]
async fn a_sent_action_links_the_crms_message_to_its_event() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let seq = accept(&store, "!a", 1).await[0];
    let mut sending = action(&store, "!a");
    sending.origin = Some(Origin {
        adapter: "desk".into(),
        conversation: "c1".into(),
        ticket: Some("D-1".into()),
        part: Some("L-9".into()),
    });
    let mut decision = decision(seq);
    decision.actions = vec![sending.clone()];
    let _ = store.decide(decision).await.unwrap();
    let sent = ActionResult {
        id: sending.id,
        tenant: tenant.clone(),
        at: 5000,
        attempt: 1,
        outcome: ActionOutcome::Sent { event_id: Some("$sent".into()) },
        trace: Vec::new(),
    };
    assert_eq!(store.acted(sent.clone()).await.unwrap(), Guarded::Applied);
    assert_eq!(store.acted(sent).await.unwrap(), Guarded::Stale);
    let part = store.event_of_part(&tenant, &"desk".into(), "L-9").await.unwrap().unwrap();
    assert_eq!(part.event_id.as_str(), "$sent");
    let links = store.links_of(&tenant, &"$sent".into()).await.unwrap();
    assert_eq!((links.len(), links[0].origin, links[0].parts.as_slice()), (1, true, &["L-9".to_owned()][..]));
    assert_eq!(store.action_of_event("$sent").await.unwrap().map(|row| row.id), Some(sending.id));
}
