//! What a real Synapse once sent, twice.

use std::path::Path;

use anyhow::ensure;

use super::super::{
    captured,
    stage::Stage,
    tell::{heading, say},
};

/// Plays the captured transactions twice and shows the tickets that came of them.
///
/// # Errors
/// When one is not accepted, or the second time changes something.
pub(in super::super) async fn replay(stage: &mut Stage, captures: &Path) -> anyhow::Result<()> {
    heading("What a real Synapse once sent");
    let captured = captured::read(captures)?;
    let events: usize = captured.iter().map(|transaction| transaction.events).sum();
    let mut lines = Vec::new();
    for time in ["first", "second"] {
        for transaction in &captured {
            stage.deliver(&transaction.path, transaction.body.clone()).await?;
        }
        stage.desk.read_until_quiet().await?;
        let now = stage.desk.lines().len();
        let (count, file) = (captured.len(), captures.file_name().unwrap_or_default().display());
        say(format!(
            "{count} transactions of {file}, the {time} time: {events} events in, {now} lines on the desk"
        ));
        lines.push(now);
    }
    ensure!(lines.first() == lines.last(), "the second time made other lines than the first: {lines:?}");
    ensure!(lines.first() != Some(&0), "nothing arrived on the desk; the host's log says why");
    say("Each event is stored once, however often it comes. The desk is one of three components:");
    stage.operate(&["tickets"])?;
    Ok(())
}
