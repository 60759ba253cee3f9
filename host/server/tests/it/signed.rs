//! The generic adapter's webhooks through the whole host: signed by a CRM, verified by a component that never sees the
//! secret, kept, and said in the room.

mod bounds;
mod forged;
mod nowhere;
mod reach;
mod rotated;
mod scene;
mod whole;
