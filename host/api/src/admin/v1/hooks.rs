//! Webhooks of CRMs: where each adapter takes them.

pub mod list;
