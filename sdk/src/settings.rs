//! Settings: JSON text of the tenant, read into the plugin's own type.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::Problem;

/// One thing that is wrong in the settings. `at` is a JSON Pointer into them; empty: all of them.
pub fn problem(at: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem { at: at.into(), message: message.into() }
}

/// One problem is a list of one, so that `?` takes either.
impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}

/// Reads `json` into `T`.
///
/// # Errors
/// With the place of the first thing that does not fit. No settings at all (`""`) count as `{}`.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    let json = if json.trim().is_empty() { "{}" } else { json };
    let mut source = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut source)
        .map_err(|error| problem(pointer(error.path()), sentence(&error.into_inner())))
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

/// The settings may have been written as TOML, so a line and column in their JSON form would only mislead.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[serde(default)]
        rules: Vec<BTreeMap<String, u8>>,
    }

    #[test]
    fn what_does_not_fit_is_named_by_a_json_pointer() {
        let problem = read::<Settings>(r#"{"rules":[{}, {"a/b~c":"x"}]}"#).unwrap_err();
        assert_eq!(problem.at, "/rules/1/a~1b~0c");
        assert!(!problem.message.contains("line"), "{problem:?}");
        assert!(read::<Settings>(r#"{"rulez":[]}"#).unwrap_err().message.contains("rulez"));
    }

    #[test]
    fn no_settings_are_empty_settings() {
        assert_eq!(read::<Settings>("").unwrap().rules.len(), 0);
    }
}
