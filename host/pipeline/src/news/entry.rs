//! One piece of news becomes Matrix actions: the mapper says which, the host says whose they are and checks them.

use std::sync::Arc;

use patchbay_plugin::{Caller, mapping, types};
use patchbay_storage::{
    Entry, EntryOutcome, EntryResult, NewAction, Origin, Park, StorageError, Ticket, TicketChange, Trace,
};
use patchbay_types::{AdapterName, Millis};

use crate::{
    delivery::apply_changes,
    fault::{Called, Verdict},
    media,
    news::{Next, opening, unknown},
    outgoing,
    payload::Act,
    retry,
    shared::{ConversationEntry, Shared, View, lock},
    steps, text, voice,
};

/// Actions that one entry may bring.
const ACTIONS: usize = 64;

struct News<'a> {
    shared: &'a Shared,
    view: &'a View,
    entry: &'a Entry,
    now: Millis,
    conversation: ConversationEntry,
    trace: Trace,
}

/// How the handling of an entry ended without anything to be done.
pub(super) enum Stop {
    Ignore(String),
    Park(Park),
    /// Its adapter's later ones wait behind it.
    Wait,
    /// It waits by itself, for others of its ticket.
    Aside,
    /// It is tried again later, by itself; why.
    Later(String),
    Storage(StorageError),
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Handles one entry.
///
/// # Errors
/// When the database cannot be read, or what came of it cannot be committed.
pub(crate) async fn enter(shared: &Arc<Shared>, entry: Entry) -> Result<Next, StorageError> {
    let now = shared.clock.now();
    let Some(view) = shared.view(&entry.tenant) else { return Ok(Next::Wait) };
    let mut result = EntryResult {
        id: entry.id,
        tenant: entry.tenant.clone(),
        at: now,
        outcome: EntryOutcome::Done,
        actions: Vec::new(),
        deliveries: Vec::new(),
        tickets: Vec::new(),
        conversation: None,
        room: None,
        persons: Vec::new(),
        trace: Trace::new(),
    };
    let ticket = shared.store.ticket(&entry.tenant, &entry.adapter, &entry.ticket).await?;
    let conversation = match &ticket {
        Some(ticket) => shared.conversation(&entry.tenant, &ticket.conversation).await?,
        None => None,
    };
    let ended = if let (Some(ticket), Some(conversation)) = (ticket, conversation) {
        let conversation = lock(&conversation).clone();
        let mut news = News { shared, view: &view, entry: &entry, now, conversation, trace: Trace::new() };
        let ended = news.decide(&ticket, &mut result).await;
        result.trace = news.trace;
        ended
    } else {
        unknown::decide(shared, &view, &entry, &mut result).await
    };
    let mut next = Next::Go;
    match ended {
        Ok(()) => {}
        Err(Stop::Ignore(why)) => {
            result.outcome = EntryOutcome::Ignored;
            result.trace.push(steps::host("ignore", now, "ignored", why));
        }
        Err(Stop::Park(park)) => {
            result.actions.clear();
            result.outcome = EntryOutcome::Parked(park);
        }
        Err(Stop::Later(error)) => {
            result.actions.clear();
            let at = now + retry::pause(entry.attempt + 1, None, &mut rand::rng());
            result.outcome = EntryOutcome::Retry { at, error };
            next = Next::Aside;
        }
        Err(Stop::Wait) => return Ok(Next::Wait),
        Err(Stop::Aside) => return Ok(Next::Aside),
        Err(Stop::Storage(error)) => return Err(error),
    }
    let _ = shared.store.enter(result.clone()).await?;
    if let Some(row) = result.conversation {
        shared.remember_conversation(row).await;
    }
    for ticket in &result.tickets {
        shared.remember_ticket(ticket);
    }
    for action in result.actions {
        shared.push_action(action, now);
    }
    Ok(next)
}

/// What an entry tells.
///
/// # Errors
/// Where it was stored by another release.
pub(super) fn told(entry: &Entry) -> Result<types::Entry, Stop> {
    serde_json::from_str(&entry.body).map_err(|error| {
        Stop::Park(Park { reason: format!("its stored form cannot be read: {error}"), ..Park::default() })
    })
}

/// What the mapper makes of something short-lived that an adapter tells of this ticket, and that is stored nowhere:
/// nothing, where it comes to no answer.
pub(crate) async fn short_lived(
    shared: &Shared,
    view: &View,
    ticket: &Ticket,
    (adapter, id, told): (&AdapterName, &str, types::News),
) -> Vec<mapping::Action> {
    let now = shared.clock.now();
    let Ok(Some(conversation)) = shared.conversation(&ticket.tenant, &ticket.conversation).await else {
        return Vec::new();
    };
    let conversation = lock(&conversation).clone();
    let entry = Entry {
        id: 0,
        tenant: ticket.tenant.clone(),
        adapter: adapter.clone(),
        entry_id: id.to_owned(),
        ticket: ticket.ticket.clone(),
        body: String::new(),
        attempt: 0,
        not_before: 0,
        at: now,
        late: false,
    };
    let mut news = News { shared, view, entry: &entry, now, conversation, trace: Trace::new() };
    let Ok(update) = news.update(ticket, told).await else { return Vec::new() };
    let _thread = shared.compute(&ticket.tenant).await;
    news.map(&update).unwrap_or_default()
}

// === impl News ===

impl News<'_> {
    async fn decide(&mut self, ticket: &Ticket, result: &mut EntryResult) -> Result<(), Stop> {
        let told = told(self.entry)?;
        let part = match &told.news {
            types::News::Message(message) => Some(message.id.clone()),
            _ => None,
        };
        if let types::News::Changed(changes) = &told.news {
            let was = Some(ticket.clone());
            let mut ticket = ticket.clone();
            apply_changes(&mut ticket, &changes.changes);
            ticket.last_activity_at = self.now;
            result.tickets.push(TicketChange { was, ticket });
        }
        if let types::News::Opening(opening) = told.news {
            let (row, trace) = (&self.conversation, &mut self.trace);
            return opening::again(
                self.shared,
                self.view,
                self.entry,
                (row, ticket),
                opening,
                (result, trace),
            )
            .await;
        }
        let update = self.update(ticket, told.news).await?;
        let actions = {
            let _thread = self.shared.compute(&self.entry.tenant).await;
            self.map(&update)?
        };
        if actions.is_empty() {
            return Err(Stop::Ignore("the mapper shows nothing of it".to_owned()));
        }
        let origin = Origin {
            adapter: self.entry.adapter.clone(),
            conversation: ticket.conversation.clone(),
            ticket: Some(ticket.ticket.clone()),
            part,
        };
        self.act(actions, origin, result).await
    }

    /// The update as the mapper sees it: the adapter's identifiers become event IDs.
    async fn update(&self, ticket: &Ticket, mut news: types::News) -> Result<mapping::Update, Stop> {
        media::admit_news(&mut news, &self.view.chain.config.media);
        match &mut news {
            types::News::Message(message) | types::News::Note(message) => {
                message.origin = Some(self.entry.adapter.to_string());
                let content = match &mut message.content {
                    types::Content::Edit(edit) => Some(&mut edit.target),
                    types::Content::Removal(target) => Some(target),
                    types::Content::Reaction(reaction) => Some(&mut reaction.target),
                    _ => None,
                };
                for target in content.into_iter().chain([&mut message.reply_to, &mut message.thread]) {
                    self.events_of(target).await?;
                }
            }
            types::News::Report(report) => self.events_of(&mut report.target).await?,
            types::News::Signal(signal) => self.events_of(&mut signal.target).await?,
            _ => {}
        }
        let row = &self.conversation.row;
        let people = &self.view.people;
        let audience = people.audience(row.room_id.as_str());
        // Where an agent would open it is nothing for a customer to know.
        let whole = ticket.url.as_deref().filter(|_| audience == types::Audience::Staff);
        text::to_matrix(&mut news, whole);
        let room = self.shared.room(&row.registration, &row.room_id).await?;
        let room = lock(&room);
        let shown = room.state.shown(
            row.room_id.as_str(),
            Some(row.id.as_str()),
            audience,
            |user| people.person(user, &room.state),
            |user| self.shared.is_ours(&row.registration, &user.into()),
        );
        Ok(mapping::Update {
            conversation: row.id.to_string(),
            room: shown,
            adapter: self.entry.adapter.to_string(),
            ticket: types::Ticket { id: ticket.ticket.to_string(), url: ticket.url.clone() },
            news,
        })
    }

    async fn events_of(&self, target: &mut types::Target) -> Result<(), Stop> {
        let mut events = Vec::with_capacity(target.len());
        for part in target.iter() {
            let (tenant, adapter) = (&self.entry.tenant, &self.entry.adapter);
            if let Some(part) = self.shared.store.event_of_part(tenant, adapter, part).await? {
                events.push(part.event_id.to_string());
            }
        }
        events.dedup();
        *target = events;
        Ok(())
    }

    fn map(&mut self, update: &mapping::Update) -> Result<Vec<mapping::Action>, Stop> {
        let chain = &self.view.chain;
        let caller = Caller {
            tenant: self.entry.tenant.clone(),
            slot: Arc::clone(&chain.mapper.name),
            about: Some(Arc::from(self.entry.entry_id.as_str())),
        };
        let called = Called { chain, slot: &chain.mapper, caller: &caller, name: "mapper.to-matrix" };
        let input = steps::json(update);
        let verdict =
            called.run(&self.shared.breakers, &*self.shared.clock, &mut self.trace, &input, |plugin| {
                plugin.to_matrix(&caller, update)
            });
        match verdict {
            Verdict::Value(actions) => Ok(actions),
            Verdict::Skip(why) => Err(Stop::Ignore(why)),
            Verdict::Park(park) => Err(Stop::Park(park)),
            Verdict::Hold(_) => Err(Stop::Wait),
        }
    }

    async fn act(
        &self,
        actions: Vec<mapping::Action>,
        origin: Origin,
        result: &mut EntryResult,
    ) -> Result<(), Stop> {
        let chain = &self.view.chain;
        let refuse = |reason: String| {
            tracing::warn!(tenant = %self.entry.tenant, slot = "mapper", component = %chain.mapper.plugin.digest(),
                entry = %self.entry.entry_id, %reason, "parked: the answer is refused");
            Stop::Park(Park {
                slot: Some(chain.mapper.name.to_string()),
                component: Some(chain.mapper.plugin.digest().to_string()),
                reason,
                behind: None,
            })
        };
        if actions.len() > ACTIONS {
            return Err(refuse(format!(
                "the mapper wants {} actions; {ACTIONS} are the most",
                actions.len()
            )));
        }
        let row = &self.conversation.row;
        for (ordinal, action) in actions.into_iter().enumerate() {
            let files = media::files_of(&action).map_err(refuse)?;
            let (author, act) = outgoing::check(&chain.config.matrix, action).map_err(refuse)?;
            let mut earlier = None;
            if let Act::Redact { event_id, .. } = &act {
                let own = self.shared.store.action_of_event(event_id).await?;
                let own = own.filter(|own| own.tenant == self.entry.tenant && own.room_id == row.room_id);
                let Some(own) = own else {
                    return Err(refuse(
                        "the mapper wants to take back an event that is not our own".to_owned(),
                    ));
                };
                earlier = voice::of(&own);
            }
            let (author, act) = match author {
                // Whoever said it may always take it back; others need power.
                _ if earlier.is_some() => (earlier.flatten(), act),
                Some(person) => {
                    self.shared.voice((&row.registration, &self.entry.tenant), &person, chain, act)
                }
                None => (None, act),
            };
            let shows = matches!(act, Act::Send { .. });
            let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
            let mut action: NewAction = self.shared.new_action(
                &self.entry.tenant,
                (&row.registration, &row.room_id),
                (self.entry.adapter.as_str(), &self.entry.entry_id, ordinal),
                author,
                act,
            );
            action.origin = shows.then(|| origin.clone());
            if !files.is_empty() {
                action.payload = media::with_files(&action.payload, files);
            }
            result.actions.push(action);
        }
        Ok(())
    }
}
