//! Every name of the contract that a plugin needs, each exactly once. (The generated modules repeat each other's
//! types under the same names, so a glob over two of them is ambiguous.)

pub use crate::{
    Problem,
    bindings::{
        adapter::exports::patchbay::plugin::{
            adapter::{Call, Draft, Failure, FailureKind, Health, Item, Opened, Written},
            polling::Page,
            webhooks::{Answer, Batch, Webhook},
        },
        mapper::exports::patchbay::plugin::mapping::{
            Action, Encryption, Event, Level, Mapped, MarkRead, Placed, Redact, Related, RoomPlan, Said,
            Send, State, Typing, Update,
        },
        router::exports::patchbay::plugin::routing::{Conversation, Decision, OpenTicket, Placement, Route},
    },
    failure::write_each,
    log,
    plugin::{Adapter, Mapper, Plugin, Polling, Router, Webhooks},
    settings::problem,
    types::{
        Attachment, Attribute, Audience, Change, Changes, Content, Edit, Entry, Header, Location, MediaKind,
        Membership, Message, Named, News, Opening, Other, Party, Person, Post, Presence, Priority, Progress,
        Reaction, Report, Room, Seat, Signal, SignalKind, Text, Ticket, TicketStatus, Timestamp,
    },
};
// The derive of `JsonSchema` looks for `schemars`, which a plugin's crate then need not depend on.
pub use schemars::{self, JsonSchema};
