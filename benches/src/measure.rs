//! What a run cost and how long it made people wait.

pub mod latency;
pub mod report;
pub mod usage;

pub use latency::{Latency, Quantiles};
pub use report::Report;
pub use usage::{Usage, Watch, memory};
