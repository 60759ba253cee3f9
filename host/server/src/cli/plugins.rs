//! `patchbay plugins`: what runs where, since when, and what last went wrong; and going back.

use std::io;

use clap::{Args, Subcommand};
use patchbay_api::admin::v1::connections::list::{Connections, Standing};
use patchbay_plugin::reload::{LastError, ReloadStatus, State, TenantStatus};
use serde_json::json;

use super::{
    client::Host,
    connections::last_error,
    output::{Output, Table, time},
};
use crate::failure::Failure;

/// Shows what runs where: each tenant's generation, and each slot's component, digest and last error.
///
/// A generation is code and configuration of one tenant's whole chain: both change together, whenever a file of the
/// watched directory does. A file that is no good changes nothing but the `last error` shown here.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay plugins                        what runs where
  patchbay plugins --json | jq '.tenants[] | {tenant, generation, state}'
  patchbay plugins rollback acme          the generation before the current serves again
  patchbay plugins rollback acme --to 7   generation 7 does")]
pub(super) struct Plugins {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The same as no subcommand.
    List,
    /// Lets an earlier generation of a tenant serve again, until one of the tenant's files changes.
    Rollback {
        /// The tenant.
        tenant: String,
        /// The generation; else the one before the current.
        #[arg(long, value_name = "N")]
        to: Option<u64>,
    },
}

// === impl Plugins ===

impl Plugins {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        match &self.action {
            None | Some(Action::List) => {
                let status: ReloadStatus = client.get(&["plugins"]).send()?;
                if self.host.json {
                    return Ok(out.json(&status)?);
                }
                list(&status, out)?;
                let all: Connections = client.get(&["connections"]).send()?;
                for one in all.connections.iter().filter(|one| one.state == Standing::Down) {
                    let since = one.since.map_or(String::new(), |since| format!(" since {}", time(since)));
                    out.line(format!(
                        "! {}/{} is down{since}, {} wait",
                        one.tenant, one.adapter, one.waiting
                    ))?;
                    if let Some(error) = last_error(one) {
                        out.line(format!("  {error}"))?;
                    }
                }
                Ok(())
            }
            Some(Action::Rollback { tenant, to }) => {
                let path = ["plugins", tenant, "rollback"];
                let status: TenantStatus = client.post(&path).json(json!({ "to": to })).send()?;
                if self.host.json {
                    return Ok(out.json(&status)?);
                }
                Ok(one(&status, out)?)
            }
        }
    }
}

fn list(status: &ReloadStatus, out: &mut Output) -> io::Result<()> {
    for finding in &status.findings {
        out.line(format!("! {finding}"))?;
    }
    if status.tenants.is_empty() {
        out.line("no tenant yet: put a file into tenants/")?;
    }
    for tenant in &status.tenants {
        one(tenant, out)?;
    }
    Ok(())
}

fn one(tenant: &TenantStatus, out: &mut Output) -> io::Result<()> {
    let serving = match (tenant.generation, tenant.since) {
        (Some(generation), Some(since)) => format!("generation {generation} since {}", time(since)),
        _ => "nothing serves; its lanes hold".to_owned(),
    };
    let pinned = if tenant.pinned { ", rolled back" } else { "" };
    let kept = tenant.kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    out.line(format!("{}: {}, {serving}{pinned} (kept: {kept})", tenant.tenant, word(&tenant.state)))?;
    let mut table = Table::new(["  SLOT", "STATE", "COMPONENT", "DIGEST", "SETTINGS"]);
    for slot in &tenant.slots {
        let serving = slot.serving.as_ref();
        table.row([
            format!("  {}", slot.slot),
            word(&slot.state).to_owned(),
            serving.map_or("-".to_owned(), |serving| serving.component.clone()),
            serving.map_or("-".to_owned(), |serving| serving.digest.short()),
            serving.map_or("-".to_owned(), |serving| serving.settings_digest.short()),
        ]);
    }
    out.table(&table)?;
    let of_slots = tenant.slots.iter().filter_map(|slot| slot.last_error.as_ref());
    let mut said: Vec<&LastError> = Vec::new();
    for error in of_slots.chain(&tenant.last_error) {
        if !said.contains(&error) {
            let settled = if matches!(tenant.state, State::Active) { ", settled since" } else { "" };
            out.line(format!("  last error, {}{settled}: {}", time(error.at), error.finding))?;
            said.push(error);
        }
    }
    Ok(())
}

fn word(state: &State) -> &'static str {
    match state {
        State::Active => "active",
        State::Pending => "pending",
        State::Rejected { .. } => "new files rejected",
        State::Missing { .. } => "file missing",
        State::Removed => "removed",
    }
}
