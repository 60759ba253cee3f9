//! What well-formed JSON may still be and no event can: nested without end, numbers that nobody can represent, text
//! that is no Unicode. One linear pass, no recursion, nothing allocated: ten thousand levels cost what they weigh.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Levels of objects and arrays that an event may have. Real ones have fewer than ten.
pub const MAX_DEPTH: usize = 100;
/// The largest event. The specification allows 65,536 bytes in canonical form; a homeserver adds its own to that.
pub const MAX_EVENT: usize = 1 << 20;

/// Why one event is set aside. None of these shows what the event says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A number, a string, a list.
    #[error("it is no JSON object")]
    NotAnObject,
    /// Two values for one name: which of them counts would be a guess.
    #[error("it has a field twice")]
    Twice,
    /// Larger than [`MAX_EVENT`].
    #[error("it is {0} bytes large; {MAX_EVENT} are allowed")]
    TooLarge(usize),
    /// Deeper than [`MAX_DEPTH`].
    #[error("it is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// Bytes that are no UTF-8. They were replaced by `?` so that the rest can be shown.
    #[error("it is no UTF-8")]
    NotUtf8,
    /// Half of a surrogate pair, written as an escape.
    #[error("it has half a character (a lone surrogate)")]
    LoneSurrogate,
    /// An integer beyond ±(2^53 − 1), which canonical JSON forbids, or a float beyond all range.
    #[error("it has a number that is out of range")]
    Number,
    /// A field that every event has.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field of another type, or one that makes no sense.
    #[error("`{field}` is no {wanted}")]
    Wrong {
        /// The field.
        field: &'static str,
        /// What belongs there.
        wanted: &'static str,
    },
}

/// Looks through JSON that has been parsed once, so that whoever parses it later succeeds.
///
/// # Errors
/// When it is nested too deeply, has a number out of range or half a surrogate pair.
pub(crate) fn check(json: &str) -> Result<(), Fault> {
    let mut rest = json.as_bytes();
    let mut depth = 0_usize;
    while let [first, tail @ ..] = rest {
        rest = match first {
            b'"' => after_string(tail)?,
            b'-' | b'0'..=b'9' => after_number(rest)?,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Fault::TooDeep);
                }
                tail
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                tail
            }
            _ => tail,
        };
    }
    Ok(())
}

/// The text of a JSON string, borrowed where it has no escapes; none for anything else.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The text of a JSON object; none for anything else.
pub(crate) fn object(raw: &RawValue) -> Option<&str> {
    Some(raw.get()).filter(|text| text.starts_with('{'))
}

fn after_string(mut rest: &[u8]) -> Result<&[u8], Fault> {
    loop {
        let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else { return Ok(&[]) };
        rest = match rest.get(at..).unwrap_or_default() {
            [b'\\', b'u', tail @ ..] => after_escape(tail)?,
            [b'\\', _, tail @ ..] => tail,
            [b'"', tail @ ..] => return Ok(tail),
            _ => return Ok(&[]),
        };
    }
}

/// Behind `\u`: four digits, and four more where they are the first half of a pair.
fn after_escape(rest: &[u8]) -> Result<&[u8], Fault> {
    let (unit, tail) = code_unit(rest).ok_or(Fault::LoneSurrogate)?;
    match (unit, tail) {
        (0xD800..=0xDBFF, [b'\\', b'u', second @ ..]) => match code_unit(second) {
            Some((0xDC00..=0xDFFF, tail)) => Ok(tail),
            _ => Err(Fault::LoneSurrogate),
        },
        (0xD800..=0xDFFF, _) => Err(Fault::LoneSurrogate),
        _ => Ok(tail),
    }
}

fn code_unit(rest: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, tail) = rest.split_at_checked(4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((unit, tail))
}

fn after_number(rest: &[u8]) -> Result<&[u8], Fault> {
    const LARGEST: u64 = (1 << 53) - 1;
    let number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let end = rest.iter().position(|byte| !number(byte)).unwrap_or(rest.len());
    let (token, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    let token = std::str::from_utf8(token).map_err(|_| Fault::Number)?;
    let in_range = if token.contains(['.', 'e', 'E']) {
        token.parse::<f64>().is_ok_and(f64::is_finite)
    } else {
        token.parse::<i64>().is_ok_and(|integer| integer.unsigned_abs() <= LARGEST)
    };
    if in_range { Ok(tail) } else { Err(Fault::Number) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn depth_is_counted_without_recursion_and_not_inside_strings() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(check(&nested(MAX_DEPTH + 1)), Err(Fault::TooDeep));
        assert_eq!(check(&nested(10_000)), Err(Fault::TooDeep));
        assert_eq!(check(&format!("{:?}", "[{".repeat(1000))), Ok(()));
        assert_eq!(check(r#"["\"[", "\\", "]"]"#), Ok(()));
        assert_eq!(check(&format!("[{}]", vec!["[]"; 1000].join(","))), Ok(()));
    }

    #[test]
    fn numbers_that_canonical_json_forbids_are_found() {
        for good in ["0", "-1", "9007199254740991", "-9007199254740991", "1.5", "1e10", "[1,2]"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in
            ["9007199254740992", "-9007199254740992", "99999999999999999999999", "1e999", "[{\"a\":-1e400}]"]
        {
            assert_eq!(check(bad), Err(Fault::Number), "{bad}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_found() {
        assert_eq!(check(r#""\ud83d\ude00 \u00e9 \\ud800""#), Ok(()));
        for bad in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#"{"\ud800":1}"#] {
            assert_eq!(check(bad), Err(Fault::LoneSurrogate), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_can_be_parsed_by_everyone(json in ".{0,200}|[\\[\\]{}\",:\\\\u0-9a-fdDeE.+-]{0,60}") {
            if serde_json::from_str::<&RawValue>(&json).is_ok() && check(&json).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
            }
        }

        #[test]
        fn nothing_panics(json in ".*") {
            let _ = check(&json);
        }
    }
}
