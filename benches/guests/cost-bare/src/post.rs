//! Messages, posted one by one.

use serde::{Deserialize, Serialize};

use crate::{
    bindings::{
        exports::patchbay::plugin::adapter::{Failure, FailureKind, Item, Written},
        patchbay::plugin::{
            http::{self, Chunk, Field, Method, Piece, Request, Response},
            types::Content,
        },
    },
    failure,
};

#[derive(Serialize)]
struct Said<'a> {
    author: Option<&'a str>,
    text: &'a str,
    internal: bool,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

pub(crate) fn each(url: &str, ticket: &str, items: Vec<Item>) -> Result<Vec<Written>, Failure> {
    let mut written = Vec::with_capacity(items.len());
    for item in items {
        match one(url, ticket, item) {
            Ok(one) => written.push(one),
            Err(failure) => return Err(Failure { written, ..failure }),
        }
    }
    Ok(written)
}

fn one(url: &str, ticket: &str, item: Item) -> Result<Written, Failure> {
    let text = match &item.message.content {
        Content::Post(post) => post.text.as_ref().map_or("", |text| text.plain.as_str()),
        _ => "",
    };
    let said = Said { author: item.message.author.remote.as_deref(), text, internal: item.internal };
    let body =
        serde_json::to_vec(&said).map_err(|error| failure(FailureKind::Rejected, &error.to_string()))?;
    let field = |name: &str, value: Vec<Piece>| Field { name: name.to_owned(), value };
    let request = Request {
        method: Method::Post,
        url: vec![Piece::Text(format!("{}/tickets/{ticket}/messages", url.trim_end_matches('/')))],
        headers: vec![
            field(
                "authorization",
                vec![Piece::Text("Bearer ".to_owned()), Piece::Secret("token".to_owned())],
            ),
            field("idempotency-key", vec![Piece::Text(item.key.clone())]),
            field("content-type", vec![Piece::Text("application/json".to_owned())]),
        ],
        body: vec![Chunk::Bytes(body)],
        take: Vec::new(),
        timeout: None,
        step: Some(item.key.clone()),
    };
    let response = http::send(&request).map_err(|error| unsent(&error))?;
    if !(200..300).contains(&response.status) {
        return Err(refused(&response));
    }
    let made: Made = serde_json::from_slice(&response.body)
        .map_err(|error| failure(FailureKind::Rejected, &error.to_string()))?;
    Ok(Written { key: item.key, parts: vec![made.id] })
}

fn unsent(error: &http::Failure) -> Failure {
    let kind = match error {
        http::Failure::Denied(_) => FailureKind::Unauthorised,
        http::Failure::Unreachable(_) | http::Failure::UnknownOutcome(_) => FailureKind::Unavailable,
        http::Failure::TooLarge(_) => FailureKind::Rejected,
    };
    failure(kind, &format!("{error:?}"))
}

fn refused(response: &Response) -> Failure {
    let kind = match response.status {
        401 | 403 => FailureKind::Unauthorised,
        404 | 410 => FailureKind::Gone,
        408 | 425 | 429 => FailureKind::Busy,
        500..=599 => FailureKind::Unavailable,
        _ => FailureKind::Rejected,
    };
    failure(kind, &format!("answered {}", response.status))
}
