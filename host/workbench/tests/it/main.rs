//! Cases in the real sandbox, with the first-party components, and projects from their first line to a tested component.
#![cfg(test)]

mod bench;
mod cases;
mod check;
mod components;
mod exports;
mod projects;
mod samples;
