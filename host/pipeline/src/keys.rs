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
    cut(Digest::of_parts(parts.iter().map(|part| part.as_bytes())))
}

/// A Matrix transaction ID: 43 characters that stand for what caused an action and who acts.
#[must_use]
pub(crate) fn transaction<const N: usize>(parts: [&str; N]) -> String {
    Digest::of_parts(parts.iter().map(|part| part.as_bytes())).to_string().chars().take(43).collect()
}

/// The key of a delivery whose ticket was gone for the `gone`th time: what is done now is done elsewhere.
#[must_use]
pub(crate) fn elsewhere(key: &str, gone: u32) -> String {
    cut(Digest::of_parts([key.as_bytes(), b"elsewhere", &gone.to_be_bytes()]))
}

/// The key under which an adapter is asked for a person: one for all messages of theirs, so that two conversations that
/// begin at once make one person of one; and another one after it was lost for the `unknown`th time.
#[must_use]
pub(crate) fn contact(tenant: &TenantId, adapter: &AdapterName, person: &str, unknown: u32) -> String {
    let parts = [tenant.as_str(), adapter.as_str(), "contact", person];
    let parts = parts.iter().map(|part| part.as_bytes());
    cut(Digest::of_parts(parts.chain([&unknown.to_be_bytes()[..]])))
}

fn cut(digest: Digest) -> String {
    digest.to_string().chars().take(40).collect()
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
        let contact = |person, unknown| contact(&"t".into(), &"a".into(), person, unknown);
        assert_eq!(contact("@a:h", 0), contact("@a:h", 0));
        let all = [
            contact("@a:h", 0),
            contact("@a:h", 1),
            contact("@b:h", 0),
            elsewhere("k", 1),
            elsewhere("k", 2),
        ];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
        assert!(all.iter().all(|key| key.len() == 40));
    }
}
