//! What a scenario found: figures, and the demands that were met or not.

use std::{fmt, fs, path::Path};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a scenario found.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Which scenario.
    pub scenario: String,
    /// Everything that was measured or counted.
    pub figures: Map<String, Value>,
    /// Each demand, and whether it was met.
    pub demands: Vec<Demand>,
}

/// Something that has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// In a sentence.
    pub what: String,
    /// Whether it holds.
    pub met: bool,
    /// What was found.
    pub found: String,
}

// === impl Outcome ===

impl Outcome {
    /// Nothing found yet.
    #[must_use]
    pub fn new(scenario: &str) -> Self {
        Self { scenario: scenario.to_owned(), figures: Map::new(), demands: Vec::new() }
    }

    /// Notes a figure.
    pub fn figure(&mut self, name: &str, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.figures.insert(name.to_owned(), value);
    }

    /// Notes a demand.
    pub fn demand(&mut self, what: &str, met: bool, found: impl fmt::Display) {
        self.demands.push(Demand { what: what.to_owned(), met, found: found.to_string() });
    }

    /// Whether every demand was met.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.demands.iter().all(|demand| demand.met)
    }

    /// Writes `<scenario>.json` into `dir`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, dir: &Path) -> anyhow::Result<()> {
        let path = dir.join(format!("{}.json", self.scenario));
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        fs::write(&path, serde_json::to_vec_pretty(self)?).with_context(|| path.display().to_string())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "== {} ==", self.scenario)?;
        for (name, value) in &self.figures {
            match value {
                Value::String(text) => writeln!(f, "  {name}: {text}")?,
                value => writeln!(f, "  {name}: {value}")?,
            }
        }
        for Demand { what, met, found } in &self.demands {
            let mark = if *met { "ok  " } else { "FAIL" };
            writeln!(f, "  {mark} {what}: {found}")?;
        }
        Ok(())
    }
}
