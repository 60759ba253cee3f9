//! How the demo talks.
#![expect(clippy::print_stdout, reason = "the demo is there to be read")]

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};

/// Lines of another program's output beyond this are counted.
const SHOWN: usize = 16;

/// A new act.
pub(super) fn heading(text: &str) {
    println!("\n\x1b[1m== {text}\x1b[0m");
}

/// One sentence.
pub(super) fn say(text: impl AsRef<str>) {
    println!("   {}", text.as_ref());
}

/// Runs a `patchbay` command as an operator would, and shows both the command and what it prints.
///
/// # Errors
/// When the command fails.
pub(super) fn operate(program: &Path, directory: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let quoted = |text: &&str| {
        if text.chars().all(|c| c.is_ascii_alphanumeric() || "-/_.".contains(c)) {
            (*text).to_owned()
        } else {
            format!("'{text}'")
        }
    };
    let line = arguments.iter().map(quoted).collect::<Vec<_>>().join(" ");
    println!("   $ patchbay {line}");
    let mut command = Command::new(program);
    let output = command.args(arguments).env("PATCHBAY_CONFIG", directory).output().context("patchbay")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`patchbay {line}` ended with {}: {complaint}", output.status);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in text.lines().take(SHOWN) {
        println!("     {line}");
    }
    match text.lines().count().saturating_sub(SHOWN) {
        0 => {}
        more => println!("     … {more} more lines"),
    }
    Ok(text)
}
