//! Sizes and times as a person writes them in a configuration file: `"64MiB"`, `"250ms"`, `"30d"`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes; written as a number, or with `KiB`, `MiB`, `GiB` (or `kB`, `MB`, `GB`) behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bytes(pub u64);

/// A length of time; written with `ms`, `s`, `m`, `h` or `d` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub Duration);

// === impl Bytes ===

impl Bytes {
    /// `n` MiB.
    #[must_use]
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let scale: u64 = match unit {
            "" | "B" => 1,
            "kB" => 1000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(scale).map(Self)
    }
}

// === impl Span ===

impl Span {
    /// `n` milliseconds.
    #[must_use]
    pub const fn millis(n: u64) -> Self {
        Self(Duration::from_millis(n))
    }

    /// `n` days.
    #[must_use]
    pub const fn days(n: u64) -> Self {
        Self(Duration::from_secs(n * 86_400))
    }

    /// The length in milliseconds.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let scale: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.checked_mul(scale).map(Self::millis)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.as_millis();
        for (scale, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")] {
            if millis >= scale && millis.is_multiple_of(scale) {
                return write!(f, "{}{unit}", millis / scale);
            }
        }
        write!(f, "{millis}ms")
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.0 >= 1 << shift && self.0.is_multiple_of(1 << shift) {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim()))
}

macro_rules! as_text {
    ($name:ident, $wanted:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($wanted)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$name, E> {
                        $name::parse(&number.to_string())
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$name, E> {
                        $name::parse(&number.to_string())
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
    };
}

as_text!(Bytes, "a size such as 65536 or \"64MiB\"");
as_text!(Span, "a time such as \"250ms\", \"5s\", \"10m\", \"12h\" or \"30d\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_as_written() {
        assert_eq!(Span::parse("250ms"), Some(Span::millis(250)));
        assert_eq!(Span::parse("30d"), Some(Span::days(30)));
        assert_eq!(Bytes::parse("64MiB"), Some(Bytes::mib(64)));
        assert_eq!(Bytes::parse("12"), Some(Bytes(12)));
        assert_eq!(Span::parse("12"), None);
        assert_eq!(Bytes::parse("-1"), None);
        assert_eq!(Bytes::parse("99999999999GiB"), None);
    }

    #[test]
    fn what_is_shown_can_be_read_back() {
        for text in ["250ms", "90s", "12h", "30d"] {
            assert_eq!(Span::parse(text).map(|span| span.to_string()).as_deref(), Some(text));
        }
    }
}
