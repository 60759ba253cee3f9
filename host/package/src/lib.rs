//! patchbay-package.
