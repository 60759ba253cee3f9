//! The CRM of the guides: `https://crm.example.org`, which the host reaches through a proxy, since nobody else has it by
//! that name. It takes contacts, tickets and messages; what it takes for spam, it holds back.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    serve::Listener,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const NAME: &str = "crm.example.org";

/// The CRM, and what it was asked.
#[derive(Clone, Default)]
pub(crate) struct Crm(Arc<Mutex<Vec<(String, Value)>>>);

/// A proxy that leads to the CRM, whatever it is asked for.
struct Tunnel {
    listener: TcpListener,
    tls: TlsAcceptor,
}

// === impl Crm ===

impl Crm {
    /// Starts it; answers what `patchbay.toml` has to say. The authority that vouches for it is written into `dir`.
    pub(crate) async fn start(dir: &Path) -> (Self, String) {
        let (tls, authority) = certificates();
        std::fs::write(dir.join("authority.pem"), authority).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = listener.local_addr().unwrap();
        let crm = Self::default();
        let app = Router::new().fallback(answer).with_state(crm.clone());
        tokio::spawn(async move { axum::serve(Tunnel { listener, tls }, app).await });
        (crm, format!("[egress]\nproxy = 'http://{proxy}'\nca = ['authority.pem']\n"))
    }

    /// The paths that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }
}

/// It repeats the token that it was sent: a careless one.
async fn answer(
    State(Crm(asked)): State<Crm>,
    uri: Uri,
    headers: HeaderMap,
    body: Option<Json<Value>>,
) -> (StatusCode, Json<Value>) {
    let body = body.map_or(Value::Null, |Json(body)| body);
    let is_spam = body["text"].as_str().is_some_and(|text| text.contains("free money"));
    let mut asked = asked.lock().unwrap();
    asked.push((uri.path().to_owned(), body));
    let n = asked.len();
    let by = headers.get("authorization").and_then(|value| value.to_str().ok());
    let (status, key, id) = match uri.path() {
        "/api/contacts" => (StatusCode::CREATED, "id", format!("contact-{n}")),
        "/api/tickets" => (StatusCode::CREATED, "id", "T1".to_owned()),
        "/api/tickets/T1/messages" if is_spam => (StatusCode::ACCEPTED, "held", format!("held-{n}")),
        "/api/tickets/T1/messages" => (StatusCode::CREATED, "id", format!("message-{n}")),
        _ => (StatusCode::OK, "status", "up".to_owned()),
    };
    (status, Json(json!({ key: id, "by": by })))
}

// === impl Tunnel ===

impl Tunnel {
    async fn open(&self, mut stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        assert!(
            head.starts_with(format!("CONNECT {NAME}:443 ").as_bytes()),
            "{}",
            String::from_utf8_lossy(&head)
        );
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
        self.tls.accept(stream).await.ok()
    }
}

impl Listener for Tunnel {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            if let Some(stream) = self.open(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// What the CRM shows, and in PEM who vouches for it.
fn certificates() -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}
