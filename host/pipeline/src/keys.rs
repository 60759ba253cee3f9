//! Keys that are the same on every attempt, and after every crash.

use patchbay_types::{AdapterName, Digest, TenantId};

/// An idempotency key as the contract's `call.key` wants it: `[A-Za-z0-9_-]`, at most 40 characters.
#[must_use]
pub(crate) fn delivery(tenant: &TenantId, adapter: &AdapterName, event: &str, ordinal: usize) -> String {
    #[cfg(feature = "sabotage")]
    if patchbay_storage::sabotage::Sabotage::Dedup.is_on() {
        let event = patchbay_storage::sabotage::unlike_any(event);
        return Digest::of(event.as_bytes()).to_string().chars().take(40).collect();
    }
    let parts = [tenant.as_str(), adapter.as_str(), event, &ordinal.to_string()];
    let digest = Digest::of_parts(parts.iter().map(|part| part.as_bytes()));
    digest.to_string().chars().take(40).collect()
}

/// A Matrix transaction ID: 43 characters that stand for what caused an action and who acts.
#[must_use]
pub(crate) fn transaction<const N: usize>(parts: [&str; N]) -> String {
    Digest::of_parts(parts.iter().map(|part| part.as_bytes())).to_string().chars().take(43).collect()
}

/// The key of what is left of a delivery whose first part got there.
#[must_use]
pub(crate) fn rest_of(key: &str) -> String {
    Digest::of_parts([key.as_bytes(), b"rest"]).to_string().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_the_contract_and_tells_destinations_apart() {
        let key = |adapter: &str| delivery(&"t".into(), &adapter.into(), "$e", 0);
        assert_eq!(key("a").len(), 40);
        assert_eq!(key("a"), key("a"));
        assert_ne!(key("a"), key("b"));
    }
}
