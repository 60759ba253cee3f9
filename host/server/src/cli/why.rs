//! `patchbay why`: the story of one event.

mod story;

use clap::Args;
use serde_json::Value;

use self::story::Story;
use super::{client::Host, output::Output};
use crate::failure::Failure;

/// Tells what became of an event: each step's component, outcome, question and answer, and where it went.
///
/// It takes the identifier of a Matrix event (quote it: it begins with `$`), or of a piece of a CRM's news, such as the
/// one that `patchbay reply` prints.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  patchbay why '$H5U5VH0gyoYitqAsyRs7MNo8ExgKH1OSn0KpVJWmYZk'
  patchbay why '$H5U5…' --width 2000     longer excerpts of what was asked and answered
  patchbay why '$H5U5…' --json           all of it, exactly")]
pub(super) struct Why {
    /// The event.
    #[arg(value_name = "EVENT-ID")]
    event: String,
    /// Show so many characters of each question and answer.
    #[arg(long, value_name = "CHARACTERS", default_value_t = 160)]
    width: usize,
    #[command(flatten)]
    host: Host,
}

// === impl Why ===

impl Why {
    pub(super) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        let told: Value = self.host.client()?.get(&["events", &self.event, "why"]).send()?;
        if self.host.json {
            return Ok(out.json(&told)?);
        }
        let story: Story = serde_json::from_value(told)?;
        Ok(story.tell(&self.event, self.width, out)?)
    }
}
