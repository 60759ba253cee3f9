//! A CRM's news as what is done in the room.

mod content;
mod send;

use patchbay_sdk::prelude::*;

use self::send::{notice, said};
use crate::settings::Notices;

/// What is done for `update`, in order; nothing at all is a fine answer.
///
/// # Errors
/// When the news is an opening: a room is planned, not told.
pub(crate) fn actions(notices: &Notices, update: Update) -> Result<Vec<Action>, String> {
    Ok(match update.news {
        News::Opening(_) => return Err("an opening goes to plan-room".to_owned()),
        News::Message(message) => said(message),
        // Agents talk there, and nobody else reads it.
        News::Note(note) if update.room.audience == Audience::Staff => said(note),
        News::Note(_) => Vec::new(),
        News::Changed(changes) => changes
            .changes
            .iter()
            .filter_map(|change| notices.of(change))
            .map(|text| notice(&text, &[]))
            .collect(),
        News::Report(Report { target, progress: Progress::Failed, detail }) => {
            notices.undelivered(detail.as_deref()).map(|text| notice(&text, &target)).into_iter().collect()
        }
        News::Report(_) => Vec::new(),
        News::Signal(signal) => short_lived(signal).into_iter().collect(),
        News::Other(other) => other.plain.map(|plain| notice(&plain, &[])).into_iter().collect(),
    })
}

fn short_lived(signal: Signal) -> Option<Action> {
    let author = send::speaker(signal.by);
    Some(match signal.kind {
        SignalKind::Typing => Action::Typing(Typing { author, active: true }),
        SignalKind::StoppedTyping => Action::Typing(Typing { author, active: false }),
        SignalKind::Read => {
            Action::MarkRead(MarkRead { author, event_id: signal.target.into_iter().next_back()? })
        }
    })
}
