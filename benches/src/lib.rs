//! patchbay-benches.
