//! Which contract versions this host speaks.

use semver::Version;

/// The version of `patchbay:plugin` in `wit/` that this host was built with.
pub const CONTRACT: Version = Version::new(0, 1, 0);

/// A component made for a contract that this host does not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it was made for contract {theirs}, and this host speaks {ours}: {advice}")]
pub struct OtherContract {
    /// The component's contract version.
    pub theirs: Version,
    /// The host's contract version.
    pub ours: Version,
    advice: &'static str,
}

/// Within 0.1 the contract only gains interfaces and host functions, so an older patch version is always fine.
///
/// # Errors
/// When `theirs` is of another minor version, or newer than ours.
pub(crate) fn check(theirs: &Version) -> Result<(), OtherContract> {
    let ours = CONTRACT;
    let same_line = (theirs.major, theirs.minor) == (ours.major, ours.minor);
    if same_line && theirs <= &ours {
        return Ok(());
    }
    let advice = if theirs > &ours { "update the host" } else { "build it again with the current SDK" };
    Err(OtherContract { theirs: theirs.clone(), ours, advice })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_line_or_a_newer_patch_is_refused_with_both_versions_named() {
        assert_eq!(check(&CONTRACT), Ok(()));
        for (theirs, advice) in
            [("0.1.1", "update the host"), ("0.2.0", "update"), ("0.0.9", "build it again")]
        {
            let refused = check(&theirs.parse().unwrap()).unwrap_err().to_string();
            for part in [theirs, "0.1.0", advice] {
                assert!(refused.contains(part), "{refused}");
            }
        }
    }
}
