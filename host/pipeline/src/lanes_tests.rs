use super::*;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key(TenantId, u32);

impl LaneKey for Key {
    type Group = u32;

    fn tenant(&self) -> &TenantId {
        &self.0
    }

    fn group(&self) -> u32 {
        self.1 / 100
    }
}

fn key(tenant: &str, lane: u32) -> Key {
    Key(tenant.into(), lane)
}

fn lanes(limits: LaneLimits) -> Lanes<Key, i64> {
    Lanes::new(limits)
}

const LIMITS: LaneLimits = LaneLimits { window: 100, lane: 4, turn: 2, workers: 2, tenant_workers: 1 };

fn items(turn: Option<Turn<Key, i64>>) -> (Key, Vec<i64>) {
    match turn {
        Some(Turn { key, work: Work::Items(items) }) => (key, items),
        other => panic!("items were expected, not {other:?}"),
    }
}

#[test]
fn a_lane_is_worked_on_by_one_at_a_time_and_in_order() {
    let lanes = lanes(LaneLimits { tenant_workers: 2, ..LIMITS });
    for n in 1..=3 {
        lanes.push(key("a", 1), n, n);
    }
    let (lane, first) = items(lanes.try_next(0));
    assert_eq!(first, [1, 2]);
    assert!(lanes.try_next(0).is_none(), "the lane is at work");
    lanes.done(&lane);
    assert_eq!(items(lanes.try_next(0)).1, [3]);
}

#[test]
fn tenants_take_turns_whatever_one_of_them_piles_up() {
    let lanes = lanes(LaneLimits { workers: 1, ..LIMITS });
    for lane in 0..10 {
        lanes.push(key("loud", lane), 1, 1);
    }
    lanes.push(key("quiet", 0), 2, 2);
    let (first, _) = items(lanes.try_next(0));
    assert_eq!(first.0.as_str(), "loud");
    lanes.done(&first);
    assert_eq!(items(lanes.try_next(0)).0.0.as_str(), "quiet");
}

#[test]
fn a_tenant_at_its_share_leaves_the_worker_to_others() {
    let lanes = lanes(LIMITS);
    lanes.push(key("loud", 1), 1, 1);
    lanes.push(key("loud", 2), 2, 2);
    lanes.push(key("quiet", 1), 3, 3);
    let first = items(lanes.try_next(0)).0;
    let second = items(lanes.try_next(0)).0;
    assert_eq!((first.0.as_str(), second.0.as_str()), ("loud", "quiet"));
    assert!(lanes.try_next(0).is_none());
    lanes.done(&first);
    assert_eq!(items(lanes.try_next(0)).0, key("loud", 2));
}

#[test]
fn what_does_not_fit_comes_back_from_the_database_in_order() {
    let lanes = lanes(LIMITS);
    for n in 1..=6 {
        lanes.push(key("a", 1), n, n);
    }
    for expected in [[1, 2], [3, 4]] {
        let (lane, got) = items(lanes.try_next(0));
        assert_eq!(got, expected);
        lanes.done(&lane);
    }
    let Some(Turn { key: lane, work: Work::Refill { after: 4 } }) = lanes.try_next(0) else {
        panic!("it must ask for what it spilled");
    };
    lanes.push(lane.clone(), 7, 7);
    lanes.refill(&lane, 4, vec![(5, 5), (6, 6), (7, 7)], false);
    let (_, got) = items(lanes.try_next(0));
    assert_eq!(got, [5, 6]);
    lanes.done(&lane);
    assert_eq!(items(lanes.try_next(0)).1, [7]);
    lanes.done(&lane);
    // What was pushed while the database was read may have come too late for its answer: it is asked once more.
    assert!(matches!(lanes.try_next(0), Some(Turn { work: Work::Refill { after: 7 }, .. })));
    lanes.refill(&lane, 7, Vec::new(), false);
    assert!(lanes.try_next(0).is_none());
}

#[test]
fn a_held_lane_keeps_nothing_in_memory_and_holds_up_nobody() {
    let lanes = lanes(LaneLimits { window: 4, ..LIMITS });
    for n in 1..=3 {
        lanes.push(key("a", 1), n, n);
    }
    let (lane, _) = items(lanes.try_next(0));
    lanes.hold(&lane, 0, 1000);
    lanes.push(key("a", 1), 4, 4);
    lanes.push(key("a", 2), 5, 5);
    let (other, got) = items(lanes.try_next(999));
    assert_eq!((other.1, got), (2, vec![5]));
    lanes.done(&other);
    assert!(lanes.try_next(999).is_none());
    assert_eq!(lanes.lock().in_memory, 0);
    assert!(matches!(lanes.try_next(1000), Some(Turn { work: Work::Refill { after: 0 }, .. })));
}

#[test]
fn a_released_lane_goes_on_before_its_time() {
    let lanes = lanes(LIMITS);
    lanes.push(key("a", 1), 1, 1);
    let (lane, _) = items(lanes.try_next(0));
    lanes.hold(&lane, 0, 1000);
    lanes.release(|_| true);
    assert!(matches!(lanes.try_next(1), Some(Turn { work: Work::Refill { after: 0 }, .. })));
    lanes.done(&lane);
}

#[test]
fn an_item_read_twice_is_taken_once() {
    let lanes = lanes(LIMITS);
    lanes.push(key("a", 1), 1, 1);
    lanes.push(key("a", 1), 1, 1);
    assert_eq!(items(lanes.try_next(0)).1, [1]);
}

#[test]
fn an_item_that_was_overtaken_is_read_again_in_order() {
    let lanes = lanes(LIMITS);
    lanes.push(key("a", 1), 2, 2);
    lanes.push(key("a", 1), 1, 1);
    let Some(Turn { key: lane, work: Work::Refill { after: 0 } }) = lanes.try_next(0) else {
        panic!("it must look into the database");
    };
    lanes.refill(&lane, 0, vec![(1, 1), (2, 2)], false);
    assert_eq!(items(lanes.try_next(0)).1, [1, 2]);
}

#[test]
fn an_item_committed_while_the_database_is_read_is_not_lost() {
    let lanes = lanes(LIMITS);
    lanes.push(key("a", 1), 1, 1);
    let (lane, _) = items(lanes.try_next(0));
    lanes.hold(&lane, 0, 10);
    let Some(Turn { work: Work::Refill { after: 0 }, .. }) = lanes.try_next(10) else { panic!() };
    lanes.push(lane.clone(), 2, 2);
    lanes.refill(&lane, 0, vec![(1, 1)], false);
    assert_eq!(items(lanes.try_next(10)).1, [1]);
    lanes.done(&lane);
    assert!(matches!(lanes.try_next(10), Some(Turn { work: Work::Refill { after: 1 }, .. })));
}

#[test]
fn a_replay_during_an_outage_is_not_forgotten_by_the_hold() {
    let lanes = lanes(LIMITS);
    lanes.push(key("a", 1), 10, 10);
    let (lane, _) = items(lanes.try_next(0));
    lanes.rewind(lane.clone(), 4);
    lanes.hold(&lane, 9, 10);
    assert!(matches!(lanes.try_next(10), Some(Turn { work: Work::Refill { after: 4 }, .. })));
}

#[test]
fn a_full_window_spills_instead_of_stopping_everyone() {
    let lanes = lanes(LaneLimits { window: 2, ..LIMITS });
    for n in 1..=2 {
        lanes.push(key("loud", 1), n, n);
    }
    lanes.push(key("quiet", 1), 3, 3);
    let (loud, _) = items(lanes.try_next(0));
    let Some(Turn { key: quiet, work: Work::Refill { after: 2 } }) = lanes.try_next(0) else { panic!() };
    assert_eq!((loud.0.as_str(), quiet.0.as_str()), ("loud", "quiet"));
}

#[test]
fn a_group_at_its_limit_leaves_its_tenants_other_lanes_alone_and_goes_on_in_order() {
    let lanes = lanes(LaneLimits { workers: 10, tenant_workers: 10, ..LIMITS });
    lanes.limit_groups(HashMap::from([(1, 1)]));
    for (n, lane) in [(1, 101), (2, 102), (3, 103), (4, 7)] {
        lanes.push(key("a", lane), n, n);
    }
    let (first, _) = items(lanes.try_next(0));
    let (other, _) = items(lanes.try_next(0));
    assert_eq!((first.1, other.1), (101, 7));
    assert!(lanes.try_next(0).is_none(), "the group is full");
    lanes.done(&other);
    assert!(lanes.try_next(0).is_none(), "somebody else's end makes no room");
    lanes.hold(&first, 0, 50);
    let (second, _) = items(lanes.try_next(0));
    assert_eq!(second.1, 102);
    lanes.done(&second);
    let (third, _) = items(lanes.try_next(0));
    assert_eq!(third.1, 103);
    lanes.done(&third);
    assert_eq!(lanes.try_next(60).map(|turn| turn.key.1), Some(101));
    assert!(lanes.try_next(60).is_none());
}
