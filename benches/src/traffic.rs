//! What people write: events in the shape and mix in which a homeserver delivers them, and the transactions that
//! carry them.

pub mod event;
pub mod kind;
pub mod source;
pub mod transaction;
mod words;

pub use event::Event;
pub use kind::{Due, Kind};
pub use source::Source;
pub use transaction::Transaction;
