//! What was set aside, until someone replays or discards it.

pub mod discard;
pub mod export;
pub mod list;
pub mod replay;
pub mod show;

use patchbay_storage::{Parked, Store};
use patchbay_types::Problem;

use super::super::answer::Refused;

/// The parked thing of this number, with the bytes of a transaction that could not be read.
async fn find(store: &Store, id: i64) -> Result<(Parked, Option<Vec<u8>>), Refused> {
    let found = store.parked_one(id).await?;
    Ok(found.ok_or_else(|| Problem::not_found(format!("nothing was ever parked under {id}")))?)
}

/// A problem where it was resolved before.
fn unresolved(parked: &Parked) -> Result<(), Problem> {
    match parked.resolved_at {
        None => Ok(()),
        Some(_) => {
            let said = format!("{} was replayed or discarded before", parked.id);
            Err(Problem::new(409, "resolved", said))
        }
    }
}
