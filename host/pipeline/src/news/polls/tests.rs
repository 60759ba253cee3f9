use rand::{SeedableRng as _, rngs::StdRng};

use super::*;

const MINUTE: Millis = 60_000;
const START: Millis = 1_000_000_000_000;

fn key() -> Key {
    ("acme".into(), "crm".into())
}

fn random() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// One CRM, asked so often from [`START`] on.
fn polls(every: Millis) -> Polls {
    let polls = Polls::default();
    polls.lock().polls.insert(key(), Poll::new(-1, (1, every), START, START));
    polls
}

fn is_due(polls: &Polls, now: Millis) -> bool {
    polls.is_due(&key(), now, &Connections::default())
}

/// Asks at this time, and is answered at once.
fn answer(polls: &Polls, now: Millis, more: bool, again_at: Option<Millis>) {
    assert!(is_due(polls, now) && polls.begin(&key(), now).is_some());
    assert!(!is_due(polls, now), "one is under way");
    polls.answered(&key(), now, (1, more, again_at), &mut random());
}

#[test]
fn the_next_poll_comes_an_interval_later_give_or_take_a_tenth() {
    let polls = polls(MINUTE);
    answer(&polls, START, false, None);
    assert!(!is_due(&polls, START + MINUTE * 9 / 10 - 1));
    assert!(is_due(&polls, START + MINUTE * 11 / 10));
}

#[test]
fn hints_are_taken_at_once_and_many_of_them_are_one() {
    let polls = polls(MINUTE);
    answer(&polls, START, false, None);
    for _ in 0..100 {
        assert_eq!(polls.hint(&key()), Hint::Taken);
    }
    assert!(!is_due(&polls, START + GAP - 1) && is_due(&polls, START + GAP));
    answer(&polls, START + GAP, false, None);
    assert!(!is_due(&polls, START + 2 * GAP));
}

#[test]
fn an_adapter_is_woken_when_it_wants_to_be_if_that_is_sooner() {
    let polls = polls(MINUTE);
    answer(&polls, START, false, Some(START + 5_000));
    assert!(!is_due(&polls, START + 4_999) && is_due(&polls, START + 5_000));
    answer(&polls, START + 5_000, false, Some(0));
    assert!(!is_due(&polls, START + 5_000 + GAP - 1), "in the past it is no tight loop");
    answer(&polls, START + 5_000 + GAP, false, Some(START + 10 * MINUTE));
    assert!(is_due(&polls, START + 2 * MINUTE), "later than the interval says nothing");
}

#[test]
fn pages_follow_at_once_but_not_without_end() {
    let polls = polls(MINUTE);
    for _ in 0..PAGES {
        answer(&polls, START, true, None);
    }
    assert!(!is_due(&polls, START) && is_due(&polls, START + 2 * MINUTE));
}

#[test]
fn what_fails_is_not_hastened_by_a_hint_and_a_new_generation_begins_anew() {
    let polls = polls(MINUTE);
    let _ = polls.begin(&key(), START);
    polls.failed(&key(), START, (START + 5 * MINUTE, false), "busy".into());
    assert_eq!(polls.hint(&key()), Hint::Taken);
    assert!(!is_due(&polls, START + 5 * MINUTE - 1) && is_due(&polls, START + 5 * MINUTE));
    assert_eq!((polls.list()[0].failures, polls.list()[0].last_good), (1, None));
    polls.lock().polls.get_mut(&key()).unwrap().renew(2, MINUTE, START + 1);
    assert!(is_due(&polls, START + 1));
}

#[test]
fn what_its_connection_holds_goes_on_when_somebody_is_answered() {
    let (polls, connections) = (polls(MINUTE), Connections::default());
    let pass = connections.enter(&key(), 1, -1, START).unwrap();
    let crate::outside::Found::Down(until) = pass.is_down(START, Some(MINUTE), &mut random()) else {
        panic!()
    };
    let _ = polls.begin(&key(), START);
    polls.failed(&key(), START, (until, true), "down".into());
    assert!(!polls.is_due(&key(), until, &connections), "deliveries look first");
    assert!(polls.is_due(&key(), until + AFTER_OTHERS, &connections));
    let probe = connections.enter(&key(), 1, 7, until).unwrap();
    assert!(probe.is_up() && polls.is_due(&key(), until, &connections));
}

#[test]
fn zero_is_never_and_so_is_an_adapter_that_does_not_do_it() {
    let off = polls(0);
    assert_eq!(
        (off.hint(&key()), is_due(&off, START + MINUTE), off.next_in(START)),
        (Hint::Off, false, None)
    );
    let polls = polls(MINUTE);
    polls.unsupported(&key(), START, "unsupported".into());
    assert!(!is_due(&polls, START + MINUTE) && polls.hint(&key()) == Hint::Off);
    assert_eq!(polls.hint(&("acme".into(), "other".into())), Hint::Deaf);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_interval() {
    let polls = polls(MINUTE);
    answer(&polls, START, false, None);
    let earlier = START - 60 * MINUTE;
    polls.look_again(earlier);
    assert!(is_due(&polls, earlier + MINUTE));
}
