//! What measures Patchbay and what tries to break it, from outside: a homeserver that is played, a checker that
//! compares what was sent with what arrived, and the measures taken meanwhile. Nothing here links to the host: it is
//! run as a program and reached over its sockets, like in production.

pub mod admin;
pub mod cast;
pub mod homeserver;
pub mod journal;
pub mod judge;
pub mod load;
pub mod measure;
pub mod pace;
pub mod setup;
pub mod stand_in;
pub mod traffic;
