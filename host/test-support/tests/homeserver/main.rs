//! The homeserver double against what a real one was seen to do.

mod appservice;
mod captured;
mod forgetting;
mod pushing;
mod replay;
mod rooms;
