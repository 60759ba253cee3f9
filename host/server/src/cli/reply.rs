//! `patchbay reply`: an agent answers in a ticket of the embedded desk.

use clap::Args;
use patchbay_api::admin::v1::desk::news::Kept;
use serde_json::json;

use super::{client::Host, output::Output, tickets::Named};
use crate::failure::Failure;

/// Answers in a ticket of the embedded desk: a ghost says it in the customer's room.
///
/// The host has kept the reply when this command ends; it reaches the room as soon as the homeserver takes it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay reply D-1 'We are on it'
  patchbay reply acme/D-1 'We are on it' --as 'Ann from ACME'
  patchbay reply D-1 'Looks like fraud' --internal       a note: the customer does not see it
  patchbay reply D-1 'Done' --key order-17-done          saying it twice is harmless")]
pub(super) struct Reply {
    /// Such as acme/D-1 or D-1.
    ticket: String,
    /// What is said.
    text: String,
    /// Who says it, as the customer sees it.
    #[arg(long = "as", value_name = "NAME", default_value = "Agent")]
    name: String,
    /// A note for agents: the customer does not see it.
    #[arg(long)]
    internal: bool,
    /// A second reply with the same key is dropped.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    host: Host,
}

// === impl Reply ===

impl Reply {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        let Named { tenant, ticket } = Named::find(&client, &self.ticket)?;
        // One name is one agent: the ghost that speaks is the same each time.
        let agent = json!({ "id": self.name.to_lowercase(), "name": self.name });
        let body = json!({ "text": self.text, "internal": self.internal, "agent": agent });
        let mut call = client.post(&["tickets", &tenant, &ticket, "reply"]).json(body);
        if let Some(key) = &self.key {
            call = call.header("Idempotency-Key", key.clone());
        }
        let kept: Kept = call.send()?;
        if self.host.json {
            return Ok(out.json(&kept)?);
        }
        let again = if kept.new { "" } else { " (said before; nothing is repeated)" };
        Ok(out.line(format!("{tenant}/{ticket}: kept as {}{again}", kept.id))?)
    }
}
