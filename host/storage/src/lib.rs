//! patchbay-storage.
