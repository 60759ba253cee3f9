//! What developers of plugins work with: projects made, built, checked and tried in the sandbox that the host uses, and
//! cases: what a plugin was asked, what it asked of the host, what it answered. A case is a test of a plugin, and what
//! the host exports of an event; both run here, far from any host, and what differs is named field by field.

mod bench;
mod build;
mod case;
mod check;
mod component;
mod diff;
mod error;
mod inspect;
mod judge;
mod mask;
mod new;
mod ports;
mod project;
mod recorded;
mod replay;
mod report;
mod sandbox;
mod scrub;
mod suite;
mod tape;
mod text;
mod watch;

pub use bench::{Bench, Cost, Needs, bench};
pub use build::{Built, build};
pub use case::{Answer, Call, Case, Fault, Function, MadeBy, Step, VERSION};
pub use check::{Check, Granted, check, lacking};
pub use component::Component;
pub use diff::{Difference, diff};
pub use error::WorkbenchError;
pub use inspect::{Inspected, Schema, inspect};
pub use mask::mask;
pub use new::{Kind, New, new};
pub use project::Project;
pub use recorded::{Exported, Filled, Recorded, RecordedCall, case_of};
pub use replay::{Components, replay};
pub use report::{CaseReport, Report, StepReport, Verdict};
pub use sandbox::Sandbox;
pub use suite::{files, test, update};
pub use watch::watch;
