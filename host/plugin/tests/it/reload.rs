//! Hot reload over a real directory, with real components and the real runtime. Time is the test's.

mod files;
mod memory_log;
mod refused;
mod rollback;
mod scene;
mod start;
mod watching;
