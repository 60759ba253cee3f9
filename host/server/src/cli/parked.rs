//! `patchbay parked`: what was set aside, and what becomes of it.

mod export;
mod fault;

use clap::{Args, Subcommand};
use patchbay_types::{Digest, Millis, TenantId};
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Client, Host},
    output::{Output, Table, short, time},
};
use crate::failure::Failure;

/// Lists, shows, exports, replays and discards what was set aside.
///
/// An event is parked when a component faults on it twice though it works otherwise, when it is no proper event, or
/// when it refers to one that is parked. Its lane goes on without it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay parked                    what waits for you, the oldest first
  patchbay parked show 17            why, with what each step was asked and answered
  patchbay parked export 17          in a plugin's project: a test that fails until the plugin is better
  patchbay parked replay 17          it takes its turn again, after a better component was copied in
  patchbay parked replay --tenant acme   all of a tenant's
  patchbay parked discard 17         nobody waits for it any longer")]
pub(super) struct Parked {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists what was set aside, the oldest first; the same as no subcommand.
    List {
        /// This tenant's alone.
        #[arg(long)]
        tenant: Option<String>,
        /// What was replayed or discarded too.
        #[arg(long)]
        resolved: bool,
    },
    /// Shows one, with what each step was asked and answered.
    Show {
        /// Its number.
        id: i64,
    },
    Export(export::Export),
    /// Gives it another turn, at the end of its lane and marked late.
    Replay {
        /// Its number.
        #[arg(required_unless_present = "tenant", conflicts_with = "tenant")]
        id: Option<i64>,
        /// All of this tenant's, the oldest first.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Gives it up; it stays to be seen until retention ends it.
    Discard {
        /// Its number.
        id: i64,
    },
}

#[derive(Debug, Deserialize)]
struct Page {
    parked: Vec<Row>,
    next: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    parked: Row,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: i64,
    subject: Subject,
    tenant: Option<TenantId>,
    event_id: Option<String>,
    slot: Option<String>,
    component: Option<Digest>,
    reason: String,
    at: Millis,
    resolved_at: Option<Millis>,
}

#[derive(Debug, Deserialize)]
struct Subject {
    kind: String,
}

// === impl Parked ===

impl Parked {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        match &self.action {
            None => self.list(&client, out, None, false),
            Some(Action::List { tenant, resolved }) => self.list(&client, out, tenant.as_deref(), *resolved),
            Some(Action::Show { id }) => {
                Ok(out.json(&client.get(&["parked", &id.to_string()]).send::<Value>()?)?)
            }
            Some(Action::Export(export)) => export.run(&client, self.host.json, out),
            Some(Action::Replay { id: Some(id), .. }) => {
                let shown: Shown = client.get(&["parked", &id.to_string()]).send()?;
                self.replay(&client, out, &[shown.parked])
            }
            Some(Action::Replay { tenant, .. }) => {
                self.replay(&client, out, &all(&client, tenant.as_deref(), false)?)
            }
            Some(Action::Discard { id }) => self.resolve(&client, out, *id, "discard"),
        }
    }

    fn list(
        &self,
        client: &Client,
        out: &mut Output,
        tenant: Option<&str>,
        resolved: bool,
    ) -> Result<(), Failure> {
        if self.host.json {
            let call = client.get(&["parked"]).query("tenant", tenant).query("resolved", Some(resolved));
            return Ok(out.json(&call.query("limit", Some(1000)).send::<Value>()?)?);
        }
        let rows = all(client, tenant, resolved)?;
        if rows.is_empty() {
            return Ok(out.line("nothing is parked")?);
        }
        let mut table = Table::new(["ID", "PARKED", "TENANT", "WHAT", "SLOT", "EVENT", "REASON"]);
        for row in rows {
            let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let reason = short(&row.reason, 100);
            table.row([
                row.id.to_string(),
                time(row.at),
                dash(row.tenant.map(|tenant| tenant.to_string())),
                row.subject.kind,
                dash(row.slot),
                dash(row.event_id),
                if row.resolved_at.is_some() { format!("(resolved) {reason}") } else { reason },
            ]);
        }
        Ok(out.table(&table)?)
    }

    fn replay(&self, client: &Client, out: &mut Output, rows: &[Row]) -> Result<(), Failure> {
        let serving = client.get(&["plugins"]).send()?;
        for row in rows {
            self.resolve(client, out, row.id, "replay")?;
            if let Some(note) = fault::still_there(&serving, row).filter(|_| !self.host.json) {
                out.line(note)?;
            }
        }
        Ok(())
    }

    fn resolve(&self, client: &Client, out: &mut Output, id: i64, verb: &str) -> Result<(), Failure> {
        let answer: Value = client.post(&["parked", &id.to_string(), verb]).send()?;
        if self.host.json {
            return Ok(out.json(&answer)?);
        }
        let done = if verb == "replay" { "waits for its turn again" } else { "discarded" };
        Ok(out.line(format!("{id}: {done}"))?)
    }
}

fn all(client: &Client, tenant: Option<&str>, resolved: bool) -> Result<Vec<Row>, Failure> {
    let (mut rows, mut after) = (Vec::new(), Some(0));
    while let Some(number) = after {
        let call = client.get(&["parked"]).query("tenant", tenant).query("resolved", Some(resolved));
        let page: Page = call.query("after", Some(number)).query("limit", Some(1000)).send()?;
        rows.extend(page.parked);
        after = page.next;
    }
    Ok(rows)
}
