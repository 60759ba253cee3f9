//! The inside: a way out with grants and secrets, and requests in few words.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use patchbay_egress::{
    Chunk, Egress, Failure, Field, Method, NoFiles, Outlet, Piece, Request, Resolver, Response, Secrets,
};
use patchbay_types::{
    AdapterName, TenantId,
    egress::{EgressConfig, HttpGrant, OneOrMany, SecretConfig, SecretSource},
    units::Span,
};

use crate::outside::Server;

/// Names and what they resolve to: each look-up takes the next answer, and the last one stays.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>, Mutex<usize>);

impl Names {
    pub(crate) fn of(list: &[(&str, &[&str])]) -> Arc<Self> {
        let answers = |all: &[&str]| all.iter().map(|one| vec![one.parse().unwrap()]).collect();
        let names = list.iter().map(|(name, all)| ((*name).to_owned(), answers(all))).collect();
        Arc::new(Self(Mutex::new(names), Mutex::default()))
    }

    /// Look-ups so far.
    pub(crate) fn asked(&self) -> usize {
        *self.1.lock().unwrap()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        *self.1.lock().unwrap() += 1;
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(host).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// A way out and all that it is made of.
pub(crate) struct House {
    pub(crate) config: EgressConfig,
    pub(crate) names: Arc<Names>,
    pub(crate) grants: Vec<HttpGrant>,
    secrets: BTreeMap<String, SecretConfig>,
    pub(crate) dir: tempfile::TempDir,
}

impl House {
    /// No grant, no secret, no name; half a minute for everything, so that a busy machine fails no test.
    pub(crate) fn new() -> Self {
        let config = EgressConfig {
            timeout: Span::millis(30_000),
            connect_timeout: Span::millis(20_000),
            ..EgressConfig::default()
        };
        let dir = tempfile::tempdir().unwrap();
        Self { config, names: Arc::default(), grants: Vec::new(), secrets: BTreeMap::new(), dir }
    }

    /// All of this server, at its address.
    pub(crate) fn to(server: &Server) -> Self {
        Self::new().granting(&server.url(""), &["127.0.0.1"])
    }

    pub(crate) fn granting(mut self, url: &str, addresses: &[&str]) -> Self {
        let mut grant = HttpGrant::of(url.parse().unwrap());
        grant.addresses = addresses.iter().map(|one| one.parse::<IpAddr>().unwrap().into()).collect();
        self.grants.push(grant);
        self
    }

    /// A secret of this value, for these origins; granted.
    pub(crate) fn secret(mut self, name: &str, value: &str, hosts: &[&str]) -> Self {
        std::fs::write(self.dir.path().join(name), value).unwrap();
        let from = OneOrMany::One(SecretSource::File { file: name.to_owned() });
        let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        self.secrets.insert(name.to_owned(), SecretConfig { from, hosts, sign: false });
        self
    }

    pub(crate) fn resolving(mut self, names: &Arc<Names>) -> Self {
        self.names = Arc::clone(names);
        self
    }

    pub(crate) fn set(mut self, change: impl FnOnce(&mut EgressConfig)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn egress(&self) -> Egress {
        Egress::with_resolver(&self.config, self.dir.path(), Arc::clone(&self.names) as _).unwrap()
    }

    pub(crate) fn outlet(&self) -> Outlet {
        self.outlet_of(&self.egress(), "acme", "crm")
    }

    pub(crate) fn outlet_of(&self, egress: &Egress, tenant: &str, adapter: &str) -> Outlet {
        let granted: Vec<String> = self.secrets.keys().cloned().collect();
        let secrets = Secrets::new(self.dir.path(), &self.secrets, &granted);
        egress.outlet(&TenantId::from(tenant), &AdapterName::from(adapter), &self.grants, secrets)
    }
}

/// A request without anything else.
pub(crate) fn get(url: &str) -> Request {
    asking(Method::Get, url)
}

pub(crate) fn post(url: &str, body: &str) -> Request {
    Request { body: vec![Chunk::Bytes(body.as_bytes().to_vec())], ..asking(Method::Post, url) }
}

pub(crate) fn asking(method: Method, url: &str) -> Request {
    Request { method, url: vec![text(url)], headers: vec![], body: vec![], take: vec![], timeout: None }
}

pub(crate) fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

pub(crate) fn secret(name: &str) -> Piece {
    Piece::Secret(name.to_owned())
}

pub(crate) fn with_header(mut request: Request, name: &str, value: Vec<Piece>) -> Request {
    request.headers.push(Field { name: name.to_owned(), value });
    request
}

pub(crate) fn within(mut request: Request, millis: u64) -> Request {
    request.timeout = Some(Duration::from_millis(millis));
    request
}

pub(crate) async fn send(outlet: &Outlet, request: Request) -> Result<Response, Failure> {
    outlet.send(request, &NoFiles).await
}

pub(crate) fn denied(answer: Result<Response, Failure>) -> String {
    match answer {
        Err(Failure::Denied(why)) => why,
        other => panic!("not denied: {other:?}"),
    }
}

pub(crate) fn unreachable(answer: Result<Response, Failure>) -> String {
    match answer {
        Err(Failure::Unreachable(why)) => why,
        other => panic!("not unreachable: {other:?}"),
    }
}

pub(crate) fn unknown(answer: Result<Response, Failure>) -> String {
    match answer {
        Err(Failure::UnknownOutcome(why)) => why,
        other => panic!("not of unknown outcome: {other:?}"),
    }
}

pub(crate) fn body(answer: Result<Response, Failure>) -> String {
    String::from_utf8(answer.unwrap().body).unwrap()
}
