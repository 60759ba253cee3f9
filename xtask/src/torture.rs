//! `cargo xtask torture`: builds the host, its plugins and the torture, and lets one try to break the other.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    guests,
    process::{cargo, execute, root, target},
};

/// What to try, and how hard.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to try; all of it, where nothing is named.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// How much of it: `full` is what the promises are held to, and takes the better part of an hour.
    #[arg(long, value_enum, default_value = "full")]
    counts: Counts,
}

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Every scenario.
    All,
    /// Components replaced under load.
    Swaps,
    /// `kill -9` under load.
    Kill,
    /// Hosts that break a promise on purpose: the checker has to notice.
    Sabotage,
    /// The host dies around each write and each step of what an adapter does outside.
    Crashes,
    /// Customers in Matrix, agents in an Odoo; the host dies, and both sides go up and down.
    Odoo,
    /// Guests that misbehave, beside a tenant that must not feel it.
    Evil,
    /// Captured transactions, repeated and shuffled.
    Replay,
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Counts {
    /// Enough to notice that something broke; with a debug build.
    Small,
    /// The full measure; with a release build.
    Full,
}

/// Runs the scenarios. Reports and logs are left in `target/torture`.
///
/// # Errors
/// When something does not build, or a demand is not met.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = if options.scenarios.is_empty() || options.scenarios.contains(&Scenario::All) {
        vec![
            Scenario::Swaps,
            Scenario::Kill,
            Scenario::Sabotage,
            Scenario::Crashes,
            Scenario::Odoo,
            Scenario::Evil,
            Scenario::Replay,
        ]
    } else {
        options.scenarios.clone()
    };
    guests::build(&[])?;
    let work = target().join("torture");
    let mut torture = std::process::Command::new(built(options.counts, "patchbay-torture"));
    // A host for development dies where it is told to; one that is built for speed has to be built for that too.
    let dying = [Scenario::Crashes, Scenario::Odoo].iter().any(|scenario| wanted.contains(scenario));
    let crashes = dying && options.counts == Counts::Full;
    if wanted.contains(&Scenario::Sabotage) || crashes {
        torture.arg("--sabotaged-host").arg(sabotaged(options.counts, &work)?);
    }
    if wanted.contains(&Scenario::Evil) {
        let evil = work.join("guests");
        write_corpus(&evil)?;
        torture.arg("--evil").arg(evil);
    }
    programs(options.counts)?;
    torture.current_dir(root()).arg("--host").arg(built(options.counts, "patchbay"));
    torture.arg("--components").arg(target().join("guests")).arg("--work").arg(work);
    torture.args(["--counts", options.counts.name()]).args(wanted.iter().map(|scenario| scenario.name()));
    execute(&mut torture)
}

// === impl Options ===

impl Options {
    /// What the test suite runs: small counts, and no second host to be built.
    pub(crate) fn small() -> Self {
        let scenarios = vec![
            Scenario::Swaps,
            Scenario::Kill,
            Scenario::Crashes,
            Scenario::Odoo,
            Scenario::Evil,
            Scenario::Replay,
        ];
        Self { scenarios, counts: Counts::Small }
    }
}

// === impl Scenario ===

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Swaps => "swaps",
            Self::Kill => "kill",
            Self::Sabotage => "sabotage",
            Self::Crashes => "crashes",
            Self::Odoo => "odoo",
            Self::Evil => "evil",
            Self::Replay => "replay",
        }
    }
}

// === impl Counts ===

impl Counts {
    fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Full => "full",
        }
    }
}

/// The host and the torture. With small counts exactly what the test suite has built already.
fn programs(counts: Counts) -> Result<()> {
    let arguments: &[&str] = match counts {
        Counts::Small => &["build", "--workspace", "--all-targets"],
        Counts::Full => {
            &["build", "--release", "--bins", "--package", "patchbay-server", "--package", "patchbay-benches"]
        }
    };
    execute(&mut cargo(arguments))
}

fn built(counts: Counts, program: &str) -> PathBuf {
    let profile = if counts == Counts::Full { "release" } else { "debug" };
    target().join(profile).join(program)
}

/// A host that breaks promises when it is told to: built with the feature, and put aside before it is built without.
fn sabotaged(counts: Counts, work: &std::path::Path) -> Result<PathBuf> {
    let mut build = cargo(&["build", "--package", "patchbay-server", "--features", "sabotage"]);
    if counts == Counts::Full {
        build.arg("--release");
    }
    execute(&mut build)?;
    std::fs::create_dir_all(work)?;
    let aside = work.join("patchbay-sabotaged");
    std::fs::copy(built(counts, "patchbay"), &aside)?;
    Ok(aside)
}

/// The evil guests, as components: the plugin runtime's own tests know how to make them.
fn write_corpus(dir: &std::path::Path) -> Result<()> {
    let arguments = ["test", "--workspace", "--test", "it", "--", "--ignored", "--exact"];
    execute(
        cargo(&arguments)
            .arg("corpus_files::the_corpus_is_written_as_components")
            .env("PATCHBAY_CORPUS", dir),
    )
}
