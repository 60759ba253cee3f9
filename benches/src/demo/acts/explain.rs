//! Everything can be asked why; and where to look next.

use super::super::{
    stage::{Stage, TENANT},
    tell::{heading, say},
};

/// Asks what became of one event.
///
/// # Errors
/// When nothing is known of it.
pub(in super::super) fn explain(stage: &Stage, event: &str) -> anyhow::Result<()> {
    heading("What became of one message, step by step");
    stage.operate(&["why", event, "--width", "96"])?;
    Ok(())
}

/// What there is to try and to read.
pub(in super::super) fn point_onward(stage: &Stage) {
    heading("Where to look next");
    let (program, dir) = (stage.program().display(), stage.setup.dir.display());
    say(format!("{program} tickets --config {dir}      also: plugins, why, parked, reply; each with --help"));
    say(format!("{dir}/tenants/{TENANT}/rules.toml      the rules; docs/rules.md says what they can"));
    say(format!("http://{}/metrics      what is counted", stage.setup.admin));
    say("wit/      the contract between host and components, to be read in five minutes");
    say("README.md, ARCHITECTURE.md, docs/flows/");
}
