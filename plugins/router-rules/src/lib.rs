//! router-rules.
