//! `patchbay polls`: how asking each CRM what is new goes.

use clap::Args;
use patchbay_api::admin::{Asked, v1::polls::list::Polls as Listed};
use patchbay_types::units::Span;

use super::{
    client::Host,
    output::{Output, Table, short, time},
};
use crate::failure::Failure;

/// So much of an error is shown in a line.
const WIDTH: usize = 200;

/// Lists the CRMs that can be asked what is new: how often they are, when they last answered, and why not since.
///
/// What a CRM tells by webhooks comes by itself; asking it is the net under that. The interval is `poll` of the adapter
/// in the tenant's file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay polls
  patchbay polls --tenant acme
  patchbay polls --json | jq -r '.polls[] | select(.failures > 0) | \"\\(.tenant) \\(.adapter) \\(.error)\"'")]
pub(super) struct Polls {
    /// This tenant's alone.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    host: Host,
}

// === impl Polls ===

impl Polls {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        let listed: Listed = client.get(&["polls"]).query("tenant", self.tenant.as_ref()).send()?;
        if self.host.json {
            return Ok(out.json(&listed)?);
        }
        if listed.polls.is_empty() {
            return Ok(out.line("no adapter can ask its CRM what is new")?);
        }
        let mut table =
            Table::new(["TENANT", "ADAPTER", "EVERY", "LAST ANSWER", "NEXT", "NEW", "FAILURES", "WHY"]);
        for one in listed.polls {
            table.row([
                one.tenant.to_string(),
                one.adapter.to_string(),
                if one.every == 0 { "never".to_owned() } else { Span::millis(one.every).to_string() },
                one.last_good.map_or("-".to_owned(), time),
                one.next.map_or("-".to_owned(), time),
                one.entries.to_string(),
                one.failures.to_string(),
                why(&one),
            ]);
        }
        Ok(out.table(&table)?)
    }
}

fn why(one: &Asked) -> String {
    let error = one.error.as_ref().map(|error| short(error, WIDTH));
    match (error, one.held) {
        (Some(error), _) => error,
        (None, true) => "its connection is down".to_owned(),
        (None, false) => String::new(),
    }
}
