//! `patchbay rooms`: whose room is it.

use clap::Args;
use patchbay_api::admin::v1::rooms::list::Rooms as Page;

use super::{
    client::Host,
    output::{Output, Table, short},
};
use crate::failure::Failure;

/// Lists the rooms that homeservers told of: whose each is, and what decided that.
///
/// A room of nobody's is one that no tenant claims, or that two could. `rooms.link` in a tenant's file settles it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay rooms
  patchbay rooms --tenant acme
  patchbay rooms --json | jq '.rooms[] | select(.tenant == null)'")]
pub(super) struct Rooms {
    /// This tenant's alone.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    host: Host,
}

// === impl Rooms ===

impl Rooms {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let client = self.host.client()?;
        let mut all = Page { rooms: Vec::new(), next: None };
        loop {
            let call =
                client.get(&["rooms"]).query("tenant", self.tenant.as_ref()).query("limit", Some(1000));
            let page: Page = call.query("after", all.next.as_ref()).send()?;
            all.rooms.extend(page.rooms);
            all.next = page.next;
            if all.next.is_none() {
                break;
            }
        }
        if self.host.json {
            return Ok(out.json(&all)?);
        }
        let mut table = Table::new(["ROOM", "TENANT", "BY", "MEMBERS", "ENCRYPTED", "NAME"]);
        for room in all.rooms {
            table.row([
                room.room_id.to_string(),
                room.tenant.map_or("nobody".to_owned(), |tenant| tenant.to_string()),
                room.decided_by,
                room.members.to_string(),
                if room.encrypted { "yes" } else { "no" }.to_owned(),
                short(room.name.as_deref().unwrap_or("-"), 40),
            ]);
        }
        Ok(out.table(&table)?)
    }
}
