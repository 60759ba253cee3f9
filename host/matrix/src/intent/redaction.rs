//! A redaction with more in its content than a reason. The request's body is the content (client-server API, "Redactions"),
//! but `ruma`'s own request has no place for it: this is that request, with another body.

use http::{HeaderValue, header::CONTENT_TYPE};
use ruma::api::{
    BytesBody, Metadata, OutgoingRequest, client::redact::redact_event::v3, error::IntoHttpError,
};

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Where, and what.
    pub(super) plain: v3::Request,
    /// The redaction's content, a JSON object.
    pub(super) content: Vec<u8>,
}

impl Metadata for Request {
    const METHOD: http::Method = v3::Request::METHOD;
    const RATE_LIMITED: bool = v3::Request::RATE_LIMITED;
    type Authentication = <v3::Request as Metadata>::Authentication;
    type PathBuilder = <v3::Request as Metadata>::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = v3::Request::PATH_BUILDER;
}

impl OutgoingRequest for Request {
    type Body = BytesBody;
    type EndpointError = <v3::Request as OutgoingRequest>::EndpointError;
    type IncomingResponse = v3::Response;

    fn try_into_http_request_inner(
        self,
        base_url: &str,
        path: <Self::PathBuilder as ruma::api::path_builder::PathBuilder>::Input<'_>,
    ) -> Result<http::Request<BytesBody>, IntoHttpError> {
        let (mut parts, _) = self.plain.try_into_http_request_inner(base_url, path)?.into_parts();
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(http::Request::from_parts(parts, BytesBody(self.content)))
    }
}
