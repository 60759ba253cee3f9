//! `kill -9` at random moments under load, while agents reply; the host starts again on the same directory each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use patchbay_types::{Clock, Millis, SystemClock};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use tokio_util::sync::CancellationToken;

use super::{
    counts::Counts,
    outcome::Outcome,
    rig::{Places, Rig, Running, Wanted},
};
use crate::{
    admin::Admin,
    journal::{self, DeskLine, REPLY_MARK, SentEvent, SentReply},
    judge::{self, Verdict},
    load::Mishaps,
    pace::Pace,
    setup::ChainSetup,
};

/// The tenant whose agents answer.
const AGENTS_OF: &str = "acme";
/// An agent answers so often.
const REPLY_EVERY: Duration = Duration::from_millis(100);

/// What a run of kills found.
pub struct Killed {
    /// Of the events.
    pub events: Verdict,
    /// Of the agents' replies.
    pub replies: Verdict,
    /// Kills after which something that was answered before was delivered.
    pub undone: usize,
    /// Events answered.
    pub answered: usize,
    /// Deliveries that the homeserver had to repeat.
    pub retries: u64,
}

/// Runs it on a host that is as it should be.
///
/// # Errors
/// When the host does not start again or ends by itself.
pub async fn run(places: &Places, counts: &Counts) -> anyhow::Result<Outcome> {
    let killed = kill(places, "kill", counts.kills, counts.rate, &[]).await?;
    let mut outcome = Outcome::new("kill");
    outcome.figure("counts", counts);
    outcome.figure("events answered", killed.answered);
    outcome.figure("transactions repeated", killed.retries);
    outcome.demand(
        "events: zero lost, doubled, reordered, invented",
        killed.events.is_clean(),
        &killed.events,
    );
    outcome.demand("replies: zero lost, doubled, reordered", killed.replies.is_clean(), &killed.replies);
    let found = format!("{} of {}", killed.undone, counts.kills);
    let enough = killed.undone >= usize::try_from(counts.undone)?;
    outcome.demand(&format!("at least {} kills with work undone", counts.undone), enough, found);
    Ok(outcome)
}

/// Kills the host `kills` times; `env` goes to the host.
///
/// # Errors
/// When the host does not start again or ends by itself.
pub async fn kill(
    places: &Places,
    name: &str,
    kills: u32,
    rate: u32,
    env: &[(&str, &str)],
) -> anyhow::Result<Killed> {
    let chains = ["acme", "globex"].map(|tenant| (tenant.to_owned(), ChainSetup::first_party().patient()));
    let wanted = Wanted { env: env.to_vec(), ..Wanted::new(name, 40, chains.to_vec()) };
    let mut rig = Rig::start(places, wanted).await?;
    let mut plan = rig.plan(Pace::Rate(f64::from(rate)), 3);
    plan.mishaps = Mishaps { retry_scale: 0.01, restart_every: 40, repeat_every: 9, redact_waiting: true };
    let load = Running::start(plan);
    let agents = Agents::start(rig.host.admin().clone(), AGENTS_OF);

    let mut rng = SmallRng::seed_from_u64(u64::from(kills));
    let mut deaths: Vec<(Millis, Millis)> = Vec::new();
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(rng.random_range(100..1200))).await;
        let died = SystemClock.now();
        rig.host.kill().await?;
        let reborn = SystemClock.now();
        rig.host.restart().await?;
        deaths.push((died, reborn));
    }
    let load = load.stop().await?;
    let replies = agents.stop().await;
    let (lines, events) = rig.judge(&load.sent).await?;
    let sends = rig.client_api.sends();
    journal::write(&rig.dir.join("replies.ndjson"), &replies)?;
    let replies = judge::replies(&replies, &sends, |text| text.starts_with(REPLY_MARK));
    let undone = deaths.iter().filter(|death| had_work(**death, &load.sent, &lines)).count();
    rig.host.stop().await?;
    let answered = load.accepted();
    Ok(Killed { events, replies, undone, answered, retries: load.retries })
}

/// Whether something was answered before the host died and delivered only after it was reborn.
fn had_work((died, reborn): (Millis, Millis), sent: &[SentEvent], lines: &[DeskLine]) -> bool {
    let late = lines.iter().filter(|line| line.at >= reborn).filter_map(|line| line.event_id.as_deref());
    let late: std::collections::HashSet<&str> = late.collect();
    let mut before = sent.iter().filter(|event| event.answered_at.is_some_and(|at| at <= died));
    before.any(|event| late.contains(event.event_id.as_str()))
}

/// Agents who reply in tickets while hosts die.
struct Agents {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    replies: Arc<Mutex<Vec<SentReply>>>,
}

// === impl Agents ===

impl Agents {
    fn start(admin: Admin, tenant: &'static str) -> Self {
        let (stop, replies) = (CancellationToken::new(), Arc::new(Mutex::new(Vec::new())));
        let (stopped, kept) = (stop.clone(), Arc::clone(&replies));
        let work = async move {
            let mut counts: HashMap<String, u64> = HashMap::new();
            let mut last = 0;
            loop {
                tokio::time::sleep(REPLY_EVERY).await;
                // While the host is away there is nobody to reply to.
                let Ok(lines) = admin.lines(tenant, last).await else { continue };
                let Some(line) = lines.last() else { continue };
                last = line.id;
                let Some(room) = line.room.clone() else { continue };
                let n = counts.entry(room.clone()).or_default();
                *n += 1;
                let text = format!("{REPLY_MARK}{n} in {room}");
                let reply = SentReply { text: text.clone(), room, n: *n, answered_at: None };
                // Before it is sent: what is cut off here may have arrived all the same.
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(reply);
                if admin.reply(tenant, &line.ticket, &text).await.unwrap_or(false)
                    && let Some(reply) = kept.lock().unwrap_or_else(PoisonError::into_inner).last_mut()
                {
                    reply.answered_at = Some(SystemClock.now());
                }
            }
        };
        let task = tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopped.cancelled() => {}
            }
        });
        Self { stop, task, replies }
    }

    async fn stop(self) -> Vec<SentReply> {
        self.stop.cancel();
        self.task.await.ok();
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
