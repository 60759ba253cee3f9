//! patchbay-api.
