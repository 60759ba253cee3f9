//! Components: what runs where.

pub mod list;
pub mod rollback;
