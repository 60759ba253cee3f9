//! Judges what arrived by what was sent, and by nothing else: no word of the host counts.

pub mod verdict;

use std::collections::HashMap;

pub use verdict::{Finding, Verdict};

use crate::{
    journal::{DeskLine, MatrixSend, SentEvent, SentReply},
    traffic::Due,
};

/// One thing sent, reduced to what the judgement needs.
#[derive(Debug, Clone, Copy)]
pub struct Owed<'a> {
    /// What tells it from everything else.
    pub key: &'a str,
    /// Order holds within a lane.
    pub lane: &'a str,
    /// Its place in the lane.
    pub n: u64,
    /// What has to be there, if it was answered.
    pub due: Due,
    /// The target took responsibility for it.
    pub answered: bool,
}

/// One thing that arrived, in the target's order.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// See [`Owed::key`].
    pub key: &'a str,
    /// See [`Owed::lane`]; nothing if the target does not say.
    pub lane: Option<&'a str>,
}

/// Judges a desk's lines by the events that were sent. Lines that were not made of an event are left out.
#[must_use]
pub fn events(sent: &[SentEvent], lines: &[DeskLine]) -> Verdict {
    let owed = sent.iter().map(|event| Owed {
        key: &event.event_id,
        lane: &event.room,
        n: event.n,
        due: event.due,
        answered: event.answered_at.is_some(),
    });
    let seen = lines
        .iter()
        .filter_map(|line| Some(Seen { key: line.event_id.as_deref()?, lane: line.room.as_deref() }));
    judge(owed, seen)
}

/// Judges the homeserver's log by the replies that agents gave. Sends that are no reply of theirs, such as an automatic
/// answer, are left out: `ours` says which text is a reply's.
#[must_use]
pub fn replies(sent: &[SentReply], sends: &[MatrixSend], ours: impl Fn(&str) -> bool) -> Verdict {
    let owed = sent.iter().map(|reply| Owed {
        key: &reply.text,
        lane: &reply.room,
        n: reply.n,
        due: Due::Line,
        answered: reply.answered_at.is_some(),
    });
    let seen = sends.iter().filter_map(|send| {
        Some(Seen { key: send.text.as_deref().filter(|text| ours(text))?, lane: Some(&send.room) })
    });
    judge(owed, seen)
}

/// Compares the two sides.
fn judge<'a>(owed: impl Iterator<Item = Owed<'a>>, seen: impl Iterator<Item = Seen<'a>>) -> Verdict {
    let mut verdict = Verdict::default();
    let owed: HashMap<&str, Owed<'a>> = owed.map(|owed| (owed.key, owed)).collect();
    let mut times: HashMap<&str, u64> = HashMap::new();
    let mut last: HashMap<&str, Owed<'a>> = HashMap::new();
    for seen in seen {
        verdict.seen += 1;
        let Some(&known) = owed.get(seen.key).filter(|known| known.due != Due::Nothing) else {
            verdict.invented.push(Finding::new(
                seen.key,
                seen.lane.unwrap_or("?"),
                "nobody sent this to be shown",
            ));
            continue;
        };
        let count = times.entry(known.key).or_default();
        *count += 1;
        if *count > 1 {
            verdict.doubled.push(Finding::new(known.key, known.lane, format!("is there {count} times")));
            continue;
        }
        if seen.lane.is_some_and(|lane| lane != known.lane) {
            let lane = seen.lane.unwrap_or_default();
            verdict.misplaced.push(Finding::new(known.key, known.lane, format!("stands in {lane}")));
        }
        match last.get(known.lane) {
            Some(before) if before.n > known.n => {
                let what = format!("number {} comes behind number {}", known.n, before.n);
                verdict.reordered.push(Finding::new(known.key, known.lane, what));
            }
            _ => {
                last.insert(known.lane, known);
            }
        }
    }
    for known in owed.values() {
        verdict.sent += 1;
        verdict.answered += u64::from(known.answered);
        if known.answered && known.due == Due::Line && !times.contains_key(known.key) {
            verdict.lost.push(Finding::new(
                known.key,
                known.lane,
                format!("number {} was answered", known.n),
            ));
        }
    }
    verdict.lost.sort();
    verdict
}

#[cfg(test)]
mod tests;
