//! Files between Matrix and CRMs, in both directions. No component ever holds one: it is named by a handle, and its bytes
//! stream past the sandbox, in bounded memory. What a tenant's policy, the homeserver or the CRM does not let through is
//! named in the text, with the reason; no message is lost over its files.

mod admit;
mod avatar;
mod fetch;
mod fill;
mod given;
mod name;
mod spool;
mod taken;
mod why;

use moka::sync::Cache;
use patchbay_matrix::Links;
use std::time::Duration;

pub use self::spool::Spool;
pub(crate) use self::{
    admit::{admit_news, sealed},
    avatar::show as show_avatar,
    fill::{Filed, files_of, fill, with_files},
    given::{Given, GivenFiles},
    taken::TakenFiles,
    why::Withheld,
};

/// Ghosts whose picture was looked at lately.
const LOOKED: u64 = 10_000;
const LOOK_AGAIN: Duration = Duration::from_secs(3600);
/// Files that broke off lately.
const DOUBTED: u64 = 10_000;

/// What files pass through.
#[derive(Clone)]
pub struct MediaDeps {
    /// Where they lie on their way.
    pub spool: Spool,
    /// What makes links to those that may not pass; none: nobody could open one.
    pub links: Option<Links>,
}

/// The same, and what is remembered of files.
pub(crate) struct Media {
    pub(crate) spool: Spool,
    pub(crate) links: Option<Links>,
    /// Files that a homeserver did not send whole: they are fetched whole before anything of them is sent on.
    doubted: Cache<String, ()>,
    /// Ghosts, and the pictures that they were to show.
    looked: Cache<(String, String), ()>,
}

// === impl Media ===

impl Media {
    pub(crate) fn new(deps: MediaDeps) -> Self {
        let MediaDeps { spool, links } = deps;
        let looked = Cache::builder().max_capacity(LOOKED).time_to_live(LOOK_AGAIN).build();
        Self { spool, links, doubted: Cache::new(DOUBTED), looked }
    }
}
