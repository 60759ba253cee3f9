//! Business hours: the wall clock of a time zone, a week of intervals, and days on which nobody is there.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone as _, Timelike, Utc};
use chrono_tz::Tz;
use patchbay_sdk::prelude::*;

use crate::settings::HoursSettings;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// As many as anybody needs, and few enough to look through.
const HOLIDAYS: usize = 1000;

/// When somebody is there.
#[derive(Debug)]
pub(crate) struct Hours {
    zone: Tz,
    /// For each day from Monday: minutes from which, up to which.
    week: Option<[Vec<(u32, u32)>; 7]>,
    holidays: Vec<Holiday>,
}

#[derive(Debug, PartialEq)]
enum Holiday {
    Once(NaiveDate),
    Yearly { month: u32, day: u32 },
}

/// A moment on the tenant's wall clock.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) open: bool,
    pub(crate) holiday: bool,
    pub(crate) weekday: &'static str,
    pub(crate) date: String,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
}

// === impl Hours ===

impl Hours {
    /// Reads the settings; without any, it is always open, by UTC.
    pub(crate) fn build(settings: Option<&HoursSettings>, problems: &mut Vec<Problem>) -> Self {
        let mut hours = Self { zone: Tz::UTC, week: None, holidays: Vec::new() };
        let Some(settings) = settings else { return hours };
        match settings.time_zone.parse() {
            Ok(zone) => hours.zone = zone,
            Err(_) => {
                let message = format!("`{}` is no IANA time zone, such as `Europe/Kyiv`", settings.time_zone);
                problems.push(problem("/business-hours/time-zone", message));
            }
        }
        let mut week: [Vec<(u32, u32)>; 7] = Default::default();
        for (days, intervals) in &settings.week {
            let at = || format!("/business-hours/week/{days}");
            let Some(span) = week.get_mut(span(days).unwrap_or(7..8)) else {
                problems.push(problem(at(), "not `mon` … `sun`, nor a span of them such as `mon-fri`"));
                continue;
            };
            for (n, text) in intervals.iter().enumerate() {
                match interval(text) {
                    Some(interval) => span.iter_mut().for_each(|day| day.push(interval)),
                    None => {
                        let message = "not like `09:00-18:00`; past midnight is two intervals";
                        problems.push(problem(format!("{}/{n}", at()), message));
                    }
                }
            }
        }
        hours.week = Some(week);
        hours.read_holidays(&settings.holidays, problems);
        hours
    }

    /// What the wall clock shows then.
    pub(crate) fn at(&self, now: Timestamp) -> Local {
        let utc = i64::try_from(now)
            .ok()
            .and_then(DateTime::from_timestamp_millis)
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        let local = self.zone.from_utc_datetime(&utc.naive_utc());
        let date = local.date_naive();
        let day = local.weekday().num_days_from_monday() as usize;
        let minutes = local.hour() * 60 + local.minute();
        let holiday = self.holidays.iter().any(|holiday| holiday.is(date));
        let within = |week: &[Vec<(u32, u32)>; 7]| {
            let intervals = week.get(day).map(Vec::as_slice).unwrap_or_default();
            intervals.iter().any(|&(from, to)| (from..to).contains(&minutes))
        };
        Local {
            open: !holiday && self.week.as_ref().is_none_or(within),
            holiday,
            weekday: DAYS.get(day).copied().unwrap_or_default(),
            date: date.to_string(),
            hour: local.hour(),
            minute: local.minute(),
        }
    }

    fn read_holidays(&mut self, holidays: &[String], problems: &mut Vec<Problem>) {
        if holidays.len() > HOLIDAYS {
            problems.push(problem("/business-hours/holidays", format!("at most {HOLIDAYS}")));
            return;
        }
        for (n, text) in holidays.iter().enumerate() {
            match Holiday::parse(text) {
                Some(holiday) => self.holidays.push(holiday),
                None => {
                    let message = "neither a date `2026-12-24` nor a day of each year `12-24`";
                    problems.push(problem(format!("/business-hours/holidays/{n}"), message));
                }
            }
        }
    }
}

// === impl Holiday ===

impl Holiday {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self::Once(date));
        }
        let (month, day) = text.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        // A leap year, so that 29 February counts.
        NaiveDate::from_ymd_opt(2024, month, day).map(|_| Self::Yearly { month, day })
    }

    fn is(&self, date: NaiveDate) -> bool {
        match *self {
            Self::Once(once) => once == date,
            Self::Yearly { month, day } => (date.month(), date.day()) == (month, day),
        }
    }
}

fn span(days: &str) -> Option<std::ops::Range<usize>> {
    let index = |day: &str| DAYS.iter().position(|known| *known == day);
    let (from, to) = days.split_once('-').unwrap_or((days, days));
    let (from, to) = (index(from)?, index(to)?);
    (from <= to).then_some(from..to + 1)
}

fn interval(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < to).then_some((from, to))
}

fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}
