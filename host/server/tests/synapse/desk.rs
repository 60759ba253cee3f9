//! What an agent sees: the tickets of the embedded desk, as `patchbay tickets --json` tells them.

use serde_json::Value;

use crate::{host::Host, wait::until};

/// A ticket and what was said in it.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// As commands take it, such as `acme/D-1`.
    pub(crate) name: String,
    /// In order.
    pub(crate) lines: Vec<Value>,
}

// === impl Ticket ===

impl Ticket {
    /// The ticket in which all of these words are said, once they are.
    pub(crate) async fn with(host: &Host, words: &[&str]) -> Self {
        until(&format!("a ticket in which {words:?} are said"), async || {
            let tickets = Self::all(host).await?;
            let found = tickets.iter().position(|ticket| words.iter().all(|words| ticket.says(words) > 0));
            let seen = format!("there are {tickets:#?}");
            found.and_then(|at| tickets.into_iter().nth(at)).ok_or(seen)
        })
        .await
    }

    /// In how many lines these words are said.
    pub(crate) fn says(&self, words: &str) -> usize {
        self.texts().iter().filter(|text| text.contains(words)).count()
    }

    /// The words of all lines that have some.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line["text"].as_str()).collect()
    }

    /// The line in which these words are said.
    pub(crate) fn line(&self, words: &str) -> &Value {
        let said = |line: &&Value| line["text"].as_str().is_some_and(|text| text.contains(words));
        self.lines.iter().find(said).unwrap_or_else(|| panic!("nobody says `{words}` in {self:#?}"))
    }

    async fn all(host: &Host) -> Result<Vec<Self>, String> {
        let mut tickets = Vec::new();
        for head in list(&host.ask(&["tickets"]).await?, "tickets") {
            let name =
                [&head["tenant"], &head["ticket"]].map(|part| part.as_str().unwrap_or_default()).join("/");
            let shown = host.ask(&["tickets", "show", &name]).await?;
            tickets.push(Self { name, lines: list(&shown, "lines") });
        }
        Ok(tickets)
    }
}

fn list(of: &Value, key: &str) -> Vec<Value> {
    of[key].as_array().unwrap_or_else(|| panic!("no `{key}` in {of}")).clone()
}
