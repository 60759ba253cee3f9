//! `patchbay odoo check`: looks at the same things as `setup`, and changes nothing.

use clap::Args;

use super::super::output::Output;
use super::{place::Place, told};
use crate::{
    failure::Failure,
    odoo::{Mode, State},
};

/// Looks whether an Odoo still has what the adapter needs, and changes nothing.
///
/// It looks at what `setup` makes: modules, the technical user with its groups, key and rights, fields, rules. The exit code
/// is 1 when something is missing or other than it has to be.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay odoo check --tenant acme --password-file admin-password
  patchbay odoo check --tenant acme --json | jq -r '.steps[] | select(.state == \"missing\") | .detail'

Exit codes:
  0  everything is as it has to be
  1  something is missing or other than it has to be, or Odoo refused
  2  the command line is wrong
  3  no Odoo answers at that address")]
pub(super) struct Check {
    #[command(flatten)]
    place: Place,
}

// === impl Check ===

impl Check {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let found = self.place.find(false)?;
        let report = told::run(&found, Mode::Look, self.place.json, out)?;
        if self.place.json {
            out.json(&told::Told { report: &report, tables: None })?;
        } else {
            out.line(told::summary(&report))?;
        }
        let wrong = [State::Missing, State::ToBeMade, State::ToBeUpdated];
        if report.count(&wrong) == 0 { Ok(()) } else { Err(Failure::Found) }
    }
}
