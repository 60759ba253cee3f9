//! A figure beside its aim.

use std::fmt;

use serde::Serialize;

/// What is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// Shown for comparison.
    None,
}

/// A figure beside its aim.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// How much it is.
    pub found: f64,
    /// In what.
    pub unit: &'static str,
    /// What is aimed at.
    pub aim: Aim,
    /// Others disturbed it.
    pub noisy: bool,
}

// === impl Row ===

impl Row {
    /// A figure beside its aim.
    #[must_use]
    pub fn new(what: impl Into<String>, found: f64, unit: &'static str, aim: Aim, noisy: bool) -> Self {
        Self { what: what.into(), found, unit, aim, noisy }
    }

    /// Whether the aim was reached; nothing where there is none.
    #[must_use]
    pub fn reached(&self) -> Option<bool> {
        match self.aim {
            Aim::AtLeast(aim) => Some(self.found >= aim),
            Aim::AtMost(aim) => Some(self.found <= aim),
            Aim::None => None,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |n: f64| if n >= 100.0 { format!("{n:.0}") } else { format!("{n:.2}") };
        let aim = match self.aim {
            Aim::AtLeast(aim) => format!("≥ {}", number(aim)),
            Aim::AtMost(aim) => format!("≤ {}", number(aim)),
            Aim::None => String::new(),
        };
        let mark = match self.reached() {
            Some(true) => "reached",
            Some(false) => "MISSED",
            None => "",
        };
        let noisy = if self.noisy { " (disturbed)" } else { "" };
        let found = format!("{} {}", number(self.found), self.unit);
        write!(f, "{:<62} {found:>20}  {aim:>9}  {mark}{noisy}", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_reached_from_its_own_side() {
        let row = |found, aim| Row::new("x", found, "ms", aim, false).reached();
        assert_eq!(row(5.0, Aim::AtMost(5.0)), Some(true));
        assert_eq!(row(5.1, Aim::AtMost(5.0)), Some(false));
        assert_eq!(row(5.1, Aim::AtLeast(5.0)), Some(true));
        assert_eq!(row(5.1, Aim::None), None);
    }
}
