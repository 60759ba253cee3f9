//! Trying to break the promises: swaps under load, `kill -9`, evil guests, repeated transactions. Each scenario plays
//! against the real program and is judged by the two sides' logs.

pub mod counts;
pub mod crashes;
pub mod evil;
pub mod kill;
pub mod odoo;
pub mod outcome;
pub mod replay;
pub mod rig;
pub mod sabotage;
pub mod stamps;
pub mod swaps;

pub use counts::Counts;
pub use outcome::Outcome;
pub use rig::{Places, Rig};
