//! What a homeserver sees, with the requests that a real one sent.

mod bad_input;
mod captures;
mod host;
