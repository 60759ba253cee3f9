//! Plugins as the host sees them: what is loaded, what is refused, what a call may do.

mod guest;
mod host;
mod loading;
mod reload;
mod values;
