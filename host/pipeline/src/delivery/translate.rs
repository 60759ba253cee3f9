//! Whose identifier is it? In the queue a message refers to others by their Matrix event IDs; an adapter knows its own
//! identifiers alone.

use patchbay_plugin::types::{Content, Message, Target};
use patchbay_storage::StorageError;
use patchbay_types::{AdapterName, EventId, TenantId};

use crate::shared::{Delivered, Shared};

/// A message in an adapter's own words, and where its target went.
pub(crate) struct Translated {
    pub(crate) message: Message,
    /// The ticket that the target of an edit, a removal or a reaction went to.
    pub(crate) ticket: Option<String>,
    /// The message changes another one, and that one never reached this adapter.
    pub(crate) lost: bool,
    /// All of the adapter's identifiers that stand in the message.
    pub(crate) parts: Vec<String>,
}

/// Translates every target of a message. A target that this adapter does not know becomes empty: "none, or unknown".
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn translate(
    shared: &Shared,
    tenant: &TenantId,
    adapter: &AdapterName,
    mut message: Message,
) -> Result<Translated, StorageError> {
    let mut all = Vec::new();
    let mut ticket = None;
    let mut lost = false;
    let mut changes = true;
    let target = match &mut message.content {
        Content::Edit(edit) => &mut edit.target,
        Content::Removal(target) => target,
        Content::Reaction(reaction) => &mut reaction.target,
        _ => {
            changes = false;
            &mut Vec::new()
        }
    };
    if changes {
        let found = look_up(shared, tenant, adapter, target).await?;
        lost = found.parts.is_empty();
        ticket = found.ticket.map(|ticket| ticket.to_string());
        target.clone_from(&found.parts);
        all.extend(found.parts);
    }
    if let Content::Reaction(reaction) = &mut message.content
        && let Some(removed) = &mut reaction.removed
    {
        *removed = look_up(shared, tenant, adapter, removed).await?.parts;
    }
    for other in [&mut message.reply_to, &mut message.thread] {
        *other = look_up(shared, tenant, adapter, other).await?.parts;
        all.extend(other.iter().cloned());
    }
    Ok(Translated { message, ticket, lost, parts: all })
}

async fn look_up(
    shared: &Shared,
    tenant: &TenantId,
    adapter: &AdapterName,
    target: &Target,
) -> Result<Delivered, StorageError> {
    let mut found = Delivered::default();
    for event in target {
        let delivered = shared.delivered(tenant, adapter, &EventId::from(event.as_str())).await?;
        found.ticket = found.ticket.or_else(|| delivered.ticket.clone());
        found.parts.extend_from_slice(&delivered.parts);
    }
    Ok(found)
}
