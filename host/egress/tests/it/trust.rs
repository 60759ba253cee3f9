//! Whose certificates are believed.

use std::sync::Arc;

use futures::FutureExt as _;
use patchbay_egress::{Egress, EgressError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    house::{House, Names, body, post, send, unreachable},
    outside::{Server, ok},
};

/// A server for `crm.internal` and its own authority's certificate, in PEM.
async fn of_a_private_authority() -> (Server, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["crm.internal".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::playing(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let over = peer.over(move |raw| async move { acceptor.accept(raw).await.ok() }.boxed());
            let Some(mut peer) = over.await else { return };
            while peer.request().await.is_some() {
                peer.say(ok("believed")).await;
            }
        }
    })
    .await;
    (server, authority.pem())
}

fn house(server: &Server, host: &str) -> (House, String) {
    let url = format!("https://{host}:{}/", server.port());
    let names = Names::of(&[("crm.internal", &["127.0.0.1"]), ("other.internal", &["127.0.0.1"])]);
    (House::new().resolving(&names).granting(&url, &["127.0.0.1"]), url)
}

#[tokio::test]
async fn a_private_authority_is_believed_where_it_is_named_and_nowhere_else() {
    let (server, pem) = of_a_private_authority().await;
    let (house, url) = house(&server, "crm.internal");
    unreachable(send(&house.outlet(), post(&url, "x")).await);
    std::fs::write(house.dir.path().join("authority.pem"), pem).unwrap();
    let house = house.set(|config| config.ca = vec!["authority.pem".to_owned()]);
    assert_eq!(body(send(&house.outlet(), post(&url, "x")).await), "believed");
    assert_eq!(server.requests().len(), 1, "without trust nothing was said");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    let (server, pem) = of_a_private_authority().await;
    let (house, url) = house(&server, "other.internal");
    std::fs::write(house.dir.path().join("authority.pem"), pem).unwrap();
    unreachable(
        send(&house.set(|config| config.ca = vec!["authority.pem".to_owned()]).outlet(), post(&url, "x"))
            .await,
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_file_that_holds_no_authority_is_named() {
    let house = House::new();
    std::fs::write(house.dir.path().join("empty.pem"), "nothing here").unwrap();
    for file in ["empty.pem", "gone.pem"] {
        let config =
            patchbay_types::egress::EgressConfig { ca: vec![file.to_owned()], ..house.config.clone() };
        let error = Egress::new(&config, house.dir.path()).unwrap_err();
        assert!(
            matches!(&error, EgressError::Authority { .. }) && error.to_string().contains(file),
            "{error}"
        );
    }
}
