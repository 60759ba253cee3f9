//! patchbay-matrix.
