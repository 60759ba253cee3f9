//! One HTTP exchange with Odoo: bounded in time and size, without redirects, without a proxy of the environment.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, header};
use serde_json::Value;

use super::trouble::{Trouble, short};

/// A new field or rule makes Odoo build its registry anew, which takes seconds.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Nothing that is asked here has a long answer.
const ANSWER: usize = 4 << 20;

/// Where Odoo is.
#[derive(Clone)]
pub(super) struct Wire {
    http: Client,
    base: Url,
}

/// What it answered.
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The body, where it is JSON.
    pub(super) json: Option<Value>,
}

// === impl Wire ===

impl Wire {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the machine has no usable TLS.
    pub(super) fn new(base: &Url) -> reqwest::Result<Self> {
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(TIMEOUT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, base: base.clone() })
    }

    /// The address, for messages: without a password in it.
    pub(super) fn at(&self) -> String {
        let mut url = self.base.clone();
        let _ = url.set_password(None);
        let _ = url.set_username("");
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// A request for a path below the address.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        self.http.request(method, url)
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// When there is none, it is too long, or it is a redirect.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        let lost = |error: reqwest::Error| {
            let error = anyhow::Error::from(error.without_url());
            Trouble::Unreachable { url: self.at(), cause: short(&error.root_cause().to_string(), 200) }
        };
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            return Err(Trouble::Moved { url: self.at(), to: short(to.unwrap_or("another address"), 200) });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > ANSWER {
                return Err(Trouble::NoOdoo { url: self.at(), what: "its answer has no end".to_owned() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, json: serde_json::from_slice(&body).ok() })
    }
}
