//! A full disk loses nothing, and the store works again once there is space.

use patchbay_storage::{OpenOptions, StorageError, Store};
use tempfile::TempDir;

use crate::support::{event, open, transaction};

#[tokio::test]
async fn when_the_disk_is_full_nothing_is_acknowledged_and_later_it_goes_on() {
    let directory = TempDir::new().unwrap();
    let mut options = OpenOptions::new(directory.path());
    options.max_pages = Some(120);
    let store = Store::open(options).await.unwrap();
    let mut kept = 0_u64;
    let refused = loop {
        let mut new = event(&format!("$e{kept}"), "!r");
        new.body = "x".repeat(8000);
        match store.accept(transaction(vec![new])).await {
            Ok(accepted) => kept += accepted.stored,
            Err(error) => break error,
        }
        assert!(kept < 1000, "the bound does not bind");
    };
    assert!(matches!(refused, StorageError::Full), "{refused:?}");
    assert!(refused.is_transient());
    let pending = store.pending(0, 2000).await.unwrap();
    assert_eq!(pending.len() as u64, kept);
    assert_eq!(*store.inbox_changes().borrow(), pending.last().unwrap().seq);
    // It still answers, and says the same.
    let again = store.accept(transaction(vec![event("$small", "!r")])).await;
    store.close().await;

    let store = open(&directory).await;
    let stored = store.accept(transaction(vec![event("$small", "!r")])).await.unwrap().stored;
    assert_eq!(stored, u64::from(again.is_err()));
}
