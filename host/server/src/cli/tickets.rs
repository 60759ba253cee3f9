//! `patchbay tickets`: the embedded desk.

use clap::{Args, Subcommand};
use patchbay_api::admin::v1::tickets::{Line, Ticket, list::Tickets as Listed, show::Shown};
use patchbay_types::TenantId;
use serde_json::{Value, json};

use super::{
    client::{Client, Host},
    output::{Output, Table, short, time},
};
use crate::failure::Failure;

/// Lists, shows and changes the tickets of the embedded desk.
///
/// A ticket is named TENANT/TICKET, such as acme/D-1; the tenant may be left out where only one has such a ticket.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay tickets                              newest activity first
  patchbay tickets list --tenant acme --status open
  patchbay tickets show D-1                     what was said in it
  patchbay tickets status D-1 solved
  patchbay reply D-1 'We are on it'             see `patchbay reply --help`")]
pub(super) struct Tickets {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    host: Host,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists tickets, newest activity first; the same as no subcommand.
    List {
        /// This tenant's alone.
        #[arg(long)]
        tenant: Option<String>,
        /// `open`, `pending`, `solved` or `closed`.
        #[arg(long)]
        status: Option<String>,
        /// At most so many of each tenant.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Shows a ticket and what was said in it.
    Show {
        /// Such as acme/D-1 or D-1.
        ticket: String,
    },
    /// Gives a ticket another status.
    Status {
        /// Such as acme/D-1 or D-1.
        ticket: String,
        /// `open`, `pending`, `solved` or `closed`.
        #[arg(value_parser = patchbay_api::admin::v1::tickets::status::STATUSES)]
        status: String,
    },
}

/// A ticket by its full name.
pub(super) struct Named {
    pub(super) tenant: String,
    pub(super) ticket: String,
}

// === impl Tickets ===

impl Tickets {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        match &self.action {
            None => self.list(&client, out, None, None, 100),
            Some(Action::List { tenant, status, limit }) => {
                self.list(&client, out, tenant.as_deref(), status.as_deref(), *limit)
            }
            Some(Action::Show { ticket }) => {
                let Named { tenant, ticket } = Named::find(&client, ticket)?;
                let shown: Shown = client.get(&["tickets", &tenant, &ticket]).send()?;
                if self.host.json { Ok(out.json(&shown)?) } else { Ok(show(&shown, out)?) }
            }
            Some(Action::Status { ticket, status }) => {
                let Named { tenant, ticket } = Named::find(&client, ticket)?;
                let path = ["tickets", &tenant, &ticket, "status"];
                let kept: Value = client.post(&path).json(json!({ "status": status })).send()?;
                if self.host.json {
                    return Ok(out.json(&kept)?);
                }
                Ok(out.line(format!("{tenant}/{ticket} becomes {status}"))?)
            }
        }
    }

    fn list(
        &self,
        client: &Client,
        out: &mut Output,
        tenant: Option<&str>,
        status: Option<&str>,
        limit: u32,
    ) -> Result<(), Failure> {
        let call = client.get(&["tickets"]).query("tenant", tenant).query("status", status);
        let listed: Listed = call.query("limit", Some(limit)).send()?;
        if self.host.json {
            return Ok(out.json(&listed)?);
        }
        if listed.tickets.is_empty() {
            return Ok(out.line("no ticket")?);
        }
        let mut table = Table::new(["TICKET", "STATUS", "LINES", "LAST ACTIVITY", "CUSTOMER", "SUBJECT"]);
        for ticket in &listed.tickets {
            table.row([
                format!("{}/{}", ticket.tenant, ticket.ticket),
                ticket.status.clone(),
                ticket.lines.to_string(),
                time(ticket.last_at),
                name(&ticket.customer),
                short(ticket.subject.as_deref().unwrap_or("-"), 60),
            ]);
        }
        Ok(out.table(&table)?)
    }
}

// === impl Named ===

impl Named {
    /// `TENANT/TICKET`, or a ticket that only one tenant has.
    pub(super) fn find(client: &Client, text: &str) -> Result<Self, Failure> {
        if let Some((tenant, ticket)) = text.split_once('/') {
            return Ok(Self { tenant: tenant.to_owned(), ticket: ticket.to_owned() });
        }
        let listed: Listed = client.get(&["tickets"]).query("ticket", Some(text)).send()?;
        let tenants: Vec<TenantId> = listed.tickets.into_iter().map(|ticket| ticket.tenant).collect();
        match tenants.as_slice() {
            [only] => Ok(Self { tenant: only.to_string(), ticket: text.to_owned() }),
            [] => Err(Failure::Failed(anyhow::anyhow!("no tenant has a ticket `{text}`"))),
            several => {
                let names = several.iter().map(|tenant| format!("{tenant}/{text}")).collect::<Vec<_>>();
                Err(Failure::Usage(format!("which one? There are {}", names.join(", "))))
            }
        }
    }
}

fn show(shown: &Shown, out: &mut Output) -> std::io::Result<()> {
    let Ticket { tenant, ticket, status, subject, customer, conversation, .. } = &shown.ticket;
    out.line(format!("{tenant}/{ticket}  {status}  {}", subject.as_deref().unwrap_or("")))?;
    out.line(format!("customer {}, conversation {conversation}", name(customer)))?;
    out.line(format!(
        "opened {}, last activity {}",
        time(shown.ticket.opened_at),
        time(shown.ticket.last_at)
    ))?;
    for line in &shown.lines {
        out.line("")?;
        say(line, out)?;
    }
    if shown.more {
        out.line("")?;
        out.line(format!("… and more: {} lines in all, `--json` for the next page", shown.ticket.lines))?;
    }
    Ok(())
}

fn say(line: &Line, out: &mut Output) -> std::io::Result<()> {
    let marks = [
        (line.internal, "internal"),
        (line.removed_at.is_some(), "removed"),
        (line.edits.as_array().is_some_and(|edits| !edits.is_empty()), "edited"),
    ];
    let marks: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    let marks = if marks.is_empty() { String::new() } else { format!("  ({})", marks.join(", ")) };
    out.line(format!("{}  {}  {}{marks}", line.line, time(line.sent_at), name(&line.author)))?;
    for text in line.text.as_deref().unwrap_or("-").lines() {
        out.line(format!("    {text}"))?;
    }
    Ok(())
}

/// How a person is called.
fn name(person: &Value) -> String {
    let text = |key: &str| person.get(key).and_then(Value::as_str);
    text("display_name").or_else(|| text("id")).unwrap_or("-").to_owned()
}
