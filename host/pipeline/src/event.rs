//! One event on its way in: mapped, routed, decided. All reading and computing, no writing: what follows is data.

use std::sync::Arc;

use patchbay_matrix::Event;
use patchbay_plugin::{Caller, mapping, types};
use patchbay_storage::{Decision, InboxEvent, InboxState, NewAction, NewDelivery, Park, StorageError, Trace};
use patchbay_types::{EventId, Millis, UserId};

use crate::{
    fault::{Called, Verdict},
    payload::Act,
    queues::InboundLane,
    routing,
    shared::{Shared, View, lock},
    steps,
    text::{self, Here},
    undecided::Undecided,
};

/// What an event came to.
pub(crate) enum Handled {
    /// This is to be committed.
    Decided(Box<Decision>),
    /// The lane waits until then, this event first.
    Hold(Millis),
}

/// One event in the making.
pub(crate) struct Incoming<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) view: &'a View,
    pub(crate) lane: &'a InboundLane,
    pub(crate) event: &'a Event<'a>,
    pub(crate) caller: Caller,
    pub(crate) now: Millis,
    pub(crate) decision: Decision,
    pub(crate) undecided: &'a Undecided,
}

/// How the handling of an event ended before it came to routes.
pub(crate) enum Stop {
    /// Nothing is to be done; why.
    Ignore(String),
    /// It is set aside.
    Park(Park),
    /// The lane waits until then.
    Hold(Millis),
    /// The database failed.
    Storage(StorageError),
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Handles one event of a lane.
///
/// # Errors
/// When the database cannot be read; nothing has happened then.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    view: &View,
    lane: &InboundLane,
    row: InboxEvent,
    undecided: &Undecided,
) -> Result<Handled, StorageError> {
    let now = shared.clock.now();
    let mut decision = Decision {
        seq: row.seq,
        at: now,
        tenant: Some(lane.tenant.clone()),
        state: InboxState::Done,
        event_id: None,
        room: None,
        conversation: None,
        deliveries: Vec::new(),
        actions: Vec::new(),
        trace: Trace::new(),
        park: None,
    };
    let event = match Event::read(&row.body) {
        Ok(event) => event,
        Err(fault) => {
            decision.state = InboxState::Parked;
            decision.park = Some(Park { reason: fault.to_string(), ..Park::default() });
            return Ok(Handled::Decided(Box::new(decision)));
        }
    };
    let event_id = EventId::from(&*event.event_id);
    decision.event_id = Some(event_id.clone());
    if event.state_key.is_none() {
        shared.remember_event(&lane.registration, &event_id, &row.body);
    }
    let caller = Caller {
        tenant: lane.tenant.clone(),
        slot: Arc::clone(&view.chain.mapper.name),
        about: Some(Arc::from(&*event.event_id)),
    };
    let mut incoming = Incoming { shared, view, lane, event: &event, caller, now, decision, undecided };
    match incoming.decide().await {
        Ok(()) => {}
        Err(Stop::Ignore(why)) => {
            incoming.decision.state = InboxState::Ignored;
            incoming.decision.trace.push(steps::host("ignore", now, "ignored", why));
        }
        Err(Stop::Park(park)) => {
            incoming.decision.state = InboxState::Parked;
            // A half-made decision must not go out.
            incoming.decision.deliveries.clear();
            incoming.decision.conversation = None;
            incoming.decision.park = Some(park);
        }
        Err(Stop::Hold(until)) => {
            incoming.unlearn().await?;
            return Ok(Handled::Hold(until));
        }
        Err(Stop::Storage(error)) => {
            incoming.unlearn().await?;
            return Err(error);
        }
    }
    // What follows in this very turn may already refer to this event.
    if incoming.decision.state == InboxState::Parked {
        shared.mark_parked(&lane.tenant, &event_id, true);
    } else if shared.is_parked(&lane.tenant, &event_id) {
        shared.mark_parked(&lane.tenant, &event_id, false);
    }
    Ok(Handled::Decided(Box::new(incoming.decision)))
}

// === impl Incoming ===

impl Incoming<'_> {
    async fn decide(&mut self) -> Result<(), Stop> {
        self.learn().await?;
        if self.is_ours(&self.event.sender) {
            return Err(Stop::Ignore("our own: what ghosts and the bot say is known by its link".to_owned()));
        }
        self.invited()?;
        self.notice_encryption().await?;
        let said = self.map().await?;
        routing::route(self, said).await
    }

    /// Takes a state event, and what an invitation shows of the room's state, into what is known of the room.
    async fn learn(&mut self) -> Result<(), Stop> {
        let entry = self.shared.room(&self.lane.registration, &self.lane.room).await?;
        let mut room = lock(&entry);
        let mut changed = std::mem::take(&mut room.dirty);
        if room.tenant.is_none() {
            room.tenant = Some(self.lane.tenant.clone());
            changed = true;
        }
        if let Some(state_key) = &self.event.state_key {
            let shown = self.event.invite_room_state();
            let before = shown.iter().map(|state| (&state.kind, &state.state_key, state.content));
            for (kind, key, content) in before.chain([(&self.event.kind, state_key, self.event.content)]) {
                if let Ok(content) = serde_json::from_str(content) {
                    changed |= room.state.apply(kind, key, &content);
                }
            }
        }
        if changed {
            self.decision.room = Some(Shared::room_row(&self.lane.registration, &self.lane.room, &room));
        }
        Ok(())
    }

    /// The event is handled again later: what was learnt from it is stored then.
    async fn unlearn(&self) -> Result<(), StorageError> {
        if self.decision.room.is_none() {
            return Ok(());
        }
        let entry = self.shared.room(&self.lane.registration, &self.lane.room).await?;
        let mut room = lock(&entry);
        room.dirty = true;
        if !self.decision.actions.is_empty() {
            room.state.encryption_noticed = false;
        }
        Ok(())
    }

    /// An invitation to the bot or a ghost of this tenant's room is accepted by whoever was invited.
    fn invited(&mut self) -> Result<(), Stop> {
        let Some(state_key) = &self.event.state_key else { return Ok(()) };
        if self.event.kind != "m.room.member" || !self.is_ours(state_key) {
            return Ok(());
        }
        #[derive(serde::Deserialize)]
        struct Member {
            membership: String,
        }
        let invited = serde_json::from_str::<Member>(self.event.content)
            .is_ok_and(|member| member.membership == "invite");
        // Names in our namespace are easily written: only the bot, and this tenant's own ghosts, follow an invitation.
        let ghost = self.shared.ghost_of(&self.lane.registration, &UserId::from(&**state_key));
        let bot = self.shared.author_of(&self.lane.registration, state_key).is_none();
        if invited && (bot || ghost.as_ref() == Some(&self.lane.tenant)) {
            let author = self.shared.author_of(&self.lane.registration, state_key);
            self.act(author, Act::Join);
        }
        Err(Stop::Ignore("it is about one of our own users".to_owned()))
    }

    /// Says once, politely, that an encrypted room cannot be read.
    async fn notice_encryption(&mut self) -> Result<(), Stop> {
        if self.event.kind != "m.room.encrypted" {
            return Ok(());
        }
        let text = self.view.chain.config.rooms.encrypted_notice.as_deref().unwrap_or(
            "This room is encrypted, and I cannot read encrypted messages yet. Please write to us in a room without encryption.",
        );
        let entry = self.shared.room(&self.lane.registration, &self.lane.room).await?;
        {
            let mut room = lock(&entry);
            if text.is_empty() || room.state.encryption_noticed {
                return Ok(());
            }
            room.state.encryption_noticed = true;
            self.decision.room = Some(Shared::room_row(&self.lane.registration, &self.lane.room, &room));
        }
        let content =
            serde_json::json!({ "msgtype": "m.notice", "body": text, "m.mentions": {} }).to_string();
        self.act(None, Act::Send { event_type: "m.room.message".to_owned(), content });
        Ok(())
    }

    async fn map(&mut self) -> Result<mapping::Said, Stop> {
        let chain = &self.view.chain;
        let related = self.related().await?;
        let entry = self.shared.room(&self.lane.registration, &self.lane.room).await?;
        let (event, room) = {
            let entry = lock(&entry);
            let room = entry.state.shown(
                self.lane.room.as_str(),
                None,
                self.view.people.audience(self.lane.room.as_str()),
                |user| self.view.people.person(user, &entry.state),
                |user| self.is_ours(user),
            );
            let sender = self.view.people.person(&self.event.sender, &entry.state);
            (self.shown(sender, related), room)
        };
        let input = steps::json(&(&event, &room));
        let called = Called { chain, slot: &chain.mapper, caller: &self.caller, name: "mapper.from-matrix" };
        let verdict = called.run(
            &self.shared.breakers,
            &*self.shared.clock,
            &mut self.decision.trace,
            &input,
            |plugin| plugin.from_matrix(&self.caller, &event, &room),
        );
        match verdict {
            Verdict::Value(mapping::Mapped::Message(mut said)) => {
                // The host knows better than any plugin which event this is and where it came from.
                said.message.id.clone_from(&event.event_id);
                said.message.origin = None;
                let registration = &self.lane.registration;
                let here = Here { shared: self.shared, view: self.view, registration, room: entry };
                text::from_matrix(&mut said.message, &here);
                Ok(said)
            }
            Verdict::Value(mapping::Mapped::Ignore(why)) | Verdict::Skip(why) => Err(Stop::Ignore(why)),
            Verdict::Park(park) => Err(Stop::Park(park)),
            Verdict::Hold(until) => Err(Stop::Hold(until)),
        }
    }

    fn shown(&self, sender: types::Person, related: Option<mapping::Related>) -> mapping::Event {
        mapping::Event {
            event_id: self.event.event_id.to_string(),
            sender,
            event_type: self.event.kind.to_string(),
            state_key: self.event.state_key.as_ref().map(ToString::to_string),
            origin_server_ts: self.event.origin_server_ts,
            content: self.content(),
            encryption: if self.event.kind == "m.room.encrypted" {
                mapping::Encryption::Undecryptable
            } else {
                mapping::Encryption::Clear
            },
            related,
        }
    }

    /// The content as it came; a redaction names what it takes back in its content, in every room version.
    fn content(&self) -> String {
        let plain = || self.event.content.to_owned();
        let Some(redacts) = self.event.redacts() else { return plain() };
        match serde_json::from_str(self.event.content) {
            Ok(serde_json::Value::Object(mut content)) if !content.contains_key("redacts") => {
                content.insert("redacts".to_owned(), redacts.into_owned().into());
                serde_json::Value::Object(content).to_string()
            }
            _ => plain(),
        }
    }

    /// What the event redacts, replaces or reacts to, where the host has it; for state, what stood before it.
    async fn related(&self) -> Result<Option<mapping::Related>, Stop> {
        if self.event.state_key.is_some() {
            return Ok(self.event.prev_content().map(|content| mapping::Related {
                event_id: String::new(),
                event_type: self.event.kind.to_string(),
                sender: self.event.sender.to_string(),
                content: content.to_owned(),
            }));
        }
        let replaced = || {
            let relation = self.event.relation()?;
            let refers = matches!(relation.rel_type.as_deref(), Some("m.replace" | "m.annotation"));
            relation.event_id.filter(|_| refers)
        };
        let Some(target) = self.event.redacts().or_else(replaced) else { return Ok(None) };
        let Some(body) = self.shared.event(&self.lane.registration, &target).await? else { return Ok(None) };
        Ok(Event::read(&body).ok().filter(|related| *related.room_id == *self.lane.room.as_str()).map(
            |related| mapping::Related {
                event_id: related.event_id.to_string(),
                event_type: related.kind.to_string(),
                sender: related.sender.to_string(),
                content: related.content.to_owned(),
            },
        ))
    }

    pub(crate) fn is_ours(&self, user: &str) -> bool {
        self.shared.is_ours(&self.lane.registration, &UserId::from(user))
    }

    /// Adds an action in this room.
    pub(crate) fn act(&mut self, author: Option<crate::payload::Author>, act: Act) {
        let ordinal = u32::try_from(self.decision.actions.len()).unwrap_or(u32::MAX);
        let source = self.event.event_id.to_string();
        let action: NewAction = self.shared.new_action(
            &self.lane.tenant,
            (&self.lane.registration, &self.lane.room),
            ("", &source, ordinal),
            author,
            act,
        );
        self.decision.actions.push(action);
    }

    /// Adds a delivery.
    pub(crate) fn deliver(&mut self, delivery: NewDelivery) {
        self.decision.deliveries.push(delivery);
    }
}
