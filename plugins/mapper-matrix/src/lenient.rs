//! Reading what anybody may have written: a field of the wrong type is a field that is not there, and takes nothing
//! else with it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// For `#[serde(default, deserialize_with = "lenient")]`.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// The whole content; what is no object is an empty one.
pub(crate) fn content<'de, T: Deserialize<'de> + Default>(json: &'de str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

/// A count, a size, pixels or milliseconds; some clients write them as floats.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum Count {
    Whole(u64),
    Float(f64),
}

// === impl Count ===

impl Count {
    pub(crate) fn as_u64(self) -> Option<u64> {
        match self {
            Self::Whole(n) => Some(n),
            // Above 2^53 a float is no count any more.
            Self::Float(n) => (0.0..9e15).contains(&n).then_some(n as u64),
        }
    }

    pub(crate) fn as_u32(self) -> Option<u32> {
        self.as_u64().and_then(|n| u32::try_from(n).ok())
    }
}
