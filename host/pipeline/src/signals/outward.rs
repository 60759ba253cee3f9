//! From a CRM to Matrix: an agent types, or has read what a customer wrote. What a webhook or a poll tells of that is taken
//! out of its entries before they are stored, and carried out at once, by the ghost, if there is one already.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use patchbay_plugin::{
    mapping,
    types::{Entry, News, Signal, SignalKind},
};
use patchbay_types::{AdapterName, ConversationId, Millis, RegistrationId, RoomId, TenantId, UserId};
use tracing::debug;

use super::{OLDEST, count, word};
use crate::{
    news::entry,
    outgoing,
    payload::Act,
    shared::{Shared, View, lock},
};

/// How long typing is shown unless it is said again.
const TYPING: Duration = Duration::from_secs(15);

/// One signal of a CRM.
struct Told {
    tenant: TenantId,
    adapter: AdapterName,
    entry: String,
    ticket: String,
    signal: Signal,
    /// When it was so.
    at: Millis,
}

/// Takes signals out of what an adapter tells, and carries out the latest of each; answers the rest. They were told `at`.
pub(crate) fn take(
    shared: &Arc<Shared>,
    (tenant, adapter): (&TenantId, &AdapterName),
    entries: Vec<Entry>,
    at: Millis,
) -> Vec<Entry> {
    let (mut rest, mut latest) = (Vec::with_capacity(entries.len()), BTreeMap::new());
    for Entry { id, ticket, news, not_before } in entries {
        match news {
            News::Signal(signal) => {
                let key = (ticket.clone(), signal.by.id.clone(), signal.kind == SignalKind::Read);
                let (tenant, adapter) = (tenant.clone(), adapter.clone());
                latest.insert(key, Told { tenant, adapter, entry: id, ticket, signal, at });
            }
            news => rest.push(Entry { id, ticket, news, not_before }),
        }
    }
    for told in latest.into_values() {
        begin(shared, told);
    }
    rest
}

fn begin(shared: &Arc<Shared>, told: Told) {
    let kind = word(told.signal.kind);
    let same = format!(
        "{kind}\u{1f}{}\u{1f}{}\u{1f}{}",
        told.ticket,
        told.signal.by.id,
        told.signal.target.join("\u{1f}")
    );
    let key = (told.tenant.clone(), told.adapter.clone(), same);
    let place = Arc::clone(&shared.signals.acting).try_acquire_owned();
    let (false, Ok(place)) = (shared.signals.lately.contains_key(&key), place) else {
        return count("out", &told.tenant, &told.adapter, "dropped");
    };
    shared.signals.lately.insert(key, ());
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let outcome = told.carry_out(&shared).await;
        count("out", &told.tenant, &told.adapter, outcome);
        drop(place);
    });
}

// === impl Told ===

impl Told {
    /// Answers the word for what came of it.
    async fn carry_out(&self, shared: &Shared) -> &'static str {
        let age = shared.clock.now().saturating_sub(self.at);
        if age > OLDEST {
            return "too-old";
        }
        match tokio::time::timeout(Duration::from_millis(OLDEST - age), self.act(shared)).await {
            Ok(Ok(done)) => done,
            Ok(Err(why)) => {
                debug!(tenant = %self.tenant, adapter = %self.adapter, why, "a signal of a CRM is dropped");
                "failed"
            }
            Err(_) => "too-old",
        }
    }

    async fn act(&self, shared: &Shared) -> Result<&'static str, String> {
        let said = |error: patchbay_storage::StorageError| error.to_string();
        let Some(view) = shared.view(&self.tenant) else { return Ok("dropped") };
        let ticket = shared.store.ticket(&self.tenant, &self.adapter, &self.ticket.as_str().into()).await;
        let Some(ticket) = ticket.map_err(said)? else { return Ok("dropped") };
        let place = place(shared, &self.tenant, &ticket.conversation).await?;
        let Some((registration, room)) = place else { return Ok("dropped") };
        let told = (&self.adapter, self.entry.as_str(), News::Signal(self.signal.clone()));
        let actions = entry::short_lived(shared, &view, &ticket, told).await;
        let mut done = "nothing";
        for action in actions {
            self.one(shared, &view, (&registration, &room), action).await?;
            done = "done";
        }
        Ok(done)
    }

    async fn one(
        &self,
        shared: &Shared,
        view: &View,
        (registration, room): (&RegistrationId, &RoomId),
        action: mapping::Action,
    ) -> Result<(), String> {
        if !matches!(action, mapping::Action::Typing(_) | mapping::Action::MarkRead(_)) {
            return Err("the mapper wants more of it than typing or a receipt".to_owned());
        }
        let (author, act) = outgoing::check(&view.chain.config.matrix, action)?;
        let homeserver =
            shared.homeservers.get(registration).ok_or("there is no such registration any more")?;
        let user = match author {
            Some(person) => shared.ghost(registration, &self.tenant, &person, &view.chain).user_id,
            None => homeserver.ghosts.bot().to_string(),
        };
        let user = UserId::from(user.as_str());
        let known = shared.store.ghost(registration, &user).await.map_err(|error| error.to_string())?;
        // Nobody is made, invited or joined over this.
        let Some(ghost) = known else { return Err("there is no such ghost yet".to_owned()) };
        let intent = homeserver.client.act_as(&user, ghost.device_id.as_deref());
        let intent = intent.map_err(|error| error.to_string())?;
        let done = match act {
            Act::Typing { active } => intent.set_typing(room, active.then_some(TYPING)).await,
            Act::MarkRead { event_id } => intent.mark_read(room, &event_id.as_str().into()).await,
            _ => return Err("the mapper wants more of it than typing or a receipt".to_owned()),
        };
        done.map_err(|error| error.to_string())
    }
}

/// The room of a conversation.
pub(super) async fn place(
    shared: &Shared,
    tenant: &TenantId,
    conversation: &ConversationId,
) -> Result<Option<(RegistrationId, RoomId)>, String> {
    let entry = shared.conversation(tenant, conversation).await.map_err(|error| error.to_string())?;
    Ok(entry.map(|entry| {
        let entry = lock(&entry);
        (entry.row.registration.clone(), entry.row.room_id.clone())
    }))
}
