//! Requests and responses, between the contract's types and those of the way out.

use std::time::Duration;

use patchbay_egress::{Chunk, Destination, Failure, Field, Method, Piece, Request, Response, Take};
use patchbay_plugin::{http, types::Header};

/// A request as the way out takes it; the step is the journal's business.
pub(super) fn request(asked: http::Request) -> Request {
    Request {
        method: method(asked.method),
        url: asked.url.into_iter().map(piece).collect(),
        headers: asked.headers.into_iter().map(field).collect(),
        body: asked.body.into_iter().map(chunk).collect(),
        take: asked.take.into_iter().map(take).collect(),
        timeout: asked.timeout.map(|ms| Duration::from_millis(ms.into())),
    }
}

/// A response as the guest gets it.
pub(super) fn response(answered: Response) -> http::Response {
    let header = |(name, value)| Header { name, value };
    let headers = answered.headers.into_iter().map(header).collect();
    http::Response { status: answered.status, headers, body: answered.body }
}

/// A failure as the guest gets it.
pub(super) fn failure(failure: Failure) -> http::Failure {
    match failure {
        Failure::Denied(why) => http::Failure::Denied(why),
        Failure::Unreachable(why) => http::Failure::Unreachable(why),
        Failure::UnknownOutcome(why) => http::Failure::UnknownOutcome(why),
        Failure::TooLarge(most) => http::Failure::TooLarge(most),
    }
}

fn method(method: http::Method) -> Method {
    match method {
        http::Method::Get => Method::Get,
        http::Method::Head => Method::Head,
        http::Method::Post => Method::Post,
        http::Method::Put => Method::Put,
        http::Method::Patch => Method::Patch,
        http::Method::Delete => Method::Delete,
    }
}

fn piece(piece: http::Piece) -> Piece {
    match piece {
        http::Piece::Text(text) => Piece::Text(text),
        http::Piece::Secret(name) => Piece::Secret(name),
    }
}

fn field(field: http::Field) -> Field {
    Field { name: field.name, value: field.value.into_iter().map(piece).collect() }
}

fn chunk(chunk: http::Chunk) -> Chunk {
    match chunk {
        http::Chunk::Bytes(bytes) => Chunk::Bytes(bytes),
        http::Chunk::File(handle) => Chunk::File(handle),
        http::Chunk::FileBase64(handle) => Chunk::FileBase64(handle),
        http::Chunk::Secret(name) => Chunk::Secret(name),
    }
}

fn take(take: http::Take) -> Take {
    let into = match take.into {
        http::Destination::File => Destination::File,
        http::Destination::Base64File => Destination::Base64File,
        http::Destination::Secret(name) => Destination::Secret(name),
    };
    Take { at: take.at, into }
}
