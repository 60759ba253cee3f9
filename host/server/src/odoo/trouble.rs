//! What can go wrong between us and an Odoo, in words that its administrator understands.

use thiserror::Error;

/// Why it cannot go on. No variant holds a password or a key.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// Nothing listens, or it does not answer in time.
    #[error("no Odoo answers at {url} ({cause})")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What the network said.
        cause: String,
    },
    /// Something answers, and it is no Odoo.
    #[error(
        "what answers at {url} is no Odoo ({what}): the address is what the browser shows before `/web` or `/odoo`"
    )]
    NoOdoo {
        /// Where.
        url: String,
        /// What it said instead.
        what: String,
    },
    /// Whoever follows a redirect shows the password to whoever made it.
    #[error("{url} sends everybody on to {to}: name that address, nobody is followed with a password")]
    Moved {
        /// Where.
        url: String,
        /// Whereto.
        to: String,
    },
    /// Odoo does not tell a wrong password from a login that it does not know.
    #[error(
        "Odoo refuses the login `{login}` in the database `{database}`: its password or API key is another, the user is \
         archived, or there is none"
    )]
    Login {
        /// Who.
        login: String,
        /// Where.
        database: String,
    },
    /// Also where the server filters databases by the name that it is called by.
    #[error("there is no database `{database}` at {url} (`/web/database/selector` shows which there are)")]
    Database {
        /// Which.
        database: String,
        /// Where.
        url: String,
    },
    /// A right is missing.
    #[error("Odoo does not let `{login}` call {call}: {said}")]
    Forbidden {
        /// Who.
        login: String,
        /// Model and method.
        call: String,
        /// Odoo's own words, which name the groups that may.
        said: String,
    },
    /// The values are against Odoo's rules.
    #[error("Odoo refuses {call}: {said}")]
    Refused {
        /// Model and method.
        call: String,
        /// Odoo's own words.
        said: String,
    },
    /// Of this machine.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// What no release that we know answers.
    #[error("Odoo answered {call} with what this release does not understand: {what}")]
    Odd {
        /// Model and method.
        call: String,
        /// What it was.
        what: String,
    },
}

/// The first `limit` characters, on one line: what Odoo says goes on for pages.
pub(super) fn short(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    line.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}
