//! The embedded desk.

use patchbay_storage::{DeskChange, DeskFilter, DeskWrite, Guarded, NewHook, StorageError};
use patchbay_types::TenantId;

use crate::support::{delivered_to, done, open, result, store};

fn create(tenant: &TenantId, ticket: &str) -> DeskWrite {
    DeskWrite::Create {
        tenant: tenant.clone(),
        ticket: ticket.into(),
        conversation: "c1".into(),
        customer: "{\"id\":\"@u\"}".into(),
        at: 10,
    }
}

fn line(tenant: &TenantId, ticket: &str, line: &str, key: &str) -> DeskWrite {
    DeskWrite::Line {
        tenant: tenant.clone(),
        ticket: ticket.into(),
        line: line.into(),
        key: key.into(),
        author: "{}".into(),
        sent_at: 20,
        internal: false,
        body: "{\"text\":\"hello\"}".into(),
        reply_to: None,
    }
}

#[tokio::test]
async fn a_calls_desk_writes_come_with_its_receipt_and_a_repeated_item_is_dropped() {
    let (store, directory) = store().await;
    let tenant = TenantId::from("acme");
    let ticket = store.next_desk_ticket(&tenant);
    let (first, second) = (store.next_desk_line(), store.next_desk_line());
    let mut receipt = result(&delivered_to(&store, "!a").await, done(&[&first]));
    receipt.desk = vec![create(&tenant, &ticket), line(&tenant, &ticket, &first, "k1")];
    assert_eq!(store.deliver(receipt.clone()).await.unwrap(), Guarded::Applied);
    assert_eq!(store.deliver(receipt).await.unwrap(), Guarded::Stale);
    let mut again = result(&delivered_to(&store, "!b").await, done(&[&second]));
    again.desk = vec![line(&tenant, &ticket, &second, "k1")];
    let _ = store.deliver(again).await.unwrap();

    let lines = store.desk_lines(&tenant, &ticket, None, 10).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.line.as_str()).collect::<Vec<_>>(), [first.as_str()]);
    let known = store.desk_line_of_item(&tenant, &ticket.as_str().into(), "k1").await.unwrap();
    assert_eq!(known, Some(first));
    let row = store.desk_ticket(&tenant, &ticket).await.unwrap().unwrap();
    assert_eq!((row.lines, row.last_at, row.status.as_str()), (1, 20, "open"));
    store.close().await;
    assert_eq!(open(&directory).await.next_desk_ticket(&tenant), "D-2");
}

#[tokio::test]
async fn a_line_in_a_ticket_that_the_desk_does_not_have_is_refused_with_its_receipt() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let delivery = delivered_to(&store, "!a").await;
    let mut receipt = result(&delivery, done(&["L-1"]));
    receipt.desk = vec![line(&tenant, "D-7", "L-1", "k1")];
    assert!(matches!(store.deliver(receipt).await, Err(StorageError::Refused(_))));
    assert_eq!(store.deliveries_pending(0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn changes_of_one_line_are_made_in_order_and_the_earlier_words_stay() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let react = |key: &str, on| DeskWrite::React {
        tenant: tenant.clone(),
        line: "L-1".into(),
        key: key.into(),
        by: "@u".into(),
        on,
    };
    let rewrite = |body: &str, at| DeskWrite::Rewrite {
        tenant: tenant.clone(),
        line: "L-1".into(),
        body: format!("\"{body}\""),
        at,
    };
    let mut receipt = result(&delivered_to(&store, "!a").await, done(&[]));
    receipt.desk = vec![
        create(&tenant, "D-1"),
        line(&tenant, "D-1", "L-1", "k"),
        rewrite("two", 30),
        rewrite("three", 40),
        react("👍", true),
        react("$.x", true),
        react("👍", false),
        DeskWrite::Remove { tenant: tenant.clone(), line: "L-1".into(), at: 50 },
    ];
    let _ = store.deliver(receipt).await.unwrap();
    let row = store.desk_lines(&tenant, "D-1", None, 10).await.unwrap().remove(0);
    assert_eq!(row.body, "\"three\"");
    assert_eq!(row.edits, "[{\"body\":{\"text\":\"hello\"},\"at\":30},{\"body\":\"two\",\"at\":40}]");
    assert_eq!((row.reactions.as_str(), row.removed_at), ("[[\"$.x\",\"@u\"]]", Some(50)));
}

#[tokio::test]
async fn another_tenants_line_is_out_of_reach() {
    let (store, _directory) = store().await;
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    let mut receipt = result(&delivered_to(&store, "!a").await, done(&[]));
    receipt.desk = vec![
        create(&tenant, "D-1"),
        line(&tenant, "D-1", "L-1", "k"),
        DeskWrite::Remove { tenant: other.clone(), line: "L-1".into(), at: 50 },
    ];
    let _ = store.deliver(receipt).await.unwrap();
    assert_eq!(store.desk_lines(&tenant, "D-1", None, 10).await.unwrap()[0].removed_at, None);
    assert!(!store.desk_has_line(&other, "D-1", "L-1").await.unwrap());
    assert!(store.desk_has_line(&tenant, "D-1", "L-1").await.unwrap());
}

#[tokio::test]
async fn a_tickets_properties_change_and_the_list_follows_its_filter() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let mut receipt = result(&delivered_to(&store, "!a").await, done(&[]));
    receipt.desk = vec![create(&tenant, "D-1"), create(&tenant, "D-2")];
    for change in [
        DeskChange::Status("solved".into()),
        DeskChange::Priority("high".into()),
        DeskChange::Subject("it's \"broken\"".into()),
        DeskChange::Queue(Some("{\"id\":\"q\"}".into())),
        DeskChange::Assignee(None),
        DeskChange::Tag("b".into()),
        DeskChange::Tag("a".into()),
        DeskChange::Tag("a".into()),
        DeskChange::Untag("b".into()),
        DeskChange::Field("order".into(), "17".into()),
    ] {
        receipt.desk.push(DeskWrite::Alter { tenant: tenant.clone(), ticket: "D-1".into(), change, at: 60 });
    }
    let _ = store.deliver(receipt).await.unwrap();
    let solved = DeskFilter { status: Some("solved".into()), limit: 10 };
    let row = store.desk_tickets(&tenant, &solved).await.unwrap().remove(0);
    assert_eq!(
        (row.ticket.as_str(), row.tags.as_str(), row.fields.as_str()),
        ("D-1", "[\"a\"]", "{\"order\":\"17\"}")
    );
    assert_eq!((row.subject.as_deref(), row.last_at), (Some("it's \"broken\""), 60));
    let all = DeskFilter { status: None, limit: 10 };
    assert_eq!(store.desk_tickets(&tenant, &all).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_an_agent_wrote_is_kept_with_its_webhook_and_once() {
    let (store, _directory) = store().await;
    let tenant = TenantId::from("acme");
    let ticket = store.next_desk_ticket(&tenant);
    let mut receipt = result(&delivered_to(&store, "!a").await, done(&[]));
    receipt.desk = vec![create(&tenant, &ticket)];
    assert_eq!(store.deliver(receipt).await.unwrap(), Guarded::Applied);
    for n in 0..2 {
        let written = line(&tenant, &ticket, &store.next_desk_line(), "reply");
        let (adapter, key) = ("desk".into(), "reply".into());
        let hook = NewHook {
            tenant: tenant.clone(),
            adapter,
            key,
            body: Vec::new(),
            desk: vec![written],
            at: 30,
            unasked: None,
            trace: Vec::new(),
        };
        assert_eq!(store.add_hook(hook).await.unwrap(), n == 0);
    }
    assert_eq!(store.desk_lines(&tenant, &ticket, None, 10).await.unwrap().len(), 1);
    let log = store.desk_log(&tenant, 0, 10).await.unwrap();
    assert_eq!((log.len(), log[0].ticket.as_str(), &log[0].event_id), (1, ticket.as_str(), &None));
}
