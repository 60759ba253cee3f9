//! patchbay-sdk.
