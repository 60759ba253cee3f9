//! `log`: a guest's lines go where the host's own go, named with whose they are. Their number and length are bounded;
//! what is too much is dropped and counted, for a talkative plugin is no faulty one.

use crate::{
    bounds::LOG_LINE,
    state::State,
    wit::patchbay::plugin::log::{Host, Level},
};

impl Host for State {
    fn write(&mut self, level: Level, mut message: String) -> wasmtime::Result<()> {
        if self.log_lines >= self.bounds.log_lines {
            self.dropped_lines = self.dropped_lines.saturating_add(1);
            return Ok(());
        }
        self.log_lines += 1;
        for secret in self.ports.hidden.iter().filter(|secret| !secret.is_empty()) {
            if message.contains(secret) {
                message = message.replace(secret, "***");
            }
        }
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(
                    target: "patchbay::guest",
                    tenant = %self.caller.tenant,
                    slot = %self.caller.slot,
                    digest = %self.digest.short(),
                    event = self.caller.about.as_deref(),
                    "{}",
                    printable(&message, LOG_LINE),
                )
            };
        }
        match level {
            Level::Trace => emit!(trace),
            Level::Debug => emit!(debug),
            Level::Info => emit!(info),
            Level::Warn => emit!(warn),
            Level::Error => emit!(error),
        }
        Ok(())
    }
}

/// The text, cut to about `most` bytes, with whatever could forge a line or turn its reading order escaped.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        if out.len() >= most {
            out.push('…');
            break;
        }
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_guest_cannot_forge_a_line() {
        assert_eq!(printable("one\nERROR two\u{1b}[2J\u{202e}", 100), "one\\nERROR two\\u{1b}[2J\\u{202e}");
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        assert_eq!(printable("їїїїї", 5), "їїї…");
    }
}
