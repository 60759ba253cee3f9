//! From the inbox into the lanes: whose room is it, and which lane. Fixed here, before any plugin runs. Events of
//! nobody's rooms are counted and left alone.

use std::{collections::BTreeMap, sync::Arc};

use patchbay_matrix::Event;
use patchbay_storage::{Decision, InboxEvent, InboxState, StorageError};
use patchbay_types::{EventId, Millis, RegistrationId, RoomId, TenantId, UserId};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    ownership::{Evidence, Verdict},
    queues::InboundLane,
    shared::{RoomEntry, Shared, lock},
    steps,
};

/// Rows read at once.
const BATCH: u32 = 512;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Reads the inbox until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, cancel: CancellationToken) {
    let mut changes = shared.store.inbox_changes();
    let mut cursor = 0;
    loop {
        if cancel.is_cancelled() {
            return;
        }
        changes.mark_unchanged();
        let wait = match read(&shared, &mut cursor).await {
            Ok(0) => None,
            Ok(_) => continue,
            Err(error) => {
                warn!(%error, "the inbox cannot be read; it is tried again");
                Some(PAUSE)
            }
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            changed = changes.changed(), if wait.is_none() => if changed.is_err() { return },
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
        }
    }
}

async fn read(shared: &Arc<Shared>, cursor: &mut i64) -> Result<usize, StorageError> {
    let rows = shared.store.next_pending(*cursor, BATCH).await?;
    let read = rows.len();
    let mut nobodys = Vec::new();
    let mut last = *cursor;
    for row in rows {
        last = row.seq;
        match owner(shared, &row).await? {
            Owner::Tenant(lane) => shared.inbound.push(lane, row.seq, row),
            Owner::Nobody(decision) => nobodys.push(Arc::from(decision)),
        }
    }
    if !nobodys.is_empty() {
        metrics::counter!("patchbay_events_of_nobody_total").increment(nobodys.len() as u64);
        match shared.store.decide_all(nobodys.clone()).await {
            Err(StorageError::Refused(error)) => {
                warn!(%error, "events of nobody's rooms are refused together; they go one by one");
                for one in nobodys {
                    apart(shared, &one).await?;
                }
            }
            answer => drop(answer?),
        }
    }
    *cursor = last;
    Ok(read)
}

/// What the database refuses is parked, so that it holds up nobody.
async fn apart(shared: &Shared, decision: &Decision) -> Result<(), StorageError> {
    match shared.store.decide(decision.clone()).await {
        Err(StorageError::Refused(error)) => {
            let bare = crate::inbound::refused(decision, error.to_string());
            shared.store.decide(bare).await.map(drop)
        }
        answer => answer.map(drop),
    }
}

/// What was parked before anybody looked at it comes in once more: into its room's lane, or to nobody.
pub(crate) async fn again(shared: &Shared, row: &InboxEvent) -> Result<(), StorageError> {
    match owner(shared, row).await? {
        Owner::Tenant(lane) => shared.inbound.rewind(lane, row.seq - 1),
        Owner::Nobody(decision) => drop(shared.store.decide(*decision).await?),
    }
    Ok(())
}

enum Owner {
    Tenant(InboundLane),
    Nobody(Box<Decision>),
}

async fn owner(shared: &Shared, row: &InboxEvent) -> Result<Owner, StorageError> {
    let now = shared.clock.now();
    let Some(room) = &row.room_id else { return Ok(Owner::Nobody(nobody(row, now, "it names no room"))) };
    let entry = shared.room(&row.registration, room).await?;
    let mut entry = lock(&entry);
    let verdict = verdict(shared, row, room, &entry);
    let shown = match &verdict {
        Verdict::Tenant(tenant, why) => {
            settle(&mut entry, room, Some(tenant.clone()), why);
            let (tenant, registration) = (tenant.clone(), row.registration.clone());
            return Ok(Owner::Tenant(InboundLane { tenant, registration, room: room.clone() }));
        }
        Verdict::Ambiguous(tenants) => {
            let tenants: Vec<&str> = tenants.iter().map(TenantId::as_str).collect();
            format!("ambiguous: {} could claim it; link it in one of their files", tenants.join(", "))
        }
        // An earlier event may have told of two claims; this one tells of none, which changes nothing.
        Verdict::Nobody if !entry.decided_by.is_empty() => entry.decided_by.clone(),
        Verdict::Nobody => "no tenant claims its room".to_owned(),
    };
    let mut decision = nobody(row, now, &shown);
    if entry.decided_by != shown {
        settle(&mut entry, room, None, &shown);
        decision.room = Some(Shared::room_row(&row.registration, room, &entry));
    }
    Ok(Owner::Nobody(decision))
}

/// A link in a tenant's file wins, whatever was decided before; then what was decided stays.
fn verdict(shared: &Shared, row: &InboxEvent, room: &RoomId, entry: &RoomEntry) -> Verdict {
    let claims = shared.claims.load();
    let linked = claims.linked(&row.registration, room.as_str());
    if linked != Verdict::Nobody {
        return linked;
    }
    if let Some(tenant) = entry.tenant.as_ref().filter(|tenant| claims.may_have(tenant, &row.registration)) {
        return Verdict::Tenant(tenant.clone(), "earlier");
    }
    let Ok(event) = Event::read(&row.body) else { return Verdict::Nobody };
    let facts = Facts::of(shared, &row.registration, &event);
    let evidence = Evidence {
        inviter: facts.inviter.as_ref(),
        ghost_of: facts.ghost_of.as_ref(),
        alias: facts.alias.as_deref(),
    };
    claims.decide(&row.registration, room.as_str(), evidence)
}

fn settle(entry: &mut RoomEntry, room: &RoomId, tenant: Option<TenantId>, why: &str) {
    if entry.tenant != tenant {
        info!(%room, tenant = tenant.as_ref().map(TenantId::as_str), why, "the room's owner is decided");
        entry.tenant = tenant;
        entry.dirty = true;
    }
    if why != "earlier" && entry.decided_by != why {
        entry.decided_by = why.to_owned();
        entry.dirty = true;
    }
}

/// What one event tells of its room's owner.
#[derive(Default)]
struct Facts {
    inviter: Option<UserId>,
    ghost_of: Option<TenantId>,
    alias: Option<String>,
}

impl Facts {
    fn of(shared: &Shared, registration: &RegistrationId, event: &Event<'_>) -> Self {
        let mut facts = Self::default();
        let Some(state_key) = event.state_key.as_deref() else { return facts };
        let content: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(event.content).unwrap_or_default();
        let text = |key: &str| content.get(key).and_then(|value| value.as_str());
        match &*event.kind {
            "m.room.member" if text("membership") == Some("invite") => {
                let invited = UserId::from(state_key);
                if shared.is_ours(registration, &invited) {
                    facts.inviter = Some(UserId::from(&*event.sender));
                    facts.ghost_of = shared.ghost_of(registration, &invited);
                }
            }
            "m.room.canonical_alias" => facts.alias = text("alias").map(str::to_owned),
            _ => {}
        }
        facts
    }
}

fn nobody(row: &InboxEvent, now: Millis, why: &str) -> Box<Decision> {
    Box::new(Decision {
        seq: row.seq,
        at: now,
        tenant: None,
        state: InboxState::Nobody,
        event_id: Some(EventId::from(row.key.as_str())),
        room: None,
        conversation: None,
        deliveries: Vec::new(),
        actions: Vec::new(),
        trace: vec![steps::host("owner", now, "nobody", why)],
        park: None,
    })
}
