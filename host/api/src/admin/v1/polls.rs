//! CRMs that can be asked what is new: how that goes.

pub mod list;
