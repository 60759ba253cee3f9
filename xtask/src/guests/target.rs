//! The compiler's WebAssembly target, added when it is missing.

use std::{path::Path, process::Command};

use anyhow::{Context as _, bail, ensure};

/// Nothing of an operating system: a guest then imports nothing but the contract.
pub(crate) const NAME: &str = "wasm32-unknown-unknown";

/// Adds the target with rustup where the compiler does not have it.
///
/// # Errors
/// When it is missing and cannot be added, with what to do by hand.
#[expect(clippy::print_stderr, reason = "a download should not start silently")]
pub(crate) fn ensure() -> anyhow::Result<()> {
    if installed()? {
        return Ok(());
    }
    eprintln!("adding the target {NAME}");
    let advice = format!(
        "the Rust target {NAME} is missing: `rustup target add {NAME}`, or install the package of your system that \
         brings Rust's standard library for it"
    );
    match Command::new("rustup").args(["target", "add", NAME]).status() {
        Ok(status) if status.success() => ensure!(installed()?, advice),
        Ok(_) | Err(_) => bail!(advice),
    }
    Ok(())
}

/// Looks into the sysroot, since not every compiler came by rustup.
fn installed() -> anyhow::Result<bool> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().context("rustc")?;
    ensure!(output.status.success(), "rustc --print sysroot: {}", String::from_utf8_lossy(&output.stderr));
    let sysroot = String::from_utf8(output.stdout).context("rustc --print sysroot")?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(NAME).join("lib").is_dir())
}
