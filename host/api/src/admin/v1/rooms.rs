//! Rooms: whose they are, and why.

pub mod list;
