//! The calls that one delivery takes: who the author is to the CRM, the ticket or its next message, the changes behind
//! it; all over the same ports, so that what they write is committed together.

use std::{collections::HashSet, sync::Arc};

use patchbay_plugin::{CallError, Plugin, Ports, Timed, adapter, types};
use patchbay_storage::{DeskWrite, KvWrite, PersonRemote, Step, Ticket, TicketChange};
use patchbay_types::TicketId;

use crate::{
    delivery::{
        attempt::{Attempt, Effects},
        outcome::{self, Ended},
        ports::{DeskBuffer, Kv},
    },
    keys,
    outside::{Journal, SecretsPort, Steps},
    steps,
};

// === impl Attempt ===

impl Attempt<'_> {
    /// Calls the adapter, one function after the other, over the same ports.
    pub(crate) async fn perform(
        &mut self,
        plugin: &Plugin,
        effects: &mut Effects,
        journal: Option<Journal>,
    ) -> Result<Ended, CallError> {
        let mut ports = self.ports(journal).await;
        let mut ended = Ended::default();
        let message = self.translated.as_ref().map(|translated| translated.message.clone());
        if let Some(mut message) = message {
            if message.author.remote.is_none() {
                let (person, back) = self.contact(plugin, ports, &message.author, effects).await?;
                self.course.delivers();
                ports = back;
                match person {
                    Ok(remote) => message.author.remote = Some(remote),
                    Err(failure) => {
                        ended.failure = Some(failure);
                        return Ok(ended);
                    }
                }
            }
            ports = self.say(plugin, ports, message, &mut ended, effects).await?;
        }
        if ended.failure.is_some() {
            // A call that failed leaves nothing behind in the host's own tables; those before it do.
            if ended.parts.is_some() || ended.kept.is_some() {
                self.collect(ports, if ended.parts.is_some() { None } else { ended.kept }, effects);
                effects.tickets.extend(self.changed());
            }
            self.gone(&ended, effects);
            return Ok(ended);
        }
        if self.payload.changes.is_empty() {
            self.collect(ports, None, effects);
        } else {
            let (said, written) =
                (desk_writes(&ports), self.payload.written.is_some() || ended.parts.is_some());
            let so_far = buffered(&ports);
            match self.change(plugin, ports, &mut ended, effects).await {
                Ok(ports) => self.collect(ports, ended.failure.as_ref().map(|_| said), effects),
                // The message is written, and that must not be forgotten over what was to come behind it.
                Err(CallError::Fault(fault)) if written => {
                    (effects.kv, effects.desk) = so_far;
                    ended.fault = Some(fault);
                }
                Err(error) => return Err(error),
            }
            self.gone(&ended, effects);
        }
        if let Some(ticket) = &mut self.ticket
            && ended.parts.is_some()
        {
            ticket.last_activity_at = self.now;
            effects.tickets.extend(self.changed());
        }
        Ok(ended)
    }

    /// Opens a ticket with the message, or appends it.
    async fn say(
        &mut self,
        plugin: &Plugin,
        mut ports: Ports,
        message: types::Message,
        ended: &mut Ended,
        effects: &mut Effects,
    ) -> Result<Ports, CallError> {
        let item = adapter::Item { key: self.call.key.clone(), message, internal: self.internal };
        if self.ticket.is_none() {
            let draft = adapter::Draft {
                conversation: self.lane.conversation.to_string(),
                customer: self.customer(&item.message).await,
                initial: self.payload.initial.clone(),
                items: vec![item.clone()],
            };
            let input = steps::json(&(&draft, &self.call));
            let answer = plugin.open(&self.caller, ports, &draft, &self.call).await;
            let (answer, back) = self.split("adapter.open", plugin, input, answer, effects)?;
            ports = back;
            match answer {
                Ok(opened) => {
                    let parts = parts_of(&opened.written, &item.key);
                    let claimed = unknown_to_desk(&ports, Some(&opened.ticket.id), parts.as_deref());
                    if let Some(foreign) = self.foreign(claimed, Some(&opened.ticket.id)).await {
                        ended.failure = Some(foreign);
                        return Ok(ports);
                    }
                    self.opened(opened.ticket);
                    ended.parts = parts;
                    ended.kept = Some(desk_writes(&ports));
                }
                Err(failure) => {
                    ended.failure = Some(failure);
                    return Ok(ports);
                }
            }
            if ended.parts.is_some() {
                return Ok(ports);
            }
        }
        let Some(ticket) = self.ticket.as_ref().map(|ticket| ticket.ticket.to_string()) else {
            return Ok(ports);
        };
        let items = [item];
        let input = steps::json(&(&ticket, &items, &self.call));
        let answer = plugin.append(&self.caller, ports, &ticket, &items, &self.call).await;
        let (answer, back) = self.split("adapter.append", plugin, input, answer, effects)?;
        match answer {
            Ok(written) => {
                let parts = parts_of(&written, &self.call.key).unwrap_or_default();
                match self.foreign(unknown_to_desk(&back, None, Some(&parts)), None).await {
                    Some(foreign) => ended.failure = Some(foreign),
                    None => ended.parts = Some(parts),
                }
            }
            Err(failure) => {
                ended.parts = parts_of(&failure.written, &self.call.key);
                ended.failure = Some(failure);
            }
        }
        Ok(back)
    }

    /// Whether an adapter claims a ticket or a message that is not this delivery's: believed, another customer's ticket
    /// would take this one's messages. `claimed` is what [`unknown_to_desk`] found, for the desk.
    async fn foreign(&self, claimed: Option<String>, ticket: Option<&str>) -> Option<adapter::Failure> {
        let other = match ticket.map(TicketId::from) {
            Some(id) if claimed.is_none() => {
                match self.shared.store.ticket(&self.lane.tenant, &self.lane.adapter, &id).await {
                    Ok(known) => known
                        .filter(|known| known.conversation != self.lane.conversation)
                        .map(|known| known.ticket.to_string()),
                    Err(error) => {
                        let detail = format!("whose ticket it is cannot be looked up: {error}");
                        let kind = adapter::FailureKind::Busy;
                        return Some(adapter::Failure {
                            kind,
                            detail,
                            retry_after: None,
                            written: Vec::new(),
                        });
                    }
                }
            }
            _ => None,
        };
        let detail = claimed.or(other)?;
        tracing::warn!(tenant = %self.lane.tenant, slot = %self.caller.slot, event = self.caller.about.as_deref(),
            claimed = %detail, "refused: the adapter answered with what is not this delivery's");
        Some(adapter::Failure {
            kind: adapter::FailureKind::Rejected,
            detail: format!("the adapter answered with `{detail}`, which is not this delivery's"),
            retry_after: None,
            written: Vec::new(),
        })
    }

    async fn change(
        &mut self,
        plugin: &Plugin,
        ports: Ports,
        ended: &mut Ended,
        effects: &mut Effects,
    ) -> Result<Ports, CallError> {
        // Without a message a ticket may be missing: then there is nothing to change.
        let Some(ticket) = self.ticket.as_ref().map(|ticket| ticket.ticket.to_string()) else {
            return Ok(ports);
        };
        let by = self.payload.message.as_ref().map(|message| message.author.clone());
        let changes = types::Changes { changes: self.payload.changes.clone(), by };
        let input = steps::json(&(&ticket, &changes, &self.call));
        let answer = plugin.update(&self.caller, ports, &ticket, &changes, &self.call).await;
        let (answer, back) = self.split("adapter.update", plugin, input, answer, effects)?;
        match answer {
            Ok(()) => {
                if let Some(ticket) = &mut self.ticket {
                    outcome::apply(ticket, &self.payload.changes);
                    if let Some(was) = &mut self.was {
                        outcome::on_purpose(was, ticket, &self.payload.changes);
                    }
                }
            }
            Err(failure) => ended.failure = Some(failure),
        }
        Ok(back)
    }

    async fn contact(
        &self,
        plugin: &Plugin,
        ports: Ports,
        person: &types::Person,
        effects: &mut Effects,
    ) -> Result<(Result<String, adapter::Failure>, Ports), CallError> {
        let (tenant, adapter) = (&self.lane.tenant, &self.lane.adapter);
        if let Some(remote) = self.shared.person_remote(tenant, adapter, &person.id).await {
            return Ok((Ok(remote), ports));
        }
        // Two conversations of one person may begin at once: the second one looks again when the first has an answer.
        let turn = self.shared.turn_for_person(tenant, adapter, &person.id);
        let _turn = turn.lock().await;
        if let Some(remote) = self.shared.person_remote(tenant, adapter, &person.id).await {
            return Ok((Ok(remote), ports));
        }
        let lost = self.payload.unknown;
        self.course.asks_for_person(lost);
        let key = keys::contact(tenant, adapter, &person.id, lost);
        let call = adapter::Call { key, ..self.call.clone() };
        let input = steps::json(&(person, &call));
        let answer = plugin.contact(&self.caller, ports, person, &call).await;
        let (answer, ports) = self.split("adapter.contact", plugin, input, answer, effects)?;
        if let Ok(remote) = &answer {
            let (tenant, adapter, person) = (tenant.clone(), adapter.clone(), person.id.clone());
            let known = PersonRemote { tenant, adapter, person, remote: Some(remote.clone()) };
            if self.pass.is_some() {
                // Others need not wait until this message is delivered. If it fails, the receipt says it again.
                match self.shared.store.know_person(&known).await {
                    Ok(()) => self.shared.remember_person(&known),
                    Err(error) => tracing::warn!(%error, "a person is known only with the receipt"),
                }
            }
            effects.persons.push(known);
        }
        Ok((answer, ports))
    }

    /// Writes the step down and takes the ports back.
    fn split<T: serde::Serialize>(
        &self,
        name: &str,
        plugin: &Plugin,
        input: String,
        answer: Result<Timed<(T, Ports)>, CallError>,
        effects: &mut Effects,
    ) -> Result<(T, Ports), CallError> {
        let at = self.shared.clock.now();
        let (slot, chain) = (&self.caller.slot, &self.view.chain);
        let mut write = |mut step: Step| {
            step.calls = steps::host_calls(&self.record);
            effects.trace.push(step);
        };
        match answer {
            Ok(timed) => {
                let (value, ports) = timed.value;
                let shown = Ok(Timed { value: &value, took: timed.took, fuel: timed.fuel });
                write(steps::called(name, slot, chain, plugin, at, input, &shown));
                Ok((value, ports))
            }
            Err(error) => {
                let shown: Result<Timed<()>, CallError> = Err(error.clone());
                write(steps::called(name, slot, chain, plugin, at, input, &shown));
                Err(error)
            }
        }
    }

    /// What became of the ticket.
    fn changed(&self) -> Option<TicketChange> {
        Some(TicketChange { was: self.was.clone(), ticket: self.ticket.clone()? })
    }

    /// Whose conversation it is, with what the adapter calls them where it knows them.
    async fn customer(&self, message: &types::Message) -> types::Person {
        let customer = self.conversation.row.customer.as_deref();
        let customer = customer.and_then(|json| serde_json::from_str::<types::Person>(json).ok());
        let Some(mut customer) = customer else { return message.author.clone() };
        customer.remote = if customer.id == message.author.id {
            message.author.remote.clone()
        } else {
            let (tenant, adapter) = (&self.lane.tenant, &self.lane.adapter);
            self.shared.person_remote(tenant, adapter, &customer.id).await
        };
        customer
    }

    fn opened(&mut self, opened: types::Ticket) {
        let mut ticket = Ticket {
            tenant: self.lane.tenant.clone(),
            conversation: self.lane.conversation.clone(),
            adapter: self.lane.adapter.clone(),
            ticket: TicketId::from(opened.id),
            url: opened.url,
            status: "open".to_owned(),
            queue: None,
            assignee: None,
            opened_at: self.now,
            last_activity_at: self.now,
            open: true,
        };
        outcome::apply(&mut ticket, &self.payload.initial);
        self.ticket = Some(ticket);
    }

    pub(super) async fn ports(&self, journal: Option<Journal>) -> Ports {
        let grants = self.view.chain.config.adapters.get(&self.lane.adapter).map(|slot| &slot.grants);
        let (tenant, adapter) = (self.lane.tenant.clone(), self.lane.adapter.clone());
        let store = self.shared.store.clone();
        let mut ports = Ports::none(self.now);
        ports.record = Some(Arc::clone(&self.record));
        if let Some(gate) = self.view.gates.get(&self.lane.adapter) {
            ports.secrets = Some(Box::new(SecretsPort(gate.secrets.clone())));
            if let (Some(outlet), Some(journal)) = (gate.outlet.clone(), journal) {
                let (clock, course) = (Arc::clone(&self.shared.clock), Arc::clone(&self.course));
                let files = Arc::clone(&self.files) as _;
                ports.http = Some(Box::new(Steps { outlet, journal, clock, course, files }));
            }
        }
        if grants.is_some_and(|grants| grants.store) {
            ports.store = Some(Box::new(Kv::new(&store, tenant.clone(), adapter).await));
        }
        if grants.is_some_and(|grants| grants.desk) {
            let ticket = self.ticket.iter().map(|ticket| ticket.ticket.to_string());
            let lines = self.translated.iter().flat_map(|translated| translated.parts.iter().cloned());
            ports.desk = Some(Box::new(DeskBuffer {
                store,
                tenant,
                conversation: self.lane.conversation.clone(),
                now: self.now,
                tickets: ticket.collect::<HashSet<_>>(),
                lines: lines.collect(),
                writes: Vec::new(),
                bytes: 0,
            }));
        }
        ports
    }

    /// A ticket that its adapter no longer has takes no more messages; a person whom it no longer has is looked for
    /// again.
    fn gone(&self, ended: &Ended, effects: &mut Effects) {
        match ended.failure.as_ref().map(|failure| failure.kind) {
            Some(adapter::FailureKind::Gone) => {
                let closed =
                    |ticket: &Ticket| Ticket { open: false, status: "closed".to_owned(), ..ticket.clone() };
                effects.tickets.extend(
                    self.ticket
                        .as_ref()
                        .map(|ticket| TicketChange { was: self.was.clone(), ticket: closed(ticket) }),
                );
            }
            Some(adapter::FailureKind::UnknownPerson) => {
                let author = self.payload.message.as_ref().map(|message| message.author.id.clone());
                effects.persons.extend(author.map(|person| PersonRemote {
                    tenant: self.lane.tenant.clone(),
                    adapter: self.lane.adapter.clone(),
                    person,
                    remote: None,
                }));
            }
            _ => {}
        }
    }

    /// Takes what was buffered; of the desk's writes only the first `most`.
    fn collect(&self, ports: Ports, most: Option<usize>, effects: &mut Effects) {
        if let Some(kv) = ports.store
            && let Ok(kv) = (kv as Box<dyn std::any::Any>).downcast::<Kv>()
        {
            effects.kv = kv.into_writes();
        }
        if let Some(desk) = ports.desk
            && let Ok(desk) = (desk as Box<dyn std::any::Any>).downcast::<DeskBuffer>()
        {
            effects.desk = desk.writes;
            effects.desk.truncate(most.unwrap_or(usize::MAX));
        }
    }
}

fn desk(ports: &Ports) -> Option<&DeskBuffer> {
    let desk = ports.desk.as_deref().map(|desk| desk as &dyn std::any::Any);
    desk.and_then(|desk| desk.downcast_ref::<DeskBuffer>())
}

/// What an answer names that the desk did not give this delivery.
fn unknown_to_desk(ports: &Ports, ticket: Option<&str>, parts: Option<&[String]>) -> Option<String> {
    let desk = desk(ports)?;
    let ticket = ticket.filter(|id| !desk.tickets.contains(*id));
    let part = parts.into_iter().flatten().find(|part| !desk.lines.contains(*part));
    ticket.or(part.map(String::as_str)).map(str::to_owned)
}

/// All that is buffered.
fn buffered(ports: &Ports) -> (Vec<KvWrite>, Vec<DeskWrite>) {
    let kv = ports.store.as_deref().map(|store| store as &dyn std::any::Any);
    let kv = kv.and_then(|kv| kv.downcast_ref::<Kv>()).map(|kv| kv.clone().into_writes());
    (kv.unwrap_or_default(), desk(ports).map(|desk| desk.writes.clone()).unwrap_or_default())
}

fn desk_writes(ports: &Ports) -> usize {
    desk(ports).map_or(0, |desk| desk.writes.len())
}

/// What was written for the item with this key, if it was.
fn parts_of(written: &[adapter::Written], key: &str) -> Option<Vec<String>> {
    written.iter().find(|written| written.key == key).map(|written| written.parts.clone())
}
