//! Both directions, judged by the two sides' logs.

use serde::Serialize;

use super::{
    customers,
    stage::{MODEL, Stage},
};
use crate::{
    journal::{self, DeskLine, SentEvent, SentReply},
    judge::{self, Verdict},
};

/// What one direction came to.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Way {
    pub(super) sent: usize,
    pub(super) lost: usize,
    pub(super) doubled: usize,
    pub(super) reordered: usize,
    pub(super) misplaced: usize,
    pub(super) invented: usize,
}

/// Both of them.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Both {
    pub(super) crashes: u32,
    /// From customers to Odoo.
    pub(super) into: Way,
    /// From agents to rooms.
    pub(super) out: Way,
    /// Tickets beyond the first of a room.
    pub(super) tickets_too_many: usize,
}

// === impl Way ===

impl Way {
    fn of(sent: usize, verdict: &Verdict) -> Self {
        Self {
            sent,
            lost: verdict.lost.len(),
            doubled: verdict.doubled.len(),
            reordered: verdict.reordered.len(),
            misplaced: verdict.misplaced.len(),
            invented: verdict.invented.len(),
        }
    }
}

/// What customers' messages became in Odoo, in the order in which Odoo shows them.
pub(super) fn lines(stage: &Stage) -> Vec<DeskLine> {
    let mut lines = Vec::new();
    for ticket in stage.odoo.records(MODEL) {
        let Some(id) = ticket.get("id").and_then(serde_json::Value::as_i64) else { continue };
        for message in stage.odoo.comments(MODEL, id) {
            let Some((number, words)) = customers::found_in(&message.body) else { continue };
            lines.push(DeskLine {
                id: u64::try_from(message.id).unwrap_or_default(),
                ticket: id.to_string(),
                room: stage.cast.rooms.get(number).map(|room| room.id.to_string()),
                event_id: Some(format!("${words}")),
                ..DeskLine::default()
            });
        }
    }
    lines.sort_by_key(|line| line.id);
    lines
}

/// Judges, and keeps all logs in the scenario's directory.
pub(super) fn judge(stage: &Stage, sent: &[SentEvent], replies: &[SentReply]) -> anyhow::Result<Both> {
    let (lines, sends) = (lines(stage), stage.client_api.sends());
    journal::write(&stage.dir.join("sent.ndjson"), sent)?;
    journal::write(&stage.dir.join("lines.ndjson"), &lines)?;
    journal::write(&stage.dir.join("replies.ndjson"), replies)?;
    journal::write(&stage.dir.join("sends.ndjson"), &sends)?;
    let into = Way::of(sent.len(), &judge::events(sent, &lines));
    let out = judge::replies(replies, &sends, |text| text.starts_with("agent-"));
    let rooms: std::collections::BTreeSet<_> = lines.iter().map(|line| &line.room).collect();
    let tickets: std::collections::BTreeSet<_> = lines.iter().map(|line| &line.ticket).collect();
    Ok(Both {
        crashes: 0,
        into,
        out: Way::of(replies.len(), &out),
        tickets_too_many: tickets.len().saturating_sub(rooms.len()),
    })
}
