//! `patchbay connections`: whether the other side of each adapter is there.

use clap::{Args, Subcommand};
use patchbay_api::admin::v1::connections::{
    list::{Connection, Connections as All, Standing},
    probe::Probed,
};

use super::{
    client::Host,
    output::{Output, Table, time},
};
use crate::failure::Failure;

/// Shows each adapter: whether its CRM is there, since when, what last went wrong, and what waits.
///
/// What is shown was seen since the host was started. `probe` asks the adapter now: whether anybody is there, and whether
/// all that it needs is, such as a field or a right.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay connections
  patchbay connections --tenant acme
  patchbay connections probe acme odoo     what is missing there, in the adapter's words
  patchbay connections --json | jq '.connections[] | select(.state == \"down\")'")]
pub(super) struct Connections {
    #[command(subcommand)]
    action: Option<Action>,
    /// This tenant's alone.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The same as no subcommand.
    List,
    /// Asks an adapter whether anybody is there. If so, deliveries that waited for that go on.
    Probe {
        /// The tenant.
        tenant: String,
        /// The adapter, by the name that routes use.
        adapter: String,
    },
}

// === impl Connections ===

impl Connections {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        if let Some(Action::Probe { tenant, adapter }) = &self.action {
            let probed: Probed = client.post(&["connections", tenant, adapter, "probe"]).send()?;
            if self.host.json {
                out.json(&probed)?;
            } else {
                let kind = probed.kind.as_deref().unwrap_or("healthy");
                let version = probed.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
                out.line(format!("{tenant}/{adapter}: {kind}{version}: {}", probed.detail))?;
            }
            return if probed.healthy { Ok(()) } else { Err(Failure::Found) };
        }
        let all: All = client.get(&["connections"]).query("tenant", self.tenant.as_ref()).send()?;
        if self.host.json {
            return Ok(out.json(&all)?);
        }
        if all.connections.is_empty() {
            return Ok(out.line("no tenant has an adapter")?);
        }
        let mut table =
            Table::new(["TENANT", "ADAPTER", "STATE", "SINCE", "ANSWERED", "WAITING", "OLDEST", "NEXT TRY"]);
        let at = |at: Option<u64>| at.map_or("-".to_owned(), time);
        for one in &all.connections {
            table.row([
                one.tenant.to_string(),
                one.adapter.to_string(),
                word(one.state).to_owned(),
                at(one.since),
                at(one.answered_at),
                one.waiting.to_string(),
                at(one.waiting_since),
                at(one.next_try),
            ]);
        }
        out.table(&table)?;
        for one in &all.connections {
            if let Some(said) = last_error(one) {
                out.line(said)?;
            }
        }
        Ok(())
    }
}

/// What last went wrong with it, in a line.
pub(super) fn last_error(one: &Connection) -> Option<String> {
    let error = one.last_error.as_ref()?;
    let over = one.answered_at.is_some_and(|answered| answered > error.at);
    let over = if over { ", answered since" } else { "" };
    Some(format!(
        "{}/{}: last error, {}{over}: {}: {}",
        one.tenant,
        one.adapter,
        time(error.at),
        error.kind,
        error.detail
    ))
}

fn word(state: Standing) -> &'static str {
    match state {
        Standing::Up => "up",
        Standing::Down => "down",
        Standing::Unknown => "not asked yet",
        Standing::Embedded => "embedded",
    }
}
