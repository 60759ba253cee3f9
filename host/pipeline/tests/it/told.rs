//! A tenant whose CRM tells what a test wants: `fixtures/guests/errand-adapter`, and a homeserver beside it.

use patchbay_pipeline::Pipeline;
use patchbay_plugin::webhooks::Webhook;
use patchbay_storage::{Entry, NewHook, Parked, ParkedFilter, Subject, Ticket};
use patchbay_types::{AdapterName, Clock as _, ConversationId, TenantId};
use serde_json::{Value, json};

use crate::{
    homeserver::{BOT, Homeserver},
    house::{House, NOW, tenant, text},
};

pub(crate) const ROOM: &str = "!alices";
pub(crate) const ALICE: &str = "@alice:localhost";
pub(crate) const ANN: &str = "@_patchbay_acme_crm=3aann:localhost";

/// The house, and the homeserver, on which Alice's room is. Ann's ghost is in it.
pub(crate) struct Scene {
    pub(crate) house: House,
    pub(crate) homeserver: Homeserver,
    tenants: Vec<(&'static str, String)>,
}

/// An agent of the CRM's.
pub(crate) fn ann() -> Value {
    json!({ "id": "crm:ann", "name": "Ann" })
}

/// A message of an agent's.
pub(crate) fn message(id: &str, ticket: &str, words: &str) -> Value {
    json!({ "id": id, "ticket": ticket, "news": { "message": { "id": id, "author": ann(), "text": words } } })
}

/// An opening for this customer, whom Ann is to talk to.
pub(crate) fn opening(id: &str, ticket: &str, customer: Value, archived: bool) -> Value {
    let seats =
        [json!({ "role": "customer", "person": customer }), json!({ "role": "agent", "person": ann() })];
    json!({ "id": id, "ticket": ticket,
        "news": { "opening": { "name": "Order 17", "topic": "Late", "seats": seats, "archived": archived } } })
}

/// Alice by the name that the CRM has for her. (The adapter knows people by their own names.)
pub(crate) fn alice() -> Value {
    json!({ "id": "crm:1", "name": "Alice", "remote": ALICE, "customer": true })
}

// === impl Scene ===

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with("", "").await
    }

    /// With more below `[rooms]`, and more tables.
    pub(crate) async fn with(rooms: &str, more: &str) -> Self {
        let rooms = format!("link = ['{ROOM}']\n{rooms}");
        let file = tenant(&rooms, &json!({ "default": [{ "adapter": "crm" }] }));
        let file = format!("{file}[adapters.crm]\ncomponent = 'errand-adapter'\n{more}");
        let tenants = vec![("acme", file)];
        let homeserver = Homeserver::start().await;
        homeserver.room(ROOM, &[ALICE, BOT, ANN]);
        let house = House::beside(&tenants, &homeserver.url).await;
        Self { house, homeserver, tenants }
    }

    /// The house crashes, and begins again.
    pub(crate) async fn crashed(self) -> Self {
        let house = self.house.crashed_beside(&self.tenants, &self.homeserver.url).await;
        Self { house, ..self }
    }

    /// Alice and the bot are in her room, and she writes: the ticket that comes of it.
    pub(crate) async fn ticket(&mut self) -> String {
        let join = |user: &str| {
            json!({ "type": "m.room.member", "event_id": format!("$join-{user}"), "room_id": ROOM, "sender": user,
                "state_key": user, "origin_server_ts": NOW, "content": { "membership": "join" } })
        };
        let writes = text(ROOM, "$first", ALICE, r#"{"errands":[]}"#);
        self.house.send(&[join(ALICE), join(BOT), writes]).await;
        self.house.settled().await;
        let tickets = self.tickets(ROOM).await;
        tickets[0].ticket.to_string()
    }

    /// The tickets of a room's conversation.
    pub(crate) async fn tickets(&self, room: &str) -> Vec<Ticket> {
        let conversation = ConversationId::from(room);
        self.house.store.tickets(&TenantId::from("acme"), &conversation).await.unwrap()
    }

    /// The CRM calls.
    pub(crate) async fn tell(&self, key: &str, news: &[Value]) {
        let webhook = Webhook {
            method: "POST".into(),
            url: "https://hooks.example.org/hooks/acme/crm/x".into(),
            headers: Vec::new(),
            body: json!(news).to_string().into_bytes(),
        };
        let hook = NewHook {
            tenant: "acme".into(),
            adapter: "crm".into(),
            key: key.into(),
            body: Pipeline::pack(&webhook),
            desk: Vec::new(),
            at: NOW,
            unasked: None,
            trace: Vec::new(),
        };
        assert!(self.house.pipeline.hook(hook).await.unwrap());
    }

    /// The words that are in a room.
    pub(crate) fn words(&self, room: &str) -> Vec<String> {
        let words = |event: Value| event["content"]["body"].as_str().unwrap_or_default().to_owned();
        self.homeserver.messages(room).into_iter().map(words).collect()
    }

    /// Waits until nothing waits any more. Whatever is put off, the time comes. What comes first on the way is looked at
    /// first: so nothing is between two places when they are looked at.
    pub(crate) async fn done(&self) {
        self.house
            .until("all is done", async || {
                let store = &self.house.store;
                let events = store.counts().await.unwrap().events.count;
                let hooks = store.hooks_wait_for().await.unwrap();
                let entries = self.waiting().await;
                let deliveries = store.counts().await.unwrap().deliveries;
                let actions = store.actions_pending(0, 99).await.unwrap();
                let put_off = entries.iter().map(|entry| entry.not_before);
                let put_off = put_off.chain(actions.iter().map(|action| action.not_before)).max();
                self.house.clock.advance(put_off.unwrap_or(0).saturating_sub(self.house.clock.now()));
                events == 0
                    && hooks.is_empty()
                    && entries.is_empty()
                    && deliveries.is_empty()
                    && actions.is_empty()
            })
            .await;
    }

    /// The entries that wait.
    pub(crate) async fn waiting(&self) -> Vec<Entry> {
        let (tenant, adapter) = (TenantId::from("acme"), AdapterName::from("crm"));
        self.house.store.entries_pending(&tenant, &adapter, u64::MAX >> 1, 0, 99).await.unwrap()
    }

    pub(crate) async fn parked(&self) -> Vec<Parked> {
        let filter = ParkedFilter { limit: 99, ..ParkedFilter::default() };
        self.house.store.parked(&filter).await.unwrap()
    }

    /// How an entry went, step by step: names and outcomes.
    pub(crate) async fn steps(&self, entry: i64) -> Vec<(String, String, String)> {
        let traces = self.house.store.traces_of(Subject::Entry(entry)).await.unwrap();
        let steps = traces.into_iter().flat_map(|trace| trace.steps);
        steps.map(|step| (step.name, step.outcome, step.answer)).collect()
    }
}
