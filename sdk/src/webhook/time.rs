//! When a webhook says that it was signed.

use std::time::Duration;

use crate::types::Timestamp;

/// How a time is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    /// Unix time in seconds.
    Seconds,
    /// Unix time in milliseconds.
    Millis,
    /// RFC 3339, such as `2021-03-25T05:09:27Z`.
    Date,
}

// === impl Unit ===

impl Unit {
    pub(super) fn read(self, text: &str) -> Option<Timestamp> {
        match self {
            Self::Seconds => number(text)?.checked_mul(1000),
            Self::Millis => number(text),
            Self::Date => date(text),
        }
    }
}

/// Whether `at` is at most `window` from `now`, on either side.
pub(super) fn within(at: Timestamp, now: Timestamp, window: Duration) -> bool {
    u128::from(at.abs_diff(now)) <= window.as_millis()
}

/// Digits alone.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// As RFC 3339, 5.6 has it, from 1970 on; a fraction counts down to a millisecond.
fn date(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at_checked(zone)?;
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
    let fraction: String = fraction.chars().chain("00".chars()).take(3).collect();
    let whole = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !whole {
        return None;
    }
    let millis =
        (((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + number(&fraction)?;
    let east = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => return Some(millis),
        (sign, offset) => {
            let [hours, minutes] = fields(offset, ':', [2, 2])?;
            (sign == "+", (hours * 60 + minutes) * 60_000)
        }
    };
    match east {
        (true, offset) => millis.checked_sub(offset),
        (false, offset) => millis.checked_add(offset),
    }
}

/// Exactly these fields, each of so many digits.
fn fields<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u64; N]> {
    let (mut found, mut rest) = ([0; N], text.split(between));
    for (field, digits) in found.iter_mut().zip(digits) {
        *field = number(rest.next().filter(|text| text.len() == digits)?)?;
    }
    rest.next().is_none().then_some(found)
}

/// Days from 1 January 1970, in the Gregorian calendar. A year is taken to begin in March: then its leap day is its last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    before + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d <date> +%s%3N` says the same.
    #[test]
    fn a_date_is_the_same_moment_however_it_is_written() {
        for (text, wanted) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2021-03-25T05:09:27Z", 1_616_648_967_000),
            ("2024-02-29T23:59:59.25Z", 1_709_251_199_250),
            ("2024-03-01T00:00:00z", 1_709_251_200_000),
            ("2000-12-31 12:00:00+01:30", 978_258_600_000),
            ("2100-03-01T00:00:00-08:00", 4_107_571_200_000),
            ("2023-11-14T22:13:20.123456Z", 1_700_000_000_123),
        ] {
            assert_eq!(Unit::Date.read(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2021-03-25",
            "2021-03-25T05:09:27",
            "2021-3-25T05:09:27Z",
            "2021-13-25T05:09:27Z",
            "2021-03-25T24:09:27Z",
            "2021-03-25T05:09:27Zulu",
            "2021-03-25T05:09:27+1",
            "+021-03-25T05:09:27Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "2021-03-25T05:09:2\u{0663}Z",
        ] {
            assert_eq!(Unit::Date.read(text), None, "{text}");
        }
        for text in ["", "-1", "+1", "1.5", "18446744073709551615", " 1"] {
            assert_eq!(Unit::Seconds.read(text), None, "{text}");
        }
    }
}
