//! What came back.

use serde::de::DeserializeOwned;

use super::{Error, Response};

// === impl Response ===

impl Response {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.as_str())
    }

    /// The body as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body read as JSON.
    ///
    /// # Errors
    /// [`Error::Unexpected`], with the place where it does not fit `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let source = || serde_json::Deserializer::from_slice(&self.body);
        // Keeping track of the place costs as much again as reading does: only what does not fit is read a second time.
        if let Ok(read) = T::deserialize(&mut source()) {
            return Ok(read);
        }
        serde_path_to_error::deserialize(&mut source()).map_err(|error| {
            let status = self.status;
            Error::Unexpected(format!(
                "the answer ({status}) is not what was expected at `{}`: {}",
                error.path(),
                error.inner()
            ))
        })
    }
}
