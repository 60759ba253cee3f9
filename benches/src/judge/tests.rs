use super::*;
use crate::traffic::Kind;

fn sent(key: &str, room: &str, n: u64) -> SentEvent {
    SentEvent {
        event_id: key.to_owned(),
        room: room.to_owned(),
        tenant: "acme".to_owned(),
        n,
        kind: Kind::Text,
        due: Due::Line,
        txn: 1,
        sent_at: 1,
        answered_at: Some(2),
    }
}

fn line(key: &str, room: &str) -> DeskLine {
    DeskLine { event_id: Some(key.to_owned()), room: Some(room.to_owned()), ..DeskLine::default() }
}

fn keys(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.key.as_str()).collect()
}

#[test]
fn each_once_and_in_order_is_clean() {
    let log = [sent("$1", "!a", 1), sent("$2", "!a", 2), sent("$3", "!b", 1)];
    assert!(events(&log, &[line("$3", "!b"), line("$1", "!a"), line("$2", "!a")]).is_clean());
}

#[test]
fn what_was_answered_and_is_not_there_is_lost() {
    let mut log = [sent("$1", "!a", 1), sent("$2", "!a", 2), sent("$3", "!a", 3)];
    log[1].answered_at = None;
    log[2].due = Due::Maybe;
    let verdict = events(&log, &[]);
    assert_eq!(keys(&verdict.lost), ["$1"]);
    assert!(!verdict.is_clean());
}

#[test]
fn what_was_not_answered_may_be_there_once() {
    let mut log = [sent("$1", "!a", 1)];
    log[0].answered_at = None;
    assert!(events(&log, &[line("$1", "!a")]).is_clean());
    assert_eq!(keys(&events(&log, &[line("$1", "!a"), line("$1", "!a")]).doubled), ["$1"]);
}

#[test]
fn order_holds_within_a_room_and_not_between_rooms() {
    let log = [sent("$1", "!a", 1), sent("$2", "!a", 2), sent("$3", "!b", 1), sent("$4", "!a", 3)];
    let verdict = events(&log, &[line("$2", "!a"), line("$1", "!a"), line("$4", "!a"), line("$3", "!b")]);
    assert_eq!(keys(&verdict.reordered), ["$1"]);
}

#[test]
fn what_nobody_sent_and_our_own_echo_are_invented() {
    let mut log = [sent("$1", "!a", 1)];
    log[0].due = Due::Nothing;
    assert_eq!(keys(&events(&log, &[line("$1", "!a"), line("$x", "!a")]).invented), ["$1", "$x"]);
}

#[test]
fn a_line_in_another_room_is_misplaced() {
    assert_eq!(keys(&events(&[sent("$1", "!a", 1)], &[line("$1", "!b")]).misplaced), ["$1"]);
}

#[test]
fn a_line_that_was_not_said_in_matrix_is_left_out() {
    let note = DeskLine { text: Some("an agent's note".to_owned()), ..DeskLine::default() };
    assert!(events(&[], &[note]).is_clean());
}

#[test]
fn a_reply_that_people_see_twice_is_doubled() {
    let reply = |text: &str, n| SentReply { text: text.into(), room: "!a".into(), n, answered_at: Some(1) };
    let send = |text: &str| MatrixSend {
        event_id: "$e".into(),
        room: "!a".into(),
        sender: "@g:x".into(),
        event_type: "m.room.message".into(),
        text: Some(text.into()),
        at: 1,
    };
    let sends = [send("r1"), send("r1"), send("welcome!")];
    let verdict = replies(&[reply("r1", 1), reply("r2", 2)], &sends, |text| text.starts_with('r'));
    assert_eq!((keys(&verdict.doubled), keys(&verdict.lost)), (vec!["r1"], vec!["r2"]));
    assert!(verdict.invented.is_empty());
}
