//! A body on its way out: its length is known before the first byte leaves, so that a server can tell a whole one.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream, stream::BoxStream};
use http_body::{Body, Frame, SizeHint};
use url::Url;

use crate::{
    files::{Files, Opened},
    request::{Chunk, Failure},
    secrets::Secrets,
    sent::Sent,
};

/// A body that is whole or has not begun.
pub(crate) struct Parcel {
    /// All its bytes.
    pub(crate) length: u64,
    bytes: BoxStream<'static, io::Result<Bytes>>,
}

/// The same, while it leaves.
pub(crate) struct Leaving {
    remaining: u64,
    /// For `Sync`, which the client wants and no stream is; never locked.
    bytes: Mutex<BoxStream<'static, io::Result<Bytes>>>,
    sent: Sent,
}

/// Puts a body together.
///
/// # Errors
/// [`Failure::TooLarge`] with `bound` when it is larger, not counting its files, which have a bound of their own;
/// [`Failure::Denied`] for a file that is none, or a secret that
/// may not go to `url`; [`Failure::Unreachable`] for what cannot be had now.
pub(crate) async fn pack(
    chunks: Vec<Chunk>,
    secrets: &Secrets,
    url: &Url,
    files: &dyn Files,
    bound: u64,
) -> Result<Parcel, Failure> {
    let (mut length, mut plain, mut filed): (u64, u64, u64) = (0, 0, 0);
    let mut parts = VecDeque::new();
    for chunk in chunks {
        let (size, bytes) = match chunk {
            Chunk::Bytes(bytes) => whole(bytes.into(), &mut plain),
            Chunk::Secret(name) => {
                whole(Bytes::copy_from_slice(secrets.value_for(&name, url)?.expose()), &mut plain)
            }
            Chunk::File(handle) => {
                let file = open(files, &handle, &mut filed).await?;
                (file.length, exactly(file))
            }
            Chunk::FileBase64(handle) => {
                let file = open(files, &handle, &mut filed).await?;
                (file.length.div_ceil(3).saturating_mul(4), encoded(exactly(file)))
            }
        };
        length = length.saturating_add(size);
        if plain > bound {
            return Err(Failure::TooLarge(bound));
        }
        parts.push_back(bytes);
    }
    Ok(Parcel { length, bytes: stream::iter(parts).flatten().boxed() })
}

type Part = BoxStream<'static, io::Result<Bytes>>;

fn whole(bytes: Bytes, plain: &mut u64) -> (u64, Part) {
    *plain = plain.saturating_add(bytes.len() as u64);
    (bytes.len() as u64, stream::once(async { Ok(bytes) }).boxed())
}

async fn open(files: &dyn Files, handle: &str, filed: &mut u64) -> Result<Opened, Failure> {
    match files.open(handle).await {
        Ok(Some(file)) => {
            *filed = filed.saturating_add(file.length);
            let most = files.together();
            if *filed > most { Err(Failure::TooLarge(most)) } else { Ok(file) }
        }
        Ok(None) => Err(Failure::Denied("the body names a file that this call does not have".to_owned())),
        Err(why) => Err(Failure::Unreachable(format!("a file of the body cannot be had: {why}"))),
    }
}

/// The file's bytes, and an error where they are more or fewer than it said.
fn exactly(file: Opened) -> Part {
    let wrong = || Err(io::Error::other("a file is not as long as it said"));
    let state = (file.bytes, file.length, false);
    let steps = stream::unfold(state, move |(mut bytes, left, done)| async move {
        if done {
            return None;
        }
        match bytes.next().await {
            Some(Ok(chunk)) => match left.checked_sub(chunk.len() as u64) {
                Some(left) => Some((Ok(chunk), (bytes, left, false))),
                None => Some((wrong(), (bytes, 0, true))),
            },
            Some(Err(error)) => Some((Err(error), (bytes, left, true))),
            None if left > 0 => Some((wrong(), (bytes, left, true))),
            None => None,
        }
    });
    steps.boxed()
}

/// In Base64, with up to two bytes held back from each chunk for the next.
fn encoded(file: Part) -> Part {
    let state = (file, BytesMut::new(), false);
    let steps = stream::unfold(state, |(mut file, mut held, done)| async move {
        if done {
            return None;
        }
        match file.next().await {
            Some(Ok(chunk)) => {
                held.extend_from_slice(&chunk);
                let ready = held.split_to(held.len() / 3 * 3);
                Some((Ok(Bytes::from(STANDARD.encode(&ready))), (file, held, false)))
            }
            Some(Err(error)) => Some((Err(error), (file, held, true))),
            None => Some((Ok(Bytes::from(STANDARD.encode(&held))), (file, held, true))),
        }
    });
    steps.boxed()
}

// === impl Parcel ===

impl Parcel {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self { length: 0, bytes: stream::empty().boxed() }
    }

    /// The body of one request; `sent` learns when it begins to leave.
    pub(crate) fn leave(self, sent: &Sent) -> Leaving {
        Leaving { remaining: self.length, bytes: Mutex::new(self.bytes), sent: sent.clone() }
    }
}

// === impl Leaving ===

/// A connection asks `is_end_stream` right before it writes a request's head, and nobody asks earlier. Where the caller
/// has given up by then, the head announces a byte that never comes: what leaves is no whole request, whatever its
/// method, and no server carries it out.
impl Body for Leaving {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.sent.begin() {
            return Poll::Ready(Some(Err(io::Error::other("the request was given up"))));
        }
        let bytes = self.bytes.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let next = match Pin::new(bytes).poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(next) => next,
        };
        Poll::Ready(next.map(|chunk| {
            let chunk = chunk?;
            self.remaining = self.remaining.saturating_sub(chunk.len() as u64);
            Ok(Frame::data(chunk))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.sent.begin() && self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        let least = u64::from(self.sent.is_given_up());
        SizeHint::with_exact(self.remaining.max(least))
    }
}

#[cfg(test)]
mod tests;
