//! Everything that answers HTTP. [`appservice`] is what homeservers call, [`hooks`] what CRMs call, [`admin`] what
//! operators and monitors do.

pub mod admin;
pub mod appservice;
pub mod hooks;
pub mod media;
