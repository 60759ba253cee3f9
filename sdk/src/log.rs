//! Log lines. The host adds tenant, plugin, digest and event; what a message says is never logged.

use crate::bindings::base::patchbay::plugin::log as host;

/// For whoever looks for a fault: usually not kept.
pub fn debug(message: &str) {
    write(host::Level::Debug, message);
}

/// Worth knowing.
pub fn info(message: &str) {
    write(host::Level::Info, message);
}

/// Somebody should look at it.
pub fn warn(message: &str) {
    write(host::Level::Warn, message);
}

/// It did not work.
pub fn error(message: &str) {
    write(host::Level::Error, message);
}

/// From here on a panic tells its message and place before the sandbox ends: without it the host sees only a trap.
pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}

/// Natively there is no host; a test looks at what was answered, not at what was logged.
fn write(level: host::Level, message: &str) {
    if cfg!(target_arch = "wasm32") {
        host::write(level, message);
    }
}
