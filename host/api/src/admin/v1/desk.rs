//! The embedded desk as a whole.

pub mod lines;
pub mod news;
