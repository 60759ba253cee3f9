//! What goes wrong on request, before or after the thing itself was done.

use std::time::Duration;

/// Which requests to the client-server API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// `PUT` and so on; none: any.
    pub method: Option<&'static str>,
    /// What the path contains.
    pub path: String,
    /// How many of them, one after the other.
    pub times: u32,
}

/// What goes wrong. To cut an answer at a byte, see [`super::Cut`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status and no Matrix error, and not done.
    Status(u16),
    /// 429 as Synapse says it, with so many milliseconds to wait; not done.
    RateLimited(u64),
    /// A Matrix error; not done.
    Refused(u16, &'static str, &'static str),
    /// Done after this time.
    Slow(Duration),
    /// Never answered; done.
    Hang,
    /// Done, and the connection ends without an answer.
    DoneThenDropped,
    /// Not done, and the connection ends without an answer.
    Dropped,
}

// === impl On ===

impl On {
    /// The next request whose path contains this.
    #[must_use]
    pub fn path(path: impl Into<String>) -> Self {
        Self { method: None, path: path.into(), times: 1 }
    }

    /// So many of them.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Only with this method.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    pub(crate) fn fits(&self, method: &str, path: &str) -> bool {
        self.times > 0 && self.method.is_none_or(|wanted| wanted == method) && path.contains(&self.path)
    }
}
