//! An Odoo made ready for `adapter-odoo`: looks through its own API whether what the adapter needs is there, and makes what
//! is not. Each thing is looked for before it is made, by what it is and not by a memory of ours, so that a run that
//! ended half way is gone on with, and a second one changes nothing.
//!
//! ```text
//! setup ─▶ modules ─▶ user + key ─▶ fields ─▶ rules ─▶ rights      each a list of steps
//!             └────────── session ─▶ JSON-2, or JSON-RPC ──────▶ Odoo
//! ```

mod fields;
mod groups;
mod key;
mod modules;
mod records;
mod report;
mod rights;
mod rules;
mod session;
mod setup;
mod snippet;
mod target;
mod trouble;
mod user;
mod version;
mod wire;

pub(crate) use self::{
    report::{Report, State, Step},
    session::{Access, Transport},
    setup::{Mode, Wanted, run},
    snippet::{Connection, tenant},
    target::Target,
    trouble::Trouble,
};
