//! What the SDK costs a guest: `cost-sdk` beside `cost-bare`, which does the same on the generated bindings alone.
//! Instructions are counted and are the same on every machine; CPU time is that of whole calls, in turns, so that whatever
//! disturbs one disturbs the other too. Needs the components: `cargo xtask guests`.
#![expect(clippy::print_stdout, reason = "a command-line program")]

#[expect(dead_code, reason = "other benches use more of it")]
mod shared;

use std::{future::Future, hint::black_box, time::Duration};

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use cpu_time::ThreadTime;
use futures::executor::block_on;
use patchbay_plugin::{
    Plugin, Ports, World,
    adapter::{Call, Item},
    http::{Failure, Request, Response},
    ports,
    secrets::Algorithm,
    types::{Changes, Header},
    webhooks::Webhook,
};
use patchbay_types::{
    tenant::{InstancePolicy, Limits},
    units::Span,
};

use crate::shared::{Host, caller, message};

/// What is aimed at, in per cent.
const AIM: f64 = 5.0;
/// Calls of one turn, and turns.
const CALLS: u32 = 500;
const TURNS: usize = 41;
const SETTINGS: &str = r#"{"url":"https://crm.example.org/api"}"#;
/// The time at which the webhook below was signed.
const NOW: u64 = 1_700_000_000_000;

/// What is measured.
#[derive(Clone, Copy)]
enum What {
    /// A function that does nothing.
    Nothing,
    /// A message posted to the CRM.
    Post,
    /// A webhook's signature checked.
    Accept,
}

/// A CRM that answers at once, and a secret that fits.
struct Answering;

#[async_trait]
impl ports::Http for Answering {
    async fn send(&mut self, request: Request) -> Result<Response, Failure> {
        black_box(request);
        let headers = vec![Header { name: "content-type".to_owned(), value: "application/json".to_owned() }];
        Ok(Response { status: 201, headers, body: br#"{"id":"M-1","created":true}"#.to_vec() })
    }

    async fn forget(&mut self, _: String) {}
}

impl ports::Secrets for Answering {
    fn verify(&mut self, _: Algorithm, secret: &str, data: &[u8], signature: &[u8]) -> bool {
        secret == "hook" && data.len() > 32 && signature.len() == 32
    }

    fn sign(&mut self, _: Algorithm, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        Err("not here".to_owned())
    }
}

fn main() -> anyhow::Result<()> {
    let host = Host::start()?;
    for (what, name) in [
        (What::Nothing, "an update that does nothing"),
        (What::Post, "a message posted"),
        (What::Accept, "a webhook's signature checked"),
    ] {
        let fuel = |guest: &str| instructions(&host, guest, what);
        told(name, "instructions", fuel("cost-bare")? as f64, fuel("cost-sdk")? as f64);
        for (instance, policy) in [("warm", InstancePolicy::Warm(u32::MAX)), ("fresh", InstancePolicy::Fresh)]
        {
            let load = |guest: &str| host.load(guest, World::Adapter, SETTINGS, policy);
            let (bare, sdk) = times(&load("cost-bare")?, &load("cost-sdk")?, what)?;
            told(name, &format!("µs of CPU, {instance}"), bare, sdk);
        }
    }
    Ok(())
}

fn told(name: &str, unit: &str, bare: f64, sdk: f64) {
    let more = 100.0 * (sdk / bare - 1.0);
    let mark = if more <= AIM { "reached" } else { "MISSED" };
    println!("{name:<30} {unit:<18} bare {bare:>10.2}  sdk {sdk:>10.2}  {more:>+7.2} %  ≤ {AIM} %  {mark}");
}

/// Instructions of one call.
fn instructions(host: &Host, guest: &str, what: What) -> anyhow::Result<u64> {
    let time = Some(Span(Duration::from_secs(10)));
    let limits = Limits { time, fuel: Some(100_000_000), ..Limits::default() };
    let plugin = host.load_within(guest, World::Adapter, SETTINGS, InstancePolicy::Fresh, limits)?;
    call(&plugin, what)?.context("no fuel was counted")
}

/// The median turn of each, in microseconds of CPU for one call. Turns alternate, and so does who begins.
fn times(bare: &Plugin, sdk: &Plugin, what: What) -> anyhow::Result<(f64, f64)> {
    let turn = |plugin: &Plugin| -> anyhow::Result<f64> {
        let begun = ThreadTime::now();
        for _ in 0..CALLS {
            call(plugin, what)?;
        }
        Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS))
    };
    let (mut bares, mut sdks) = (Vec::new(), Vec::new());
    turn(bare)?;
    turn(sdk)?;
    for n in 0..TURNS {
        if n % 2 == 0 {
            bares.push(turn(bare)?);
            sdks.push(turn(sdk)?);
        } else {
            sdks.push(turn(sdk)?);
            bares.push(turn(bare)?);
        }
    }
    Ok((median(bares)?, median(sdks)?))
}

fn median(mut turns: Vec<f64>) -> anyhow::Result<f64> {
    turns.sort_by(f64::total_cmp);
    turns.get(turns.len() / 2).copied().context("no turn")
}

/// One call, which has to succeed; answers the fuel that it took, where that is counted.
fn call(plugin: &Plugin, what: What) -> anyhow::Result<Option<u64>> {
    let ports =
        Ports { http: Some(Box::new(Answering)), secrets: Some(Box::new(Answering)), ..Ports::none(NOW) };
    match what {
        What::Nothing => {
            let (ticket, changes) = ("T-1", Changes { changes: Vec::new(), by: None });
            let answer = done(plugin.update(&caller(), ports, ticket, &changes, &this_call()))?;
            ensure!(answer.value.0.is_ok(), "{:?}", answer.value.0);
            Ok(answer.fuel)
        }
        What::Post => {
            let items = [Item { key: "k1".to_owned(), message: message(), internal: false }];
            let answer = done(plugin.append(&caller(), ports, "T-1", &items, &this_call()))?;
            let written = answer.value.0.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
            ensure!(written.iter().all(|one| one.parts == ["M-1"]) && written.len() == 1, "{written:?}");
            Ok(answer.fuel)
        }
        What::Accept => {
            let answer = done(plugin.accept(&caller(), ports, &webhook(), Duration::from_secs(10)))?;
            let kept = answer.value.as_ref().is_some_and(|answer| answer.keep);
            ensure!(kept, "{:?}", answer.value);
            Ok(answer.fuel)
        }
    }
}

/// Nothing here ever waits.
fn done<T, E: std::error::Error + Send + Sync + 'static>(
    call: impl Future<Output = Result<T, E>>,
) -> anyhow::Result<T> {
    Ok(block_on(call)?)
}

fn this_call() -> Call {
    Call { key: "k1".to_owned(), attempt: 1, history: false }
}

fn webhook() -> Webhook {
    let header = |(name, value): (&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
    let headers = [
        ("host", "hooks.example.org"),
        ("user-agent", "CRM/1.0"),
        ("content-type", "application/json"),
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1700000000"),
        ("webhook-signature", "v1,8sGfVuoY/mPC2Jruqbv/E3DIcNwi/KS8geVN7DyMeHA="),
    ];
    Webhook {
        method: "POST".to_owned(),
        url: "https://hooks.example.org/hooks/acme/crm/token".to_owned(),
        headers: headers.map(header).into(),
        body:
            br#"{"type":"message","ticket":"T-1","author":{"id":"eve","name":"Eve"},"text":"Good morning"}"#
                .to_vec(),
    }
}
