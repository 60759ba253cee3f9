//! The port behind an adapter's `secrets`.

use patchbay_egress::Secrets;
use patchbay_plugin::{ports, secrets::Algorithm};

/// Those secrets that were granted to one slot.
pub(crate) struct SecretsPort(pub(crate) Secrets);

impl ports::Secrets for SecretsPort {
    fn verify(&mut self, algorithm: Algorithm, secret: &str, data: &[u8], signature: &[u8]) -> bool {
        self.0.verify(convert(algorithm), secret, data, signature)
    }

    fn sign(&mut self, algorithm: Algorithm, secret: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        self.0.sign(convert(algorithm), secret, data)
    }
}

fn convert(algorithm: Algorithm) -> patchbay_egress::Algorithm {
    match algorithm {
        Algorithm::Equal => patchbay_egress::Algorithm::Equal,
        Algorithm::HmacSha1 => patchbay_egress::Algorithm::HmacSha1,
        Algorithm::HmacSha256 => patchbay_egress::Algorithm::HmacSha256,
        Algorithm::Ed25519 => patchbay_egress::Algorithm::Ed25519,
    }
}
