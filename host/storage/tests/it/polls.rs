//! Polls: what a page brought and where the next one goes on are one commit, and only what was new can be asked about.

use patchbay_storage::{Accepted, Cursor, NewEntry, Polled, Store};

use crate::support::{crashed, open, step, store};

fn page(cursor: &str, entries: &[&str]) -> Polled {
    let entry = |id: &&str| NewEntry {
        entry_id: (*id).into(),
        ticket: "T1".into(),
        body: "{\"v\":1}".into(),
        not_before: 0,
    };
    Polled {
        tenant: "acme".into(),
        adapter: "odoo".into(),
        at: 20,
        cursor: cursor.into(),
        entries: entries.iter().map(entry).collect(),
        kv: Vec::new(),
        trace: vec![step("polling.poll")],
    }
}

async fn waiting(store: &Store) -> Vec<String> {
    let waiting = store.entries_pending(&"acme".into(), &"odoo".into(), 0, 0, 10).await.unwrap();
    waiting.into_iter().map(|entry| entry.entry_id).collect()
}

async fn cursor(store: &Store) -> Option<Cursor> {
    store.cursor(&"acme".into(), &"odoo".into()).await.unwrap()
}

#[tokio::test]
async fn pages_that_overlap_bring_each_entry_once_and_move_the_cursor() {
    let (store, _directory) = store().await;
    assert_eq!(cursor(&store).await, None);
    assert_eq!(store.polled(page("c1", &["m1", "m2"])).await.unwrap(), Accepted { stored: 2, duplicates: 0 });
    let again = store.polled(page("c2", &["m2", "m3", "m3"])).await.unwrap();
    assert_eq!(again, Accepted { stored: 1, duplicates: 2 });
    assert_eq!(waiting(&store).await, ["m1", "m2", "m3"]);
    assert_eq!(cursor(&store).await, Some(Cursor { cursor: "c2".into(), at: 20 }));
}

#[tokio::test]
async fn after_a_crash_the_cursor_stands_where_the_entries_do() {
    let (store, directory) = store().await;
    for n in 1..=9 {
        store.polled(page(&format!("c{n}"), &[&format!("m{n}")])).await.unwrap();
        if n % 4 == 0 {
            let copy = crashed(&directory);
            let after = open(&copy).await;
            assert_eq!(cursor(&after).await.unwrap().cursor, format!("c{}", waiting(&after).await.len()));
            after.close().await;
        }
    }
    store.close().await;
}

#[tokio::test]
async fn an_entry_names_the_poll_that_brought_it_and_one_that_brought_nothing_new_leaves_nothing() {
    let (store, _directory) = store().await;
    store.polled(page("c1", &["m1"])).await.unwrap();
    store.polled(page("c2", &["m1"])).await.unwrap();
    store.polled(page("c3", &[])).await.unwrap();
    store.polled(page("c4", &["m1", "m2"])).await.unwrap();
    let (first, second) = (store.why("m1").await.unwrap(), store.why("m2").await.unwrap());
    assert_eq!((first.polls.len(), first.traces.len()), (1, 1));
    assert_eq!((second.polls.len(), second.traces[0].steps[0].name.as_str()), (1, "polling.poll"));
    assert_ne!(first.polls[0].id, second.polls[0].id);
}
