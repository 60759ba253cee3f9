//! What measures Patchbay and what tries to break it, from outside: a homeserver that is played, a checker that
//! compares what was sent with what arrived, and the measures taken meanwhile. The host is run as a program and reached
//! over its sockets, like in production; only to find the limits is a part of it called directly.

pub mod admin;
pub mod cast;
pub mod demo;
pub mod desk;
pub mod figures;
pub mod homeserver;
pub mod host;
pub mod journal;
pub mod judge;
pub mod load;
pub mod measure;
pub mod pace;
pub mod plugins;
pub mod receiver;
pub mod setup;
pub mod stand_in;
pub mod torture;
pub mod traffic;
