//! Doubles of what is outside the walls, for tests: they answer as the real ones were seen to answer, and what was
//! never seen they refuse loudly.

pub mod homeserver;
