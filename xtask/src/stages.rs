//! The stages of a long task: each announced, timed, and listed at the end, so that a skipped one is not overlooked.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// What was done so far.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    done: Vec<(String, Outcome)>,
}

#[derive(Debug)]
enum Outcome {
    Passed(Duration),
    Skipped(String),
}

// === impl Stages ===

impl Stages {
    /// Runs one stage.
    ///
    /// # Errors
    /// With the stage's name, when the stage fails.
    pub(crate) fn run(&mut self, name: &str, stage: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        stage().with_context(|| format!("stage `{name}`, after {}", seconds(start.elapsed())))?;
        self.done.push((name.to_owned(), Outcome::Passed(start.elapsed())));
        Ok(())
    }

    /// Leaves one out, loudly.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        println!("\n== {name}\n!! SKIPPED: {why}");
        self.done.push((name.to_owned(), Outcome::Skipped(why.to_owned())));
    }

    /// Prints each stage with its time.
    pub(crate) fn summary(&self) {
        println!("\n== summary");
        let mut total = Duration::ZERO;
        for (name, outcome) in &self.done {
            match outcome {
                Outcome::Passed(time) => {
                    total += *time;
                    println!("   {:>8}  {name}", seconds(*time));
                }
                Outcome::Skipped(why) => println!("!! SKIPPED  {name}: {why}"),
            }
        }
        println!("   {:>8}  in all", seconds(total));
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
