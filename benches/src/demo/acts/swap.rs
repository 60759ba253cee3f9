//! Rules and components swapped while people write; then both sides' books are compared.

use std::fs;

use anyhow::{Context, ensure};
use patchbay_types::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::{
    stage::{Stage, TENANT},
    tell::{heading, say},
};
use crate::{
    homeserver::Target,
    judge,
    load::{self, Mishaps, Plan},
    pace::Pace,
    setup::{HS_TOKEN, replace},
};

/// People write so many messages a second, all together.
const RATE: f64 = 40.0;

/// A rule that the example does not have. The first one that matches decides.
const RULE: &str = "\
[[rules]]
name = \"demo: somebody is in a hurry\"
when = 'content.text.contains(\"URGENT\")'
route = [{ adapter = \"desk\", change = { priority = \"urgent\" } }]

";

/// Swaps the rules and a component under traffic, and shows that a bad file changes nothing. Answers the last event
/// that was written.
///
/// # Errors
/// When a swap does not come through, or anything was lost, doubled or reordered.
pub(in super::super) async fn swap(stage: &mut Stage) -> anyhow::Result<String> {
    heading("Swapping rules and components while people write");
    invite(stage).await?;
    let before = stage.desk.lines().len();
    let stop = CancellationToken::new();
    let plan = Plan {
        target: Target { address: stage.setup.appservice, token: HS_TOKEN.to_owned() },
        cast: stage.cast.clone(),
        seed: 7,
        senders: 1,
        batch: 100,
        pace: Pace::Rate(RATE),
        events: None,
        stop: stop.clone(),
        mishaps: Mishaps::default(),
        client_api: Some(stage.homeserver.clone()),
    };
    let (rooms, people) = (stage.cast.rooms.len(), RATE);
    say(format!("{rooms} rooms, {people} messages a second, from now on until the end of this act"));
    let running = tokio::spawn(async move { load::run(&plan).await });
    let swapped = swap_all(stage).await;
    stop.cancel();
    let load = running.await.context("the traffic generator panicked")??;
    swapped?;

    stage.desk.read_until_delivered(&load.sent).await?;
    stage.desk.read_until_quiet().await?;
    let lines = stage.desk.lines().get(before..).unwrap_or_default();
    let verdict = judge::events(&load.sent, lines);
    say("What was sent, compared with what stands on the desk:");
    say(verdict.to_string());
    ensure!(verdict.is_clean(), "something was lost, doubled or reordered");
    load.sent.last().map(|event| event.event_id.clone()).context("nobody wrote anything")
}

async fn swap_all(stage: &Stage) -> anyhow::Result<()> {
    let rules = stage.setup.dir.join("tenants").join(TENANT).join("rules.toml");
    let text = fs::read_to_string(&rules).with_context(|| rules.display().to_string())?;
    say(format!("A rule is put in front of tenants/{TENANT}/rules.toml …"));
    let generation = generation(&stage.tenant().await?);
    replace(&rules, text.replacen("[[rules]]", &format!("{RULE}[[rules]]"), 1).as_bytes())?;
    served(stage, generation).await?;

    let component = stage.setup.component_path("mapper-matrix");
    let good = fs::read(&component).with_context(|| component.display().to_string())?;
    say("components/mapper-matrix.wasm is replaced by other bytes …");
    let generation = self::generation(&stage.tenant().await?);
    replace(&component, &stamped(&good))?;
    served(stage, generation).await?;

    say("components/mapper-matrix.wasm is replaced by nonsense …");
    replace(&component, b"this is no component")?;
    let refused = stage.until("the nonsense to be refused", |tenant| last_error(tenant).is_some()).await?;
    say(format!("… refused, generation {} goes on serving:", self::generation(&refused)));
    say(last_error(&refused).unwrap_or_default());
    let generation = self::generation(&refused);
    replace(&component, &good)?;
    stage.until("the first mapper to be back", |tenant| self::generation(tenant) > generation).await?;
    say("… and the first mapper is copied back.");
    stage.operate(&["plugins"])?;
    Ok(())
}

async fn served(stage: &Stage, before: u64) -> anyhow::Result<()> {
    let begun = std::time::Instant::now();
    let tenant = stage.until("a new generation", |tenant| generation(tenant) > before).await?;
    let took = begun.elapsed().as_millis();
    say(format!(
        "… generation {before} → {}, checked, prepared, tried and swapped in {took} ms",
        generation(&tenant)
    ));
    Ok(())
}

/// The bot is invited into each room, as people do before they write.
async fn invite(stage: &mut Stage) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let bot = format!("@{}:{}", stage.setup.bot, stage.cast.server);
    let events: Vec<Value> = stage
        .cast
        .rooms
        .iter()
        .filter_map(|room| {
            let who = room.users.first()?;
            Some(json!({
                "type": "m.room.member", "state_key": bot, "content": { "membership": "invite" },
                "sender": **who, "room_id": *room.id, "event_id": format!("$invite{}", &room.id.get(1..)?),
                "origin_server_ts": now, "unsigned": { "age": 12 },
            }))
        })
        .collect();
    let body = json!({ "events": events }).to_string();
    stage.deliver("/_matrix/app/v1/transactions/demo-invites", body.into()).await
}

/// The component with a custom section of ours at its end: other bytes, another digest, the same behaviour.
fn stamped(component: &[u8]) -> Vec<u8> {
    [component, b"\x00\x0c\x04demo", b"stamped"].concat()
}

fn generation(tenant: &Value) -> u64 {
    tenant.get("generation").and_then(Value::as_u64).unwrap_or(0)
}

/// What is wrong with the latest files, as `patchbay plugins` says it.
fn last_error(tenant: &Value) -> Option<String> {
    let error = tenant.get("last_error").filter(|error| !error.is_null())?;
    let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
    let message = text("message").split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("{}: {}: {message}", text("file"), text("field")))
}
