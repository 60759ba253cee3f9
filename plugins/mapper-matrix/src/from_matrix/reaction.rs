//! `m.reaction`: a key put on a message.

use patchbay_sdk::prelude::*;

use super::{Common, Meaning};
use crate::lenient::content;

pub(super) fn meaning(event: &Event) -> Result<Meaning, String> {
    let reaction = read(&event.content, None).ok_or("a reaction to nothing")?;
    Ok(Meaning::new(Content::Reaction(reaction)))
}

/// The reaction that `json` says; `removed`: it is taken back.
pub(super) fn read(json: &str, removed: Option<Vec<String>>) -> Option<Reaction> {
    let relation = content::<Common>(json).relates_to?;
    let (target, key) = relation.annotates()?;
    Some(Reaction { target: vec![target.to_owned()], key: key.to_owned(), removed })
}
