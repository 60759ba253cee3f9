//! Log lines. The host adds tenant, plugin, digest and event; what a message says is never logged.

pub use crate::bindings::base::patchbay::plugin::log::Level;
use crate::host::log as host;

/// Of interest while the plugin is written.
pub fn trace(message: &str) {
    host::write(Level::Trace, message);
}

/// For whoever looks for a fault: usually not kept.
pub fn debug(message: &str) {
    host::write(Level::Debug, message);
}

/// Worth knowing.
pub fn info(message: &str) {
    host::write(Level::Info, message);
}

/// Somebody should look at it.
pub fn warn(message: &str) {
    host::write(Level::Warn, message);
}

/// It did not work.
pub fn error(message: &str) {
    host::write(Level::Error, message);
}

/// From here on a panic tells its place before the sandbox ends: without it the host sees only a trap. What it says
/// besides may hold what a customer said, unless it stands so in the code: that is told to whoever looks for a fault.
pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        match panic.payload().downcast_ref::<&'static str>() {
            Some(words) => error(&format!("panicked at {place}: {words}")),
            None => {
                error(&format!("panicked at {place}"));
                debug(panic.payload_as_str().unwrap_or_default());
            }
        }
    }));
}
