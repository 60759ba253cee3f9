//! Work with secrets that a plugin never sees. The tenant's file says where a secret's value is, which plugin may use it
//! and whether it may sign; a plugin knows its name.
//!
//! To send one, see [`http::secret`](crate::http::secret); to check a webhook, [`webhook`](crate::webhook).

pub use crate::bindings::base::patchbay::plugin::secrets::Algorithm;
use crate::host::secrets as host;

/// Nothing was signed, and why: the secret was not granted, or may not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing was signed: {0}")]
pub struct NotSigned(pub String);

/// Whether `signature` is right for `data` under any live value of `secret`; in constant time. With
/// [`Algorithm::Equal`], whether `signature` is the secret itself; say it as `data` too.
#[must_use]
pub fn verify(algorithm: Algorithm, secret: &str, data: &[u8], signature: &[u8]) -> bool {
    host::verify(algorithm, secret, data, signature)
}

/// The signature of `data`, raw.
///
/// # Errors
/// See [`NotSigned`].
pub fn sign(algorithm: Algorithm, secret: &str, data: &[u8]) -> Result<Vec<u8>, NotSigned> {
    host::sign(algorithm, secret, data).map_err(NotSigned)
}
