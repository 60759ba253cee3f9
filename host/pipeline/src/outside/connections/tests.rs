//! Who is let through, and when.

use rand::{SeedableRng as _, rngs::StdRng};

use super::*;

fn key() -> Key {
    ("acme".into(), "crm".into())
}

fn enter(connections: &Connections, delivery: i64, now: Millis) -> Result<Pass<'_>, Millis> {
    connections.enter(&key(), 1, delivery, now)
}

/// A delivery that finds nobody there.
fn fails(pass: &Pass<'_>, now: Millis, asked: Option<u64>) -> Millis {
    match pass.is_down(now, asked, &mut StdRng::seed_from_u64(1)) {
        Found::Down(until) => until,
        Found::Alone(times) => panic!("alone, {times} times"),
    }
}

#[test]
fn after_a_pause_one_delivery_sees_whether_it_is_up_and_the_others_wait_for_it() {
    let connections = Connections::default();
    let until = fails(&enter(&connections, 1, 0).unwrap(), 0, None);
    assert!((1..=1000).contains(&until));
    assert_eq!(enter(&connections, 2, until - 1).unwrap_err(), until);
    let probe = enter(&connections, 2, until).unwrap();
    assert_eq!(enter(&connections, 3, until).unwrap_err(), until + ASK);
    assert_eq!(enter(&connections, 3, until + PROBE - 1).unwrap_err(), until + PROBE);
    assert_eq!(connections.look(&key(), 1, until), Err(until + ASK));
    assert!(probe.is_up());
    assert!(!probe.is_up());
    drop(probe);
    assert!(enter(&connections, 3, until).is_ok());
}

#[test]
fn a_probe_that_ends_and_tells_nothing_is_followed_by_another_one() {
    let connections = Connections::default();
    let until = fails(&enter(&connections, 1, 0).unwrap(), 0, None);
    drop(enter(&connections, 1, until).unwrap());
    assert_eq!(connections.look(&key(), 1, until), Err(until + UNTOLD));
    let probe = enter(&connections, 1, until + UNTOLD).unwrap();
    let again = fails(&probe, until + UNTOLD, None);
    drop(probe);
    assert_eq!(connections.look(&key(), 1, until + UNTOLD), Err(again), "what it told holds");
}

#[test]
fn those_that_failed_together_count_once_and_a_failed_probe_doubles_the_pause() {
    let connections = Connections::default();
    let together: Vec<_> = (0..50).map(|n| enter(&connections, n, 0).unwrap()).collect();
    let mut now = fails(&together[0], 0, None);
    for pass in &together[1..] {
        assert_eq!(fails(pass, 0, None), now);
    }
    let mut last = 0;
    for _ in 0..20 {
        let until = fails(&enter(&connections, 1, now).unwrap(), now, None);
        (last, now) = (until - now, until);
    }
    assert!((15 * 60 * 250..=15 * 60 * 1000).contains(&last), "{last}");
}

#[test]
fn what_the_other_side_asks_for_is_the_least_and_one_that_was_under_way_then_takes_nothing_back() {
    let connections = Connections::default();
    let (one, two, three) = (enter(&connections, 1, 0), enter(&connections, 2, 0), enter(&connections, 3, 0));
    assert_eq!(fails(&one.unwrap(), 0, Some(90_000)), 90_000);
    assert_eq!(fails(&two.unwrap(), 0, Some(120_000)), 120_000);
    assert!(!three.unwrap().is_up());
    assert_eq!(connections.look(&key(), 1, 0), Err(120_000));
}

#[test]
fn a_new_generation_is_tried_at_once_and_closes_what_the_old_one_opened() {
    let connections = Connections::default();
    let until = fails(&enter(&connections, 1, 0).unwrap(), 0, None);
    let new = connections.enter(&key(), 2, 1, 0).unwrap();
    assert!(connections.enter(&("acme".into(), "other".into()), 1, 1, 0).is_ok());
    assert_eq!(enter(&connections, 2, 0).unwrap_err(), until);
    assert!(new.is_up());
    assert!(enter(&connections, 2, 0).is_ok());
}

#[test]
fn a_delivery_that_fails_while_others_are_answered_opens_nothing() {
    let connections = Connections::default();
    let random = &mut StdRng::seed_from_u64(1);
    let until = fails(&enter(&connections, 1, 0).unwrap(), 0, None);
    assert!(enter(&connections, 2, until).unwrap().is_up());
    let alone = enter(&connections, 1, until).unwrap();
    assert_eq!(alone.is_down(until, None, random), Found::Alone(1));
    assert!(enter(&connections, 2, until).unwrap().probe.is_none(), "it is closed");
}

#[test]
fn where_there_are_no_others_the_adapter_tells_whether_anybody_is_there() {
    let connections = Connections::default();
    let mut now = fails(&enter(&connections, 1, 0).unwrap(), 0, None);
    let first = enter(&connections, 1, now).unwrap();
    assert!(!first.wants_probe(), "it may just be up again");
    now = fails(&first, now, None);
    let second = enter(&connections, 1, now).unwrap();
    assert!(second.wants_probe() && second.is_answered());
    assert_eq!(second.is_down(now, None, &mut StdRng::seed_from_u64(1)), Found::Alone(1));
    drop(second);
    assert!(enter(&connections, 2, now).unwrap().probe.is_none(), "nobody waits for this one");
    assert!(enter(&connections, 1, now).unwrap().wants_probe(), "and it goes on asking");
    assert!(!enter(&connections, 2, now).unwrap().wants_probe());
}

#[test]
fn a_clock_that_was_far_ahead_once_closes_nobody_out() {
    let (connections, year) = (Connections::default(), 365 * 86_400_000);
    let _ = fails(&enter(&connections, 1, year).unwrap(), year, None);
    assert!(enter(&connections, 1, 0).is_ok());
}
