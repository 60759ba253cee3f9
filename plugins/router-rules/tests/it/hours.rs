//! When somebody is there.

use patchbay_sdk::prelude::*;

use crate::sample::{NOW, conversation, message, router};

const HOURS: &str = "
    [business-hours]
    time-zone = 'Europe/Kyiv'
    holidays = ['2026-12-31', '01-01']
    [business-hours.week]
    mon-fri = ['09:00-13:00', '14:00-18:00']
    sat = ['10:00-24:00']
    [[rules]]
    name = 'r'
    when = 'hours.open'
    labels = ['open']
    [[rules]]
    name = 'h'
    when = 'hours.holiday'
    labels = ['holiday']
";
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

#[test]
fn the_week_is_read_on_the_tenants_wall_clock() {
    let router = router(HOURS);
    let labels = |at: u64| {
        let mut talk = conversation();
        talk.labels.clear();
        router.decide(message("x"), talk, at).unwrap().labels
    };
    let open = |at: u64| labels(at) == ["open"];
    // 09:30 on a Friday, while it is 07:30 by UTC.
    assert!(open(NOW));
    assert!(!open(NOW - HOUR), "08:30");
    assert!(!open(NOW + 4 * HOUR), "13:30: lunch");
    assert!(open(NOW + 5 * HOUR), "14:30");
    assert!(!open(NOW + 9 * HOUR), "18:30");
    assert!(!open(NOW + DAY), "Saturday, 09:30");
    assert!(open(NOW + DAY + 14 * HOUR), "Saturday, 23:30");
    assert!(!open(NOW + 2 * DAY), "Sunday");
    assert!(!open(NOW + 41 * DAY) && labels(NOW + 41 * DAY) == ["holiday"], "31 December 2026");
    assert!(labels(NOW + 42 * DAY) == ["holiday"], "1 January 2027");
    // In July the clocks are an hour ahead: 08:30 by the winter's would be closed.
    assert!(open(NOW - 140 * DAY - HOUR), "3 July 2026, 09:30");
}

#[test]
fn any_moment_has_a_place_in_the_week() {
    let router = router(HOURS);
    for at in [0, u64::MAX, i64::MAX as u64] {
        router.decide(message("x"), conversation(), at).unwrap();
    }
}
