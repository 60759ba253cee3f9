//! `m.room.redaction`: something is taken back. What that means depends on what it was.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use super::{
    Common, Meaning, reaction,
    relation::{Relation, is_event_id},
};
use crate::lenient::{content, lenient};

#[derive(Default, Deserialize)]
struct Redaction {
    #[serde(default, deserialize_with = "lenient")]
    redacts: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    reason: Option<String>,
}

pub(super) fn meaning(event: &Event) -> Result<Meaning, String> {
    let Redaction { redacts, reason } = content(&event.content);
    let related = event.related.as_ref();
    let target =
        redacts.filter(|id| is_event_id(id)).or_else(|| related.map(|related| related.event_id.clone()));
    let target = vec![target.ok_or("it redacts nothing")?];
    let meant = match related {
        None => Content::Removal(target),
        Some(related) => taken_back(related, target)?,
    };
    Ok(Meaning::new(meant).with("reason", reason))
}

fn taken_back(related: &Related, target: Vec<String>) -> Result<Content, String> {
    match related.event_type.as_str() {
        "m.reaction" => {
            let reaction =
                reaction::read(&related.content, Some(target)).ok_or("it redacts a broken reaction")?;
            Ok(Content::Reaction(reaction))
        }
        "m.room.member" | "m.room.redaction" => Err(format!("it redacts {}", related.event_type)),
        _ if is_edit(&related.content) => {
            // What stood before the edit is not known here, and removing the message would be too much.
            Err("it redacts an edit; the message stays as it was edited".to_owned())
        }
        _ => Ok(Content::Removal(target)),
    }
}

fn is_edit(json: &str) -> bool {
    content::<Common>(json).relates_to.as_ref().and_then(Relation::replaces).is_some()
}
