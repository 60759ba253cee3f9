//! An answer, read within its bound.

use std::error::Error;

use http::header::CONTENT_ENCODING;

use crate::request::Response;

/// Why there is no whole answer.
pub(crate) enum Broken {
    /// It is larger than this bound.
    TooLarge(u64),
    /// It ended early or was no proper answer.
    Cut(String),
}

/// What an answer says before its body, which is left empty.
pub(crate) fn head(answer: &reqwest::Response) -> Response {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers =
        answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Response { status: answer.status().as_u16(), headers, body: Vec::new(), unread: None }
}

/// The answer's whole body, decompressed. `searched`: it has to be in a form that can be searched for secrets.
pub(crate) async fn body(
    mut answer: reqwest::Response,
    bound: u64,
    searched: bool,
) -> Result<Vec<u8>, Broken> {
    if answer.content_length().is_some_and(|length| length > bound) {
        return Err(Broken::TooLarge(bound));
    }
    let mut body = Vec::new();
    while let Some(chunk) = chunk(&mut answer).await? {
        if body.len() as u64 + chunk.len() as u64 > bound {
            return Err(Broken::TooLarge(bound));
        }
        body.extend_from_slice(&chunk);
    }
    if is_encoded(&answer) && searched && !body.is_empty() {
        return Err(Broken::Cut("the answer is in an encoding that was not asked for".to_owned()));
    }
    Ok(body)
}

/// The next piece of an answer's body.
pub(crate) async fn chunk(answer: &mut reqwest::Response) -> Result<Option<bytes::Bytes>, Broken> {
    answer.chunk().await.map_err(|error| Broken::Cut(reason(error)))
}

/// Whether an answer's body is not the bytes that it stands for. What the client undid it took away.
pub(crate) fn is_encoded(answer: &reqwest::Response) -> bool {
    answer.headers().get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity")
}

/// All that an error says, but not of which URL.
pub(crate) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !said.ends_with(&more) {
            said = format!("{said}: {more}");
        }
        cause = error.source();
    }
    said
}
