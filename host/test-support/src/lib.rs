//! Doubles of what is outside the walls, for tests: they answer as the real ones were seen to answer, and what was
//! never seen they refuse loudly. And a proxy that breaks the connections to them.

pub mod homeserver;
pub mod odoo;
pub mod proxy;
mod wire;
