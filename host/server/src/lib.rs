//! patchbay-server.
