//! What goes back over the wire, and what backs it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use http_body_util::Full;
use serde_json::Value;

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) entry: Option<String>,
    /// The exception's name.
    pub(crate) error: Option<String>,
}

const NOT_FOUND: &str = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n";
const NO_DATABASE: &str = "<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>\n<p>Please verify the hostname, <a href=/web/login>login</a> and try again.</p>\n\n<!-- Alternatively, use the X-Odoo-Database header. -->\n";

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json; charset=utf-8".to_owned())],
            body: serde_json::to_vec(body).unwrap_or_default().into(),
            entry: None,
            error: None,
        }
    }

    pub(crate) fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.into(),
            entry: None,
            error: None,
        }
    }

    pub(crate) fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::text(status, "text/html; charset=utf-8", body)
    }

    /// The page of a server that has no such address.
    pub(crate) fn not_found() -> Self {
        Self::html(404, NOT_FOUND)
    }

    /// The page of 19 for a database that is not there or not named.
    pub(crate) fn no_database() -> Self {
        Self::html(404, NO_DATABASE)
    }

    /// What the double says when it does not know what a real server would.
    pub(crate) fn unbacked(what: &str) -> Self {
        Self::text(
            501,
            "text/plain; charset=utf-8",
            format!("No transcript shows what Odoo answers to this: {what}\n"),
        )
    }

    pub(crate) fn backed_by(mut self, entry: Option<String>) -> Self {
        self.entry = entry;
        self
    }

    pub(crate) fn failed(mut self, name: &str) -> Self {
        self.error = Some(name.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = http::StatusCode::from_u16(self.status).unwrap_or_default();
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
