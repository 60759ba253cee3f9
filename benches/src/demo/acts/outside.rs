//! A second tenant, whose tickets lie at a service outside: a message goes there as a signed request, and what an agent
//! says there comes back as a signed webhook.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use patchbay_types::{Clock, SystemClock};
use receiver::{Behaviour, Books, Hook, Key, Receiver};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::super::{
    stage::{Stage, elsewhere},
    tell::{heading, say},
};
use crate::setup::RECEIVER_SECRET;

const TENANT: &str = "globex";
const QUESTION: &str = "Do you deliver on Saturdays?";
const ANSWER: &str = "We do, until noon";
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);

/// Brings the tenant in, and shows both directions.
///
/// # Errors
/// When something does not arrive in time.
pub(in super::super) async fn outside(stage: &mut Stage) -> anyhow::Result<()> {
    heading("A second tenant, whose tickets lie outside");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the receiver cannot listen")?;
    let address = listener.local_addr()?;
    fs::write(stage.setup.tenant_path(TENANT), tenant_file(address))?;
    say(format!("tenants/{TENANT}.toml was copied in; its adapter posts to a service at {address}"));
    let hook = hook(stage).await?;
    stage.operate(&["plugins"])?;

    let key = Key::new(RECEIVER_SECRET.1);
    let hook = Hook::new(hook, key.clone())?;
    let service = Receiver::new(key, Some(hook), Books::default(), Behaviour::default()).router();
    tokio::spawn(async move { axum::serve(listener, service).await });

    let room = elsewhere();
    let who = room.users.first().context("nobody is in the room")?;
    say(format!("{who} writes “{QUESTION}”"));
    let event = json!({
        "type": "m.room.message", "event_id": "$globex-question", "room_id": *room.id, "sender": **who,
        "origin_server_ts": SystemClock.now(), "content": { "msgtype": "m.text", "body": QUESTION },
    });
    let body = json!({ "events": [event] }).to_string();
    stage.deliver("/_matrix/app/v1/transactions/demo-outside", body.into()).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let tickets = format!("http://{address}/tickets");
    let ticket = until("the message at the service", async || {
        let tickets: Value = client.get(&tickets).send().await?.json().await?;
        let ticket = tickets.pointer("/tickets/0").cloned();
        Ok(ticket.filter(|ticket| ticket.to_string().contains(QUESTION)))
    })
    .await?;
    let id = ticket.get("id").and_then(Value::as_str).context("a ticket without an identifier")?;
    say(format!("At the service: ticket {id}, by signed requests that name their effects:"));
    for effect in ticket.get("effects").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| effect.get(key).and_then(Value::as_str).unwrap_or_default();
        say(format!("  {:<16} {}", text("type"), text("id")));
    }

    say(format!("An agent there answers “{ANSWER}”: a signed webhook to the host"));
    let reply = json!({ "agent": "eve", "text": ANSWER });
    let answer = client.post(format!("{tickets}/{id}/reply")).json(&reply).send().await?;
    ensure!(answer.status().is_success(), "the reply was answered with {}", answer.status());
    let send = until("the answer in the room", async || {
        let sends = stage.homeserver.sends();
        Ok(sends.into_iter().find(|send| send.text.as_deref() == Some(ANSWER)))
    })
    .await?;
    say(format!("At the homeserver: {} says “{ANSWER}” in {}", send.sender, send.room));
    Ok(())
}

/// Where the new adapter takes webhooks, once it serves.
async fn hook(stage: &Stage) -> anyhow::Result<String> {
    until("the tenant to be served", async || {
        let doors = stage.host.admin().json(&format!("/admin/v1/hooks?tenant={TENANT}")).await?;
        Ok(doors.pointer("/hooks/0/url").and_then(Value::as_str).map(str::to_owned))
    })
    .await
}

async fn until<T>(what: &str, look: impl AsyncFn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        ensure!(begun.elapsed() < PATIENCE, "waited in vain for {what}; the host's log says why");
        tokio::time::sleep(GLANCE).await;
    }
}

fn tenant_file(address: SocketAddr) -> String {
    format!(
        "[rooms]\nlink = [\"{room}\"]\n\n[mapper]\ncomponent = \"mapper-matrix\"\n\n[router]\n\
         component = \"router-rules\"\n\n[router.settings]\ndefault = [{{ adapter = \"crm\" }}]\n\n\
         [adapters.crm]\ncomponent = \"adapter-webhook\"\nsettings = {{ url = \"http://{address}/\" }}\n\
         grants = {{ secrets = [\"webhook\"], http = [{{ url = \"http://{address}\", \
         addresses = [\"127.0.0.1\"] }}] }}\n\n[secrets.webhook]\nfrom = {{ env = \"{secret}\" }}\n\
         hosts = [\"http://{address}\"]\nsign = true\n",
        room = elsewhere().id,
        secret = RECEIVER_SECRET.0,
    )
}
