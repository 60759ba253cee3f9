//! A tenant whose CRM adapter does what a message tells it: `fixtures/guests/errand-adapter`. What becomes of each
//! request is what the guest itself saw.

use std::{io, net::IpAddr, path::Path, sync::Arc, sync::Mutex};

use async_trait::async_trait;
use patchbay_egress::{Egress, Resolver};
use patchbay_storage::{Delivery, ParkedFilter};
use patchbay_types::egress::EgressConfig;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::house::{House, tenant, text};

/// What the guest was told of one request, or of several in a row alike.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Told {
    pub(crate) answer: String,
    pub(crate) detail: String,
    pub(crate) bytes: usize,
    pub(crate) headers: usize,
    pub(crate) times: usize,
    pub(crate) attempt: u32,
}

/// What the adapter was granted, as lines of its tenant's file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Granted {
    http: Vec<String>,
    secrets: Vec<(String, Vec<String>)>,
    limits: String,
}

/// Names and what they resolve to: each look-up takes the next answer, and the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<Vec<(String, Vec<IpAddr>)>>);

// === impl Granted ===

impl Granted {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// All below this URL, at these addresses though they are not public.
    pub(crate) fn to(self, url: &str, addresses: &[&str]) -> Self {
        self.with(json!({ "url": url, "addresses": addresses }))
    }

    /// The same by these methods alone.
    pub(crate) fn by(self, methods: &[&str], url: &str, addresses: &[&str]) -> Self {
        self.with(json!({ "url": url, "addresses": addresses, "methods": methods }))
    }

    fn with(mut self, grant: Value) -> Self {
        let fields = grant.as_object().unwrap().iter().map(|(key, value)| format!("{key} = {value}"));
        self.http.push(format!("{{ {} }}", fields.collect::<Vec<_>>().join(", ")));
        self
    }

    /// A secret, granted, for these hosts; [`write_secret`] gives it a value.
    pub(crate) fn secret(mut self, name: &str, hosts: &[&str]) -> Self {
        self.secrets.push((name.to_owned(), hosts.iter().map(|host| (*host).to_owned()).collect()));
        self
    }

    pub(crate) fn limits(mut self, limits: &str) -> Self {
        limits.clone_into(&mut self.limits);
        self
    }

    /// The tenant's file, whose rooms are these.
    pub(crate) fn file(&self, rooms: &[&str]) -> String {
        let names: Vec<&String> = self.secrets.iter().map(|(name, _)| name).collect();
        let mut file = format!(
            "{}\n[adapters.crm]\ncomponent = 'errand-adapter'\nlimits = {{ {} }}\n\
             grants = {{ http = [{}], secrets = {} }}\n",
            tenant(&format!("link = {}", json!(rooms)), &json!({ "default": [{ "adapter": "crm" }] })),
            self.limits,
            self.http.join(", "),
            json!(names),
        );
        for (name, hosts) in &self.secrets {
            file += &format!("[secrets.{name}]\nfrom = {{ file = '{name}' }}\nhosts = {}\n", json!(hosts));
        }
        file
    }
}

// === impl Names ===

impl Names {
    pub(crate) fn of(names: impl IntoIterator<Item = (String, Vec<IpAddr>)>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(names.into_iter().collect())))
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let found = names.iter_mut().find(|(name, _)| name == host);
        let (_, answers) = found.ok_or_else(|| io::Error::other("no such name"))?;
        Ok(vec![if answers.len() > 1 { answers.remove(0) } else { answers[0] }])
    }
}

// === houses and messages ===

/// A house with these tenants and this way out.
pub(crate) async fn house(
    tenants: &[(&str, String)],
    names: &Arc<Names>,
    change: impl FnOnce(&mut EgressConfig),
) -> House {
    let mut config = EgressConfig::default();
    change(&mut config);
    let egress = |dir: &Path| Egress::with_resolver(&config, dir, Arc::clone(names) as _).unwrap();
    House::leaving_by(tenants, egress).await
}

/// One with a single tenant, `acme`, whose rooms are `!a:h` and `!b:h`.
pub(crate) async fn acme(granted: &Granted) -> House {
    house(&[("acme", granted.file(&["!a:h", "!b:h"]))], &Arc::default(), |_| {}).await
}

pub(crate) fn write_secret(house: &House, name: &str, value: &str) {
    std::fs::write(house.dir.path().join(name), value).unwrap();
}

/// A message that asks for these; `patient`: for all, whatever comes back.
pub(crate) async fn ask(house: &mut House, room: &str, id: &str, errands: &[Value], patient: bool) {
    let orders = json!({ "errands": errands, "patient": patient });
    house.send(&[text(room, id, "@alice:h", &escaped(&orders.to_string()))]).await;
}

/// JSON in which nothing is left that the host cleans out of what people write.
fn escaped(json: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
            format!("\\u{:04x}", u32::from(c))
        }
        c => c.to_string(),
    };
    json.chars().map(shown).collect()
}

/// Asks for all, waits for the end, and answers what was told of each; the delivery is done by one attempt, and nothing
/// is parked.
pub(crate) async fn told(house: &mut House, id: &str, errands: &[Value]) -> Vec<Told> {
    ask(house, "!a:h", id, errands, true).await;
    house.settled().await;
    let mut attempts = attempts(house, id).await;
    assert_eq!((attempts.len(), parked(house).await), (1, vec![]));
    let all = attempts.remove(0);
    let each: Vec<Told> =
        all.iter().flat_map(|told| std::iter::repeat_n(told, told.times)).cloned().collect();
    let times = |errand: &Value| errand["times"].as_u64().unwrap_or(1);
    assert_eq!(each.len() as u64, errands.iter().map(times).sum::<u64>());
    each
}

/// What each attempt at an event's delivery was told, as far as they were written down.
pub(crate) async fn attempts(house: &House, id: &str) -> Vec<Vec<Told>> {
    let why = house.store.why(id).await.unwrap();
    let steps = why.traces.iter().flat_map(|trace| &trace.steps).filter(|step| step.name == "adapter.append");
    let read = |step: &patchbay_storage::Step| {
        let answer: Value = serde_json::from_str(&step.answer).unwrap();
        let told = answer.pointer("/Ok/0/parts/0").or_else(|| answer.pointer("/Err/detail"));
        told.and_then(Value::as_str).map(|told| serde_json::from_str(told).unwrap()).unwrap_or_default()
    };
    steps.map(read).collect()
}

/// The delivery of an event.
pub(crate) async fn delivery(house: &House, id: &str) -> Delivery {
    house.store.why(id).await.unwrap().deliveries.remove(0)
}

/// Why things are parked.
pub(crate) async fn parked(house: &House) -> Vec<String> {
    let filter = ParkedFilter { limit: 100, ..ParkedFilter::default() };
    house.store.parked(&filter).await.unwrap().into_iter().map(|parked| parked.reason).collect()
}

// === errands ===

pub(crate) fn get(url: &str) -> Value {
    json!({ "url": [{ "text": url }] })
}

pub(crate) fn by(method: &str, url: &str) -> Value {
    with(get(url), json!({ "method": method }))
}

/// A POST that is a step.
pub(crate) fn step(name: &str, url: &str, body: &str) -> Value {
    with(by("post", url), json!({ "step": name, "body": [{ "text": body }] }))
}

/// The errand with these fields besides.
pub(crate) fn with(mut errand: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields") };
    errand.as_object_mut().unwrap().extend(fields);
    errand
}
