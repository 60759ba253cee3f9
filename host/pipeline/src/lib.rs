//! The pipeline: from the inbox through a tenant's chain to its CRMs, and from a CRM's news back into the room. Lanes
//! keep order; every step's outcome is one commit; nothing that is committed is forgotten by a crash.
//!
//! It is to run on a tokio runtime of its own: guests compute on its threads.

mod act;
mod breaker;
mod crash;
mod delivery;
mod event;
mod failure;
mod fault;
mod hand_on;
mod html;
mod inbound;
mod ingest;
mod keys;
mod lanes;
mod media;
mod names;
mod news;
mod outgoing;
mod outside;
mod ownership;
mod payload;
mod people;
mod pipeline;
mod queues;
mod retry;
mod room;
mod routing;
mod shared;
mod signals;
mod steps;
mod text;
mod tickets;
mod undecided;
mod voice;

pub use self::{
    media::{MediaDeps, Spool},
    news::{
        accept::{Heard, Unheard},
        polls::PollStatus,
    },
    outside::{
        Outside,
        watched::{Connection, ConnectionError, Probed},
    },
    pipeline::{Load, Pipeline},
    shared::{Homeserver, PipelineDeps},
};
