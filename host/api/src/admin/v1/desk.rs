//! The embedded desk as a whole.

pub mod agent;
pub mod lines;
pub mod news;
