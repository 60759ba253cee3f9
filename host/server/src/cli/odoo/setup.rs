//! `patchbay odoo setup`: everything that the adapter needs in an Odoo, made where it is not there.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
};

use anyhow::Context as _;
use clap::Args;

use super::super::output::Output;
use super::{
    place::{Found, Place},
    told,
};
use crate::{
    failure::Failure,
    odoo::{self, Mode, State, Transport},
};

/// Makes in an Odoo what the adapter needs: a technical user with its groups and a password, two custom fields, and two
/// automation rules that tell the host of news.
///
/// It asks Odoo's own API, as an administrator, and looks before it makes: a second run changes nothing and says so, and a
/// run that was cut off is gone on with. It never installs a module and never deletes anything; what has to be done by hand
/// is said with where to click. Run it as the user that the host runs as: the technical user's key is written for that one
/// to read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay odoo setup --tenant acme --odoo https://odoo.example.org --database acme --model crm.lead \\
      --password-file admin-password --dry-run
                          says what it would do; without --dry-run it does it, and prints what tenants/acme.toml has to say
  patchbay odoo setup … --write
                          writes tenants/acme.toml, where there is none yet
  PATCHBAY_ODOO_PASSWORD=… patchbay odoo setup --tenant acme
                          again, with what tenants/acme.toml says: after an update of Odoo, or when the URL has changed
  patchbay odoo setup --tenant acme --new-password --password-file admin-password
                          the technical user's key is lost, or is known to somebody

Each line begins with what became of the thing: `made`, `updated`, `as it was`; `to be made`, `to be updated` where nothing was
changed; `MISSING`, where somebody has to do something by hand; `note`.

Exit codes:
  0  done, or nothing to do
  1  something is missing, or Odoo refused
  2  the command line is wrong
  3  no Odoo answers at that address")]
pub(super) struct Setup {
    #[command(flatten)]
    place: Place,
    /// Change nothing; say what would be.
    #[arg(long)]
    dry_run: bool,
    /// Set a new password for the technical user, and write it into the key's file.
    #[arg(long)]
    new_password: bool,
    /// Write the tenant's file, where there is none yet.
    #[arg(long)]
    write: bool,
}

// === impl Setup ===

impl Setup {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let found = self.place.find(self.new_password)?;
        let mode = if self.dry_run { Mode::Look } else { Mode::Do };
        let report = told::run(&found, mode, self.place.json, out)?;
        let written = self.write && !self.dry_run && write(&found, &self.place.tenant, report.speech())?;
        let tables =
            Some(found.connection(report.speech()).tables()).filter(|_| !found.configured && !written);
        if self.place.json {
            out.json(&told::Told { report: &report, tables })?;
        } else {
            out.line(told::summary(&report))?;
            let file = found.file.display();
            if written {
                out.line(format!("{file} is written: the host takes it as soon as it has proved to work"))?;
            }
            if let Some(tables) = tables {
                out.line(format!(
                    "\n# {file} has to say, and its router to send something to `{}`:\n",
                    self.place.adapter
                ))?;
                out.text(&tables)?;
            }
        }
        if report.count(&[State::Missing]) == 0 { Ok(()) } else { Err(Failure::Found) }
    }
}

/// Writes the tenant's file; false where there is one already.
fn write(found: &Found, tenant: &str, transport: Option<Transport>) -> anyhow::Result<bool> {
    let server = found.loaded.host.registrations.first().map_or("localhost", |one| one.server_name.as_str());
    let text = odoo::tenant(&found.connection(transport), tenant, server);
    let cannot = || format!("cannot write {}", found.file.display());
    if let Some(dir) = found.file.parent() {
        std::fs::create_dir_all(dir).with_context(cannot)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&found.file) {
        Ok(mut file) => file.write_all(text.as_bytes()).with_context(cannot).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(cannot),
    }
}
