//! Where the torture lets the host die: around each write and each step of what adapters do outside.

/// A point that the crash matrix knows by name. In any host but a sabotaged one it is nothing.
#[cfg_attr(not(feature = "sabotage"), expect(unused_variables, reason = "there is nobody to tell"))]
pub(crate) fn point(name: &str) {
    #[cfg(feature = "sabotage")]
    patchbay_storage::sabotage::crash(name);
}
