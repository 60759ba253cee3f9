//! `patchbay registration`: the file that the homeserver has to be given.

use anyhow::anyhow;
use clap::Args;
use patchbay_types::config::RegistrationConfig;

use super::{Directory, output::Output};
use crate::{config::Loaded, failure::Failure, secrets::Tokens};

/// Prints the registration file for the homeserver, as YAML.
///
/// It holds both tokens: let only the homeserver read it. Synapse takes it in `app_service_config_files`, and needs a
/// restart to notice a change.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay registration > registration.yaml           the only one there is
  patchbay registration acme --config /etc/patchbay   one of several")]
pub(super) struct Registration {
    /// The registration's `id`; may be left out where there is but one.
    #[arg(value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    directory: Directory,
}

// === impl Registration ===

impl Registration {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let loaded = Loaded::read(&self.directory.config)?;
        let registration = self.pick(&loaded.host.registrations)?;
        let tokens = Tokens::of(registration, &loaded.dir)?;
        let yaml = patchbay_matrix::registration::yaml(
            registration,
            tokens.as_token.expose(),
            tokens.hs_token.expose(),
        )
        .map_err(|error| anyhow!("{}: {error}", loaded.file().display()))?;
        Ok(out.text(&yaml)?)
    }

    fn pick<'a>(&self, all: &'a [RegistrationConfig]) -> Result<&'a RegistrationConfig, Failure> {
        let known = || all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(", ");
        match (&self.id, all) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Failure::Usage(format!("which registration? There are: {}", known()))),
            (Some(id), _) => all.iter().find(|one| one.id.as_str() == id).ok_or_else(|| {
                Failure::Failed(anyhow!("there is no registration `{id}`; there are: {}", known()))
            }),
        }
    }
}
