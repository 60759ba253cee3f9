//! A request's body, bounded in size and in patience. What is cut off is never taken for a whole.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// The most that is reserved on the word of a `Content-Length` alone.
const RESERVED: usize = 1 << 20;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("it is larger than the host takes")]
    TooLarge,
    #[error("it stood still for too long")]
    Stalled,
    #[error("the connection ended inside it")]
    CutOff,
}

/// The whole body, of at most `limit` bytes. It is given up when nothing of it arrives for as long as `idle`.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    idle: Duration,
) -> Result<Bytes, BodyError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|announced: usize| announced > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    while let Some(frame) = timeout(idle, body.frame()).await.map_err(|_| BodyError::Stalled)? {
        let Ok(data) = frame.map_err(|_| BodyError::CutOff)?.into_data() else { continue };
        if first.len().max(whole.len()) + data.len() > limit {
            return Err(BodyError::TooLarge);
        }
        // A small body is one frame: it is passed on without a copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.reserve(announced.unwrap_or_default().min(RESERVED));
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::{StreamExt as _, stream};

    use super::*;

    const IDLE: Duration = Duration::from_secs(30);

    fn parts(parts: &[&'static str]) -> Body {
        Body::from_stream(stream::iter(parts.to_vec()).map(|part| Ok::<_, io::Error>(Bytes::from(part))))
    }

    async fn read_all(body: Body, limit: usize) -> Result<Bytes, BodyError> {
        read(&HeaderMap::new(), body, limit, IDLE).await
    }

    #[tokio::test]
    async fn parts_become_a_whole_up_to_the_limit() {
        assert_eq!(read_all(parts(&["ab", "", "cd", "e"]), 5).await.unwrap(), "abcde");
        assert_eq!(read_all(parts(&[]), 5).await.unwrap(), "");
        for long in [&["abcdef"][..], &["abc", "def"], &["a", "b", "c", "d", "e", "f"]] {
            assert_eq!(read_all(parts(long), 5).await, Err(BodyError::TooLarge), "{long:?}");
        }
    }

    #[tokio::test]
    async fn an_announced_size_over_the_limit_is_not_read_at_all() {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, "6".parse().unwrap())]);
        let never = Body::from_stream(stream::pending::<Result<Bytes, io::Error>>());
        assert_eq!(read(&headers, never, 5, IDLE).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_stands_still_is_given_up() {
        let stalled = stream::iter([Ok::<_, io::Error>(Bytes::from("ab"))]).chain(stream::pending());
        let read = read(&HeaderMap::new(), Body::from_stream(stalled), 5, Duration::ZERO).await;
        assert_eq!(read, Err(BodyError::Stalled));
    }

    #[tokio::test]
    async fn a_body_that_is_cut_off_is_no_body() {
        let broken = [Ok(Bytes::from("ab")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        assert_eq!(read_all(Body::from_stream(stream::iter(broken)), 5).await, Err(BodyError::CutOff));
    }
}
