//! The durable heart: what was accepted, what follows from it, and why, on SQLite.
//!
//! [`Store`] is cheap to clone. Writes go through one task that commits whatever waits in one transaction; reads go
//! through a few connections of their own. What belongs together is one call: an event's decision with its deliveries,
//! a delivery's result with its links. Each of these is guarded by the row's pending state, so that a caller who does
//! not know whether an earlier call went through may simply call again.

mod action;
mod arrivals;
mod checkpoint;
mod counters;
mod decision;
mod delivery;
mod desk;
mod error;
mod failure;
mod generation;
mod ghost;
mod inbox;
mod journal;
mod kv;
mod lock;
mod media;
mod news;
mod notice;
mod open;
mod parked;
mod person;
mod poll;
mod prune;
mod read;
#[cfg(feature = "sabotage")]
pub mod sabotage;
mod store;
mod trace;
mod writer;

pub use self::{
    action::{Action, ActionOutcome, ActionResult, NewAction, Origin},
    decision::{Conversation, Decision, Guarded, Room},
    delivery::{
        Delivery, DeliveryOutcome, DeliveryResult, DeliveryState, NewDelivery, PersonRemote, Ticket,
        TicketChange, Written,
    },
    desk::{DeskChange, DeskFilter, DeskLine, DeskTicket, DeskWrite},
    error::StorageError,
    failure::{
        LanePlace, Mark, OpenNote, Telling, ToldConversation, WaitingAction, WaitingFor, WaitingLane,
        WaitingRoom,
    },
    generation::{Generation, NewGeneration},
    ghost::Ghost,
    inbox::{Accepted, InboxEvent, InboxState, NewEvent, Transaction, Unreadable},
    journal::{JournalStep, NewStep, StepState},
    kv::KvWrite,
    media::Avatar,
    news::{
        Entry, EntryOutcome, EntryResult, Hook, HookOutcome, HookState, HookWanted, KnownHook, NewEntry,
        NewHook, Received, Unasked,
    },
    notice::Notice,
    open::OpenOptions,
    parked::{Park, Parked, ParkedFilter, Replayed},
    poll::{Cursor, KnownPoll, Polled},
    prune::{Pruned, Retention},
    read::{
        counts::{Counts, Waiting},
        links::{Link, Part},
        opening::Before,
        operator::LoggedLine,
        why::Why,
    },
    store::Store,
    trace::{HostCall, Step, StoredTrace, Subject, Trace},
};
