use patchbay_benches::{
    cast::{Cast, CastSize},
    homeserver::Target,
    judge::{self, Verdict},
    load::{self, Load, Mishaps, Plan},
    pace::Pace,
    stand_in::{Flaw, StandIn},
};
use tokio_util::sync::CancellationToken;

async fn run(flaw: Flaw, plan: impl FnOnce(&mut Plan)) -> (Load, Verdict) {
    let target = StandIn::start(([127, 0, 0, 1], 0).into(), flaw).await.unwrap();
    let size = CastSize { tenants: vec!["acme".into(), "globex".into()], rooms: 20, users: 40 };
    let mut wanted = Plan {
        target: Target { address: target.address, token: "hs".into() },
        cast: Cast::new(5, "load.example", &size),
        seed: 5,
        senders: 1,
        batch: 20,
        pace: Pace::Closed,
        events: Some(2000),
        stop: CancellationToken::new(),
        mishaps: Mishaps { retry_scale: 0.0005, restart_every: 7, repeat_every: 5, redact_waiting: true },
        client_api: None,
    };
    plan(&mut wanted);
    let load = load::run(&wanted).await.unwrap();
    let verdict = judge::events(&load.sent, &target.lines());
    (load, verdict)
}

#[tokio::test]
async fn a_target_that_keeps_each_event_once_and_in_order_is_clean() {
    let (load, verdict) = run(Flaw::None, |_| {}).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!((load.accepted(), load.transactions), (2000, 100));
    assert!(verdict.seen > 1800);
}

#[tokio::test]
async fn a_failed_transaction_comes_again_until_it_is_accepted() {
    let (load, verdict) = run(Flaw::Fails, |_| {}).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert!(load.retries > 20, "{}", load.retries);
    assert!(load.accepted() > 2000, "redactions of what waited follow");
}

#[tokio::test]
async fn loss_doubling_and_disorder_are_found() {
    let (_, verdict) = run(Flaw::Loses, |_| {}).await;
    assert!(!verdict.lost.is_empty() && verdict.doubled.is_empty(), "{verdict}");
    let (_, verdict) = run(Flaw::Doubles, |_| {}).await;
    assert!(!verdict.doubled.is_empty() && verdict.lost.is_empty(), "{verdict}");
    let (_, verdict) = run(Flaw::Reorders, |_| {}).await;
    assert!(!verdict.reordered.is_empty() && verdict.lost.is_empty(), "{verdict}");
}

#[tokio::test]
async fn several_senders_keep_to_rooms_of_their_own() {
    let (load, verdict) = run(Flaw::None, |plan| plan.senders = 4).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!(load.accepted(), 2000);
}

#[tokio::test]
async fn at_a_rate_the_wait_counts_from_the_moment_an_event_was_due() {
    let (load, verdict) = run(Flaw::None, |plan| plan.pace = Pace::Rate(20_000.0)).await;
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!(load.waits.quantiles().n, 2000);
    assert!(load.waits.quantiles().max >= load.answers.quantiles().p50);
}
