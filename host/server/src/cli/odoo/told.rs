//! What `setup` and `check` print: a line for each thing as it is done, and how it stands in the end.

use serde::Serialize;

use super::super::output::Output;
use super::place::Found;
use crate::{
    failure::Failure,
    odoo::{self, Mode, Report, State, Step, Trouble},
};

/// The same, for programs.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    #[serde(flatten)]
    pub(super) report: &'a Report,
    /// What the tenant's file has to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tables: Option<String>,
}

/// Asks Odoo, with a line for each step unless `quiet`.
pub(super) fn run(found: &Found, mode: Mode, quiet: bool, out: &mut Output) -> Result<Report, Failure> {
    let mut written = Ok(());
    let mut told = |step: &Step| {
        if !quiet && written.is_ok() {
            written = out.line(line(step));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(odoo::run(&found.wanted, mode, &mut told)).map_err(failure)?;
    written?;
    Ok(report)
}

fn line(step: &Step) -> String {
    let word = step.state.word();
    match &step.detail {
        Some(detail) => format!("{word:<13}  {}: {detail}", step.what),
        None => format!("{word:<13}  {}", step.what),
    }
}

/// How it stands, in one sentence.
pub(super) fn summary(report: &Report) -> String {
    let counted = [
        (State::Made, "made"),
        (State::Updated, "updated"),
        (State::ToBeMade, "to be made"),
        (State::ToBeUpdated, "to be updated"),
        (State::Missing, "missing: see above for what to do by hand"),
    ];
    let said: Vec<_> = counted
        .iter()
        .map(|(state, word)| (report.count(&[*state]), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if said.is_empty() { "everything is as it has to be".to_owned() } else { said.join(", ") }
}

fn failure(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Unreachable { .. } => Failure::Unreachable(trouble.to_string()),
        trouble => Failure::Failed(trouble.into()),
    }
}
