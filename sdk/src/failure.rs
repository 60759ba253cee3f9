//! Failures of an adapter: their kind tells the host what to do next.

use std::time::Duration;

use crate::{
    bindings::adapter::exports::patchbay::plugin::adapter::{Failure, FailureKind, Item, Written},
    desk::Unknown,
    secrets::NotSigned,
    store::NotKept,
};

// === impl Failure ===

impl Failure {
    /// Of any kind; `detail` is for the operator, and holds nothing that a customer said.
    #[must_use]
    pub fn of(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None, written: Vec::new() }
    }

    /// This ticket has to wait.
    #[must_use]
    pub fn busy(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::Busy, detail)
    }

    /// The whole connection has to wait.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::Unavailable, detail)
    }

    /// Credentials are wrong or expired.
    #[must_use]
    pub fn unauthorised(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::Unauthorised, detail)
    }

    /// It will never be accepted.
    #[must_use]
    pub fn rejected(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::Rejected, detail)
    }

    /// The ticket is gone.
    #[must_use]
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::Gone, detail)
    }

    /// A person is gone or merged.
    #[must_use]
    pub fn unknown_person(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::UnknownPerson, detail)
    }

    /// The host says it again as a plain post.
    #[must_use]
    pub fn unsupported(detail: impl Into<String>) -> Self {
        Self::of(FailureKind::Unsupported, detail)
    }

    /// Not again before `pause` has passed.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// `written` is done nevertheless: the host repeats the rest only.
    #[must_use]
    pub fn having(mut self, written: Vec<Written>) -> Self {
        self.written = written;
        self
    }
}

/// Writes item by item. Where one fails, the failure says which were written before it, so that the host repeats the
/// rest only.
///
/// # Errors
/// With the first failure of `write`.
pub fn write_each(
    items: Vec<Item>,
    mut write: impl FnMut(Item) -> Result<Written, Failure>,
) -> Result<Vec<Written>, Failure> {
    let mut written = Vec::with_capacity(items.len());
    for item in items {
        match write(item) {
            Ok(one) => written.push(one),
            Err(mut failure) => {
                written.append(&mut failure.written);
                return Err(failure.having(written));
            }
        }
    }
    Ok(written)
}

/// A ticket or a line that is not there: the ticket is gone.
impl From<Unknown> for Failure {
    fn from(unknown: Unknown) -> Self {
        Self::gone(match unknown {
            Unknown::Ticket(id) => format!("the desk has no ticket {id}"),
            Unknown::Line(id) => format!("the desk has no line {id}"),
        })
    }
}

/// The operator has to grant it.
impl From<NotSigned> for Failure {
    fn from(error: NotSigned) -> Self {
        Self::unauthorised(error.to_string())
    }
}

/// The operator has to grant it, or the plugin to keep less.
impl From<NotKept> for Failure {
    fn from(error: NotKept) -> Self {
        Self::unavailable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn a_failure_in_the_middle_tells_what_was_written_before_it() {
        let items = vec![sample::item("1", "a"), sample::item("2", "b"), sample::item("3", "c")];
        let failure = write_each(items, |item| match item.key.as_str() {
            "2" => Err(Failure::busy("later").after(Duration::from_secs(3))),
            _ => Ok(Written { key: item.key, parts: Vec::new() }),
        });
        let failure = failure.unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (FailureKind::Busy, Some(3000)));
        assert_eq!(failure.written.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["1"]);
    }
}
