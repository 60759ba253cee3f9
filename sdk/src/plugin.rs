//! What a plugin is: one trait for all, and one for each thing that a world asks of it.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    Problem,
    bindings::{
        adapter::exports::patchbay::plugin::{
            adapter::{Call, Draft, Failure, FailureKind, Health, Item, Opened, Written},
            polling::Page,
            webhooks::{Answer, Batch, Webhook},
        },
        mapper::exports::patchbay::plugin::mapping::{Action, Event, Mapped, RoomPlan, Update},
        router::exports::patchbay::plugin::routing::{Conversation, Decision},
    },
    types::{Changes, Message, Opening, Person, Room, Signal, Timestamp},
};

/// What every plugin is, whatever its world. The value that `prepare` answers lives in the image from which each
/// later call starts: nothing that a call changes is seen by the next one.
pub trait Plugin: Sized + 'static {
    /// What the tenant's settings are read into. Say `#[serde(deny_unknown_fields)]`: a misspelt key is then named.
    ///
    /// Its JSON Schema is what the host shows to whoever writes the settings, doc comments included. Derive it, or write
    /// it by hand with [`schema_by_hand!`](crate::schema_by_hand).
    type Settings: DeserializeOwned + JsonSchema;

    /// Builds whatever later calls need, and runs one sample input through it, so that what is built on first use is
    /// built too. Only `log` works here.
    ///
    /// # Errors
    /// With each thing that is wrong in the settings, and where; `?` takes a single [`Problem`] too.
    fn prepare(settings: Self::Settings) -> Result<Self, Vec<Problem>>;
}

/// Matrix to the shared form, and back. Pure: the same input gives the same output.
pub trait Mapper: Plugin {
    /// A Matrix event as a message, or why nothing is forwarded.
    ///
    /// # Errors
    /// With a sentence, when the event cannot be mapped and dropping it silently would be wrong.
    #[expect(clippy::wrong_self_convention, reason = "the contract's name")]
    fn from_matrix(&self, event: Event, room: Room) -> Result<Mapped, String>;

    /// What is done in Matrix for a CRM's news.
    ///
    /// # Errors
    /// With a sentence, when the news cannot be said.
    fn to_matrix(&self, update: Update) -> Result<Vec<Action>, String>;

    /// What the room of `opening` is to be like; no `room`: it is to be made.
    ///
    /// # Errors
    /// With a sentence, when there can be no such room.
    fn plan_room(&self, opening: Opening, room: Option<Room>) -> Result<RoomPlan, String>;
}

/// Where a message goes. Pure: the same input gives the same output.
pub trait Router: Plugin {
    /// The routes of one message.
    ///
    /// # Errors
    /// With a sentence, when no decision can be made; no route at all is a decision.
    fn decide(
        &self,
        message: Message,
        conversation: Conversation,
        now: Timestamp,
    ) -> Result<Decision, String>;
}

/// A CRM. Every function answers a [`Failure`] whose kind says what the host does next.
pub trait Adapter: Plugin {
    /// Finds or makes the person; answers this adapter's own identifier.
    ///
    /// # Errors
    /// See the trait.
    fn contact(&self, person: Person, call: Call) -> Result<String, Failure>;

    /// Opens a ticket with some or all of the draft's items.
    ///
    /// # Errors
    /// See the trait.
    fn open(&self, draft: Draft, call: Call) -> Result<Opened, Failure>;

    /// Appends to a ticket, in order.
    ///
    /// # Errors
    /// See the trait.
    fn append(&self, ticket: String, items: Vec<Item>, call: Call) -> Result<Vec<Written>, Failure>;

    /// Changes a ticket.
    ///
    /// # Errors
    /// See the trait.
    fn update(&self, ticket: String, changes: Changes, call: Call) -> Result<(), Failure>;

    /// Tells of something short-lived, such as typing. Without a body of its own: nobody is told.
    ///
    /// # Errors
    /// See the trait.
    fn notify(&self, ticket: String, signal: Signal) -> Result<(), Failure> {
        let _ = (ticket, signal);
        Ok(())
    }

    /// From an attachment handle of this adapter to a file handle of the host. Without a body of its own: this adapter
    /// hands out no files.
    ///
    /// # Errors
    /// See the trait.
    fn fetch(&self, handle: String) -> Result<String, Failure> {
        let _ = handle;
        Err(Failure::of(FailureKind::Unsupported, "this adapter has no files"))
    }

    /// Whether the CRM answers.
    ///
    /// # Errors
    /// See the trait.
    fn probe(&self) -> Result<Health, Failure>;
}

/// An adapter whose CRM calls us.
pub trait Webhooks: Adapter {
    /// Verifies and answers, quickly: keep it for [`Webhooks::receive`], or not.
    fn accept(&self, webhook: Webhook) -> Answer;

    /// What a kept webhook tells.
    ///
    /// # Errors
    /// See [`Adapter`].
    fn receive(&self, webhook: Webhook) -> Result<Batch, Failure>;
}

/// An adapter whose CRM can be asked what is new: the safety net under webhooks.
pub trait Polling: Adapter {
    /// What is new since `cursor`; without one: from now on.
    ///
    /// # Errors
    /// See [`Adapter`].
    fn poll(&self, cursor: Option<String>) -> Result<Page, Failure>;

    /// One ticket's messages, oldest first. Without a body of its own: there is no history.
    ///
    /// # Errors
    /// See [`Adapter`].
    fn history(&self, ticket: String, cursor: Option<String>) -> Result<Page, Failure> {
        let _ = (ticket, cursor);
        Err(Failure::of(FailureKind::Unsupported, "this adapter tells no history"))
    }
}
