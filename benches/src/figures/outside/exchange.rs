//! One exchange with a CRM that answers at once: by nobody but a client, through egress, through journal and egress; then
//! a whole delivery, of which it is a part.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use patchbay_egress::{Chunk, Egress, Field, Method, NoFiles, Outlet, Piece, Request, Secrets};
use patchbay_storage::{NewStep, OpenOptions, StepState, Store, Subject};
use patchbay_types::{
    Digest,
    egress::{EgressConfig, GrantUrl, HttpGrant, OneOrMany, SecretConfig, SecretSource},
};
use serde_json::json;

use super::{Aim, Amount, Row, TENANT, rig, run};
use crate::{
    measure::{Latency, Quantiles},
    receiver::{Effect, Manner, Receiver},
    torture::Places,
};

/// Exchanges before any is timed.
const WARM_UP: u64 = 50;

/// The way out and the journal, in this process.
struct Way {
    url: String,
    client: reqwest::Client,
    outlet: Outlet,
    store: Store,
}

/// See the module.
///
/// # Errors
/// When the host does not start or answer.
pub async fn exchange(places: &Places, amount: Amount) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(Manner { knows_keys: true, answers_after: Duration::ZERO }).await?;
    let events = amount.events / 60;
    let way = Way::open(places, &receiver).await?;
    let (mut alone, mut out, mut journalled) = (Latency::default(), Latency::default(), Latency::default());
    // In turns: whatever disturbs one disturbs the others too.
    for n in 0..WARM_UP + events {
        let times = [way.alone(n).await?, way.out(n).await?, way.journalled(n).await?];
        if n >= WARM_UP {
            for (all, time) in [&mut alone, &mut out, &mut journalled].into_iter().zip(times) {
                all.add(time);
            }
        }
    }
    way.store.close().await;
    let whole = delivered(places, &receiver, events).await?;
    let (alone, out, journalled) = (alone.quantiles(), out.quantiles(), journalled.quantiles());
    let row = |what: &str, found: f64| Row::new(format!("exchange: {what}"), found, "ms", Aim::None, false);
    Ok(vec![
        row("a client alone, p50", alone.p50),
        row("a client alone, p99", alone.p99),
        row("through egress, p50", out.p50),
        row("through egress, p99", out.p99),
        row("through journal and egress, p50", journalled.p50),
        row("through journal and egress, p99", journalled.p99),
        row("added by journal and egress, p50", journalled.p50 - alone.p50),
        row("added by journal and egress, p99", journalled.p99 - alone.p99),
        row("a whole delivery in its lane, p50", whole.p50),
        row("a whole delivery in its lane, p99", whole.p99),
    ])
}

// === impl Way ===

impl Way {
    async fn open(places: &Places, receiver: &Receiver) -> anyhow::Result<Self> {
        let dir = places.work.join("exchange");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        fs::write(dir.join("token"), "a token of the CRM")?;
        let url = format!("http://{}/", receiver.address);
        let place: GrantUrl = url.parse().map_err(anyhow::Error::msg)?;
        let grant = HttpGrant { addresses: vec!["127.0.0.1/32".parse()?], ..HttpGrant::of(place.clone()) };
        let token = SecretConfig {
            from: OneOrMany::One(SecretSource::File { file: "token".to_owned() }),
            hosts: vec![place],
            sign: false,
        };
        let all = BTreeMap::from([("token".to_owned(), token)]);
        let secrets = Secrets::new(&dir, &all, &["token".to_owned()]);
        let egress = Egress::new(&EgressConfig::default(), &dir)?;
        let outlet = egress.outlet(&TENANT.into(), &"crm".into(), &[grant], secrets);
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { url, client, outlet, store: Store::open(OpenOptions::new(&dir)).await? })
    }

    async fn alone(&self, n: u64) -> anyhow::Result<Duration> {
        let body = envelope("alone", n);
        let begun = Instant::now();
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let answer = request.bearer_auth("a token of the CRM").body(body).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await?;
        Ok(begun.elapsed())
    }

    async fn out(&self, n: u64) -> anyhow::Result<Duration> {
        let request = self.request("out", n);
        let begun = Instant::now();
        self.send(request).await?;
        Ok(begun.elapsed())
    }

    /// As the pipeline does it: on disk before it is sent, and its answer before anybody goes on.
    async fn journalled(&self, n: u64) -> anyhow::Result<Duration> {
        let request = self.request("journalled", n);
        let begun = Instant::now();
        let subject = Subject::Delivery(i64::try_from(n)?);
        let digest = Digest::of(&serde_json::to_vec(&request)?).to_string().into_bytes();
        let step =
            NewStep { subject, step: "append".to_owned(), attempt: 1, request: digest, place: None, at: n };
        self.store.step_begins(step).await?;
        let answer = self.send(request).await?;
        self.store.step_ended(subject, "append", StepState::Finished, Some(answer)).await?;
        Ok(begun.elapsed())
    }

    async fn send(&self, request: Request) -> anyhow::Result<Vec<u8>> {
        let answer = self.outlet.send(request, &NoFiles).await;
        let answer = answer.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        ensure!(answer.status == 200, "{}", answer.status);
        Ok(serde_json::to_vec(&answer)?)
    }

    fn request(&self, kind: &str, n: u64) -> Request {
        let text = |text: &str| Piece::Text(text.to_owned());
        let field = |name: &str, value| Field { name: name.to_owned(), value };
        Request {
            method: Method::Post,
            url: vec![text(&self.url)],
            headers: vec![
                field("content-type", vec![text("application/json")]),
                field("authorization", vec![text("Bearer "), Piece::Secret("token".to_owned())]),
            ],
            body: vec![Chunk::Bytes(envelope(kind, n))],
            take: Vec::new(),
            timeout: None,
        }
    }
}

fn envelope(kind: &str, n: u64) -> Vec<u8> {
    let data =
        json!({ "ticket": "R-1", "text": "Good morning, my invoice of last week is wrong, can you look?" });
    json!({ "id": format!("{kind}-{n}"), "type": "message.append", "data": data }).to_string().into_bytes()
}

/// From one thing done to the next, while a lane has more to do: component, journal, egress and receipt.
async fn delivered(places: &Places, receiver: &Receiver, events: u64) -> anyhow::Result<Quantiles> {
    let rig = rig(places, receiver, 1).await?;
    run(&rig, receiver, 1, 10).await?;
    let before = receiver.effects();
    run(&rig, receiver, 2, events).await?;
    rig.host.stop().await?;
    Ok(gaps(receiver.log().get(before..).unwrap_or_default()))
}

fn gaps(log: &[Effect]) -> Quantiles {
    let mut times = Latency::default();
    for pair in log.windows(2) {
        if let [before, after] = pair {
            times.add(Duration::from_micros(after.micros - before.micros));
        }
    }
    times.quantiles()
}
