//! Whom to believe: the machine's certificate authorities, and those that the operator adds. Loaded once; every pool of
//! connections shares the list and none shares its sessions.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;

use crate::egress::EgressError;

/// Sessions that one pool remembers.
const SESSIONS: usize = 8;

/// What each pool begins with.
///
/// # Errors
/// Names the file that cannot be read or holds no certificate.
pub(crate) fn load(files: &[String], dir: &Path) -> Result<ClientConfig, EgressError> {
    let mut extra = Vec::new();
    for file in files {
        let path = dir.join(file);
        let bad = |why: String| EgressError::Authority { path: path.clone(), why };
        let found: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&path)
            .and_then(Iterator::collect)
            .map_err(|error| bad(error.to_string()))?;
        if found.is_empty() {
            return Err(bad("it holds no certificate in PEM".to_owned()));
        }
        extra.extend(found);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The same, with sessions of its own: a resumed one would tell a server that two tenants are one host.
pub(crate) fn for_one_pool(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    config
}
