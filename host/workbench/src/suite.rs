//! `plugin test`: a component is asked what each case of a directory asks of its world, and has to answer the same.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    case::{Answer, Case, Step},
    component::Component,
    error::WorkbenchError,
    judge::{Faults, is_same, judge, not_run},
    report::{CaseReport, Report, Verdict},
    sandbox::Sandbox,
};

/// The cases of a directory, by their files' names; or the one file.
///
/// # Errors
/// When it cannot be read, or holds no case.
pub fn files(at: &Path) -> Result<Vec<PathBuf>, WorkbenchError> {
    if at.is_file() {
        return Ok(vec![at.to_owned()]);
    }
    let entries = fs::read_dir(at).map_err(WorkbenchError::file(at))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    if files.is_empty() {
        let why = "there is no case (*.json) here: write one, or `patchbay export <event> --out <file>`";
        return Err(WorkbenchError::content(at, why));
    }
    Ok(files)
}

/// Asks `component` what each case asks of its world; of these alone that a case has for `slot`, where that is said.
#[must_use]
pub fn test(sandbox: &Sandbox, component: &Component, files: &[PathBuf], slot: Option<&str>) -> Report {
    let run = |path: &PathBuf| match Case::read(path) {
        Ok(mut case) => {
            let mut report = report(path, &case.name);
            run(sandbox, component, &mut case, slot, false, &mut report);
            report
        }
        Err(error) => unreadable(path, &error),
    };
    Report { cases: files.iter().map(run).collect() }
}

/// The same; what is answered otherwise is accepted, and written into the case's file. What cannot be accepted stays
/// different: a fault, an answer that is marked as unwanted, and whatever asks of the host what the case has no answer to.
///
/// # Errors
/// When a file cannot be written.
pub fn update(
    sandbox: &Sandbox,
    component: &Component,
    files: &[PathBuf],
    slot: Option<&str>,
) -> Result<Report, WorkbenchError> {
    let mut cases = Vec::new();
    for path in files {
        let mut case = match Case::read(path) {
            Ok(case) => case,
            Err(error) => {
                cases.push(unreadable(path, &error));
                continue;
            }
        };
        let mut report = report(path, &case.name);
        if run(sandbox, component, &mut case, slot, true, &mut report) {
            case.rewrite(path)?;
        }
        cases.push(report);
    }
    Ok(Report { cases })
}

/// Runs the steps of the component's world; answers whether the case was changed.
fn run(
    sandbox: &Sandbox,
    component: &Component,
    case: &mut Case,
    slot: Option<&str>,
    accept: bool,
    report: &mut CaseReport,
) -> bool {
    let own = own_steps(case, component, slot);
    let mut changed = false;
    for (step, own) in case.steps.iter_mut().zip(own) {
        if !own {
            report.steps.push(not_run(step, Verdict::Skipped, "another plugin's"));
            continue;
        }
        if let Some(missing) = &step.missing {
            let why = format!("{missing}; write what is missing into the case, and take `missing` away");
            report.steps.push(not_run(step, Verdict::Impossible, why));
            continue;
        }
        let ran = sandbox.run(step, component);
        let mut judged = judge(step, component.title(), &ran, Faults::Fail);
        let refused = step.unwanted && is_same(&step.answer, &ran.answer);
        let acceptable = !refused && !matches!(ran.answer, Answer::Fault(_) | Answer::Refused(_));
        if accept && judged.verdict == Verdict::Different && acceptable {
            match ran.renewed {
                Some(calls) => {
                    (step.answer, step.calls, step.unwanted) = (ran.answer, calls, false);
                    (judged.verdict, judged.note, changed) = (Verdict::Updated, None, true);
                }
                None => {
                    let why =
                        "it asks the host for what the case has no answer to: write that into `calls` first";
                    judged.note = Some(why.to_owned());
                }
            }
        }
        report.steps.push(judged);
    }
    changed
}

/// Which steps are this component's. An event can pass several adapters: those of another plugin are not asked of this
/// one, unless none is its own.
fn own_steps(case: &Case, component: &Component, slot: Option<&str>) -> Vec<bool> {
    let name = component.manifest.as_ref().map(|manifest| manifest.name.as_str());
    let fits = |step: &Step| {
        Some(step.function.world()) == component.world() && slot.is_none_or(|slot| slot == step.slot())
    };
    let named = |step: &Step| step.plugin.as_ref().map(|plugin| plugin.name.as_str()) == name;
    let by_name = case.steps.iter().any(|step| fits(step) && step.plugin.is_some() && named(step));
    let own = |step: &Step| fits(step) && (!by_name || named(step));
    case.steps.iter().map(own).collect()
}

fn report(path: &Path, name: &str) -> CaseReport {
    let file = Some(path.display().to_string());
    CaseReport { file, name: name.to_owned(), error: None, steps: Vec::new() }
}

fn unreadable(path: &Path, error: &WorkbenchError) -> CaseReport {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    CaseReport { error: Some(error.to_string()), ..report(path, &name) }
}
