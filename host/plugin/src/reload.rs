//! Hot reload: what the watched directory says becomes each tenant's chain, while events flow.
//!
//! A changed file makes a new generation of every tenant that it touches: read, hashed, checked, prepared and tried
//! away from the threads that serve, then written down, then swapped in whole behind one pointer. Whatever is wrong on
//! that way leaves the generation before in service and says why. The last three generations of each tenant stay at
//! hand; copies of what they are made of outlive the files.

mod activate;
mod board;
mod check;
mod content_store;
mod directory;
mod drain;
mod files;
mod finding;
mod gather;
mod generation;
mod host_file;
mod kept;
mod load;
mod locate;
mod metrics;
mod pass;
mod places;
mod read;
mod reloader;
mod remove;
mod restore;
mod rollback;
mod run;
mod settings;
mod slot_files;
mod source;
mod stamp;
mod start;
mod status;
mod tenant;
mod trial;
mod watcher;

pub use check::check;
pub use finding::Finding;
pub use generation::{GenerationLog, GenerationRecord, History, LogError, MovedBy, PointerMove, SlotRecord};
pub use kept::{KeptError, KeptSlot};
pub use pass::Passed;
pub use reloader::{ReloadConfig, ReloadError, Reloader};
pub use rollback::RollbackError;
pub use settings::settings_of;
pub use status::{LastError, ReloadStatus, Serving, SlotStatus, State, TenantStatus};
