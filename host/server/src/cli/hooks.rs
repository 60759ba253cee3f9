//! `patchbay hooks`: where CRMs send their webhooks.

use clap::Args;
use patchbay_api::admin::v1::hooks::list::Doors;

use super::{
    client::Host,
    output::{Output, Table, time},
};
use crate::failure::Failure;

/// Lists the URL at which each adapter takes webhooks, and what came to it since the host was started.
///
/// Whoever has such a URL may send webhooks to it: treat it like a password. To change it, count up `hook-rotation` of the
/// adapter in the tenant's file; the old one is worth nothing from then on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay hooks
  patchbay hooks --tenant acme
  patchbay hooks --json | jq -r '.hooks[] | \"\\(.adapter) \\(.url)\"'")]
pub(super) struct Hooks {
    /// This tenant's alone.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    host: Host,
}

// === impl Hooks ===

impl Hooks {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        let doors: Doors = client.get(&["hooks"]).query("tenant", self.tenant.as_ref()).send()?;
        if self.host.json {
            return Ok(out.json(&doors)?);
        }
        if doors.hooks.is_empty() {
            out.line("no adapter takes webhooks")?;
        } else {
            let mut table =
                Table::new(["TENANT", "ADAPTER", "RECEIVED", "KEPT", "REFUSED", "UNHEARD", "LAST", "URL"]);
            for door in doors.hooks {
                table.row([
                    door.tenant.to_string(),
                    door.adapter.to_string(),
                    door.received.to_string(),
                    door.kept.to_string(),
                    door.refused.to_string(),
                    door.unheard.to_string(),
                    door.last_at.map_or("-".to_owned(), time),
                    door.url,
                ]);
            }
            out.table(&table)?;
        }
        if doors.listens.is_none() {
            out.line("the host does not listen for webhooks: say where by `listen.hooks` in patchbay.toml")?;
        }
        Ok(())
    }
}
