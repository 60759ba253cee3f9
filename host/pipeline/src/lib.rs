//! patchbay-pipeline.
