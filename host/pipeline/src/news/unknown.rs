//! News of a ticket that no conversation has: one that the CRM opens a room for, one that a delivery of ours is opening
//! at this moment, or one that never had anything to do with Matrix.

use patchbay_plugin::types::News;
use patchbay_storage::{Before, Entry, EntryResult, Park};
use patchbay_types::Millis;

use super::{
    entry::{Stop, told},
    opening,
};
use crate::shared::{Shared, View};

/// A CRM may tell of a ticket before it has answered the delivery that opens it. For so long that is waited for.
const RECEIPT: Millis = 60_000;

/// Decides what becomes of it.
pub(super) async fn decide(
    shared: &Shared,
    view: &View,
    entry: &Entry,
    result: &mut EntryResult,
) -> Result<(), Stop> {
    let told = told(entry)?;
    if let News::Opening(opening) = told.news {
        return opening::first(shared, view, entry, opening, result).await;
    }
    match shared.store.entry_before(entry).await? {
        Some(Before::Waits) => return Err(Stop::Aside),
        Some(Before::Parked) => {
            return Err(park(entry, "earlier news of this ticket, which no conversation has, are parked"));
        }
        None => {}
    }
    if shared.store.may_be_opening(&entry.tenant, &entry.adapter, entry.at).await? {
        if shared.clock.now() < entry.at.max(shared.started) + RECEIPT {
            return Err(Stop::Wait);
        }
        return Err(park(
            entry,
            "no conversation has its ticket; a delivery that still waits may be opening it",
        ));
    }
    Err(Stop::Ignore(format!("no conversation has the ticket `{}`", entry.ticket)))
}

fn park(entry: &Entry, reason: &str) -> Stop {
    let slot = Some(format!("adapters.{}", entry.adapter));
    Stop::Park(Park { slot, reason: reason.to_owned(), ..Park::default() })
}
