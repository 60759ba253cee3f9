//! `patchbay export`: an event, with all that is needed to ask its plugins again.

use std::path::PathBuf;

use clap::Args;
use patchbay_workbench::{Case, Exported, case_of, mask};

use super::{client::Host, output::Output};
use crate::failure::Failure;

/// Writes an event as a case: each step's input, settings, grants, what it asked of the host, and what it answered.
///
/// A case is asked again with `patchbay replay`, and is a test in a plugin's project. Secrets are never in it: requests
/// hold granted ones by name, and what else is one by the name of its field, header or parameter (a session's token, a
/// password) is `***`. People are, unless `--mask` replaces them: names, phones, mails and user IDs by pseudonyms, the
/// same one everywhere; what was said by text of the same length (`Xxxxx xx`), so that rules that look for words find
/// nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay export '$event' --out event.json
  patchbay export '$event' --mask --out cases/parked.json    a test, in a plugin's project
  patchbay export '$event' --with-components --out event.json    can be replayed anywhere
  patchbay export '$event' | jq '.steps[].function'")]
pub(super) struct Export {
    /// The Matrix event, or the piece of a CRM's news.
    #[arg(value_name = "EVENT-ID")]
    event: String,
    /// Replace people, and what they said.
    #[arg(long)]
    mask: bool,
    /// Put the components into it too.
    #[arg(long)]
    with_components: bool,
    /// This slot's steps alone, such as `router`.
    #[arg(long)]
    slot: Option<String>,
    /// This tenant's, where the event came to several.
    #[arg(long)]
    tenant: Option<String>,
    /// A new file, readable to you alone; else standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    host: Host,
}

/// Asks the running host for an event, as a case.
///
/// # Errors
/// When no host answers, or the event has no step that can be asked again.
pub(super) fn fetch(
    host: &Host,
    event: &str,
    tenant: Option<&str>,
    components: bool,
) -> Result<Case, Failure> {
    let client = host.client()?;
    let call = client.get(&["events", event, "export"]).query("tenant", tenant);
    let exported: Exported = call.query("components", components.then_some(true)).send()?;
    case_of(exported).map_err(|why| Failure::Failed(anyhow::anyhow!(why)))
}

// === impl Export ===

impl Export {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let mut case = fetch(&self.host, &self.event, self.tenant.as_deref(), self.with_components)?;
        if let Some(slot) = &self.slot {
            case.keep_slot(slot);
            if case.steps.is_empty() {
                return Err(Failure::Failed(anyhow::anyhow!("`{}` never came to `{slot}`", self.event)));
            }
        }
        if self.mask {
            case = mask(case);
        }
        let Some(path) = &self.out else { return Ok(out.text(&case.text())?) };
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            name.clone_into(&mut case.name);
        }
        case.write_new(path)?;
        out.line(format!("{}: {} steps of `{}`", path.display(), case.steps.len(), self.event))?;
        for step in &case.steps {
            if let Some(missing) = &step.missing {
                out.line(format!("  {} in {} cannot be asked again: {missing}", step.function, step.slot()))?;
            }
        }
        Ok(())
    }
}
