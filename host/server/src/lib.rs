//! The program: command line, configuration, wiring and lifecycle. Everything that decides something about a message
//! lives in the crates below; what is here puts them together, starts them in order and ends them in order.

mod cli;
mod config;
mod contradictions;
mod data_dir;
mod failure;
mod generations;
mod lifecycle;
mod listener;
mod metrics;
mod odoo;
mod plugin_control;
mod reception;
mod retention;
mod runtimes;
mod secrets;
mod signals;
mod telemetry;
mod tenant_secrets;
mod wiring;
mod work;

pub use cli::Cli;
