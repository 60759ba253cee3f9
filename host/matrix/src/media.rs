//! Files at a homeserver, as streams: nothing here holds more of one than a piece.
//!
//! Downloads go by authenticated media (client-server API 1.11, `/_matrix/client/v1/media`); the older path answers 404
//! to whatever came later.

use std::{fmt, io, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    client::{Client, read},
    error::ClientError,
};

/// How long a file waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// A file of which nothing comes for so long is not going to.
const IDLE: Duration = Duration::from_secs(30);
/// And it is over after so long, however slowly it came.
const LONGEST: Duration = Duration::from_secs(3600);
/// The slowest upload that is waited for, in bytes a second.
const SLOWEST: u64 = 32 << 10;
/// Places that a homeserver may send us on to.
const REDIRECTS: usize = 3;
/// Answer of an upload, in bytes.
const ANSWER: usize = 64 << 10;

/// The address of a file: `mxc://server/id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mxc {
    server: String,
    id: String,
}

/// A file that is coming.
pub struct Download {
    /// All its bytes, where the homeserver says how many: they may still be fewer.
    pub length: Option<u64>,
    /// They themselves, in order.
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
}

// === impl Mxc ===

impl Mxc {
    /// Reads an address; nothing, where it is none that could be asked for safely.
    #[must_use]
    pub fn parse(uri: &str) -> Option<Self> {
        let (server, id) = uri.strip_prefix("mxc://")?.split_once('/')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~=+".contains(c);
        let host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        let dots = |text: &str| text.chars().all(|c| c == '.');
        let fits = uri.len() <= 1024 && !dots(server) && !dots(id);
        (fits && server.chars().all(host) && id.chars().all(plain))
            .then(|| Self { server: server.to_owned(), id: id.to_owned() })
    }
}

impl fmt::Display for Mxc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mxc://{}/{}", self.server, self.id)
    }
}

// === impl Client ===

impl Client {
    /// Begins to download a file.
    ///
    /// # Errors
    /// `NotFound` where there is no such file, here or at its own server; see [`ClientError`].
    pub async fn download(&self, mxc: &Mxc) -> Result<Download, ClientError> {
        let path = ["_matrix", "client", "v1", "media", "download", &mxc.server, &mxc.id];
        let mut url = self.media_url(&path)?;
        let place = self.media_place().await?;
        let own = url.origin();
        for _ in 0..=REDIRECTS {
            let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
            *request.timeout_mut() = Some(LONGEST);
            // What is compressed on the way has no length.
            request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if url.origin() == own {
                self.authorise(&mut request)?;
            }
            let first = tokio::time::timeout(IDLE * 2, self.http().execute(request)).await;
            let first = first.map_err(|_| ClientError::UnknownOutcome("a file does not come".to_owned()))?;
            let mut answer = first.map_err(ClientError::from_transport)?;
            let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
            if let Some(next) = redirected(status, &headers, &url) {
                url = next;
                continue;
            }
            if !status.is_success() {
                let body = read(answer, ANSWER).await.unwrap_or_default();
                return Err(ClientError::from_answer(status, &headers, &body));
            }
            let length = answer.content_length();
            let bytes = stream::unfold(Some((answer, place)), |state| async move {
                let (mut answer, place) = state?;
                match tokio::time::timeout(IDLE, answer.chunk()).await {
                    Ok(Ok(Some(chunk))) => Some((Ok(chunk), Some((answer, place)))),
                    Ok(Ok(None)) => None,
                    Ok(Err(error)) => Some((Err(io::Error::other(error.without_url())), None)),
                    Err(_) => Some((Err(io::Error::other("a file stopped coming")), None)),
                }
            });
            return Ok(Download { length, bytes: bytes.boxed() });
        }
        Err(ClientError::InvalidAnswer("it sends us on and on for a file".to_owned()))
    }

    /// Uploads a file of this length in the name of `user`; answers its address. Sent twice it is there twice: keep the
    /// address.
    ///
    /// # Errors
    /// `M_TOO_LARGE` over the homeserver's limit; see [`ClientError`].
    pub async fn upload(
        &self,
        user: &str,
        (length, bytes): (u64, BoxStream<'static, io::Result<Bytes>>),
        mime_type: &str,
        name: Option<&str>,
    ) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct Uploaded {
            content_uri: String,
        }
        let mut url = self.media_url(&["_matrix", "media", "v3", "upload"])?;
        if let Some(name) = name {
            url.query_pairs_mut().append_pair("filename", name);
        }
        url.query_pairs_mut().append_pair("user_id", user);
        let _place = self.media_place().await?;
        let mut request = reqwest::Request::new(reqwest::Method::POST, url);
        *request.timeout_mut() = Some(Duration::from_secs(60 + length / SLOWEST).min(LONGEST));
        self.authorise(&mut request)?;
        let mime = HeaderValue::from_str(mime_type);
        let mime = mime.unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
        request.headers_mut().insert(header::CONTENT_TYPE, mime);
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *request.body_mut() = Some(reqwest::Body::wrap_stream(bytes));
        let mut answer = self.http().execute(request).await.map_err(ClientError::from_transport)?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let body = read(answer, ANSWER).await;
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            // A proxy before the homeserver says it in its own words, if any.
            let error = "the file is too large for the homeserver".to_owned();
            return Err(ClientError::Rejected { status: 413, errcode: "M_TOO_LARGE".to_owned(), error });
        }
        if !status.is_success() {
            return Err(ClientError::from_answer(status, &headers, &body.unwrap_or_default()));
        }
        let uploaded: Uploaded =
            serde_json::from_slice(&body?).map_err(|error| ClientError::InvalidAnswer(error.to_string()))?;
        match Mxc::parse(&uploaded.content_uri) {
            Some(mxc) => Ok(mxc.to_string()),
            None => Err(ClientError::InvalidAnswer("it answers no address of a file".to_owned())),
        }
    }

    /// One of the places for files. Nobody waits for it for long: a message that sends several holds those it has.
    async fn media_place(&self) -> Result<OwnedSemaphorePermit, ClientError> {
        let place = tokio::time::timeout(PATIENCE, self.media_places().acquire_owned()).await;
        let place = place.map_err(|_| ClientError::Unreachable("too many files are under way".to_owned()))?;
        place.map_err(|_| ClientError::Unreachable("the client is closed".to_owned()))
    }

    fn media_url(&self, path: &[&str]) -> Result<Url, ClientError> {
        let wrong = || ClientError::InvalidRequest("the homeserver's address is none".to_owned());
        let mut url = Url::parse(self.homeserver()).map_err(|_| wrong())?;
        url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(path);
        Ok(url)
    }
}

/// Where a homeserver sends us on to; it may keep its files elsewhere.
fn redirected(status: StatusCode, headers: &http::HeaderMap, from: &Url) -> Option<Url> {
    let is_one = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let to = headers.get(header::LOCATION).filter(|_| is_one)?.to_str().ok()?;
    // Never from an encrypted connection to one that is not.
    from.join(to).ok().filter(|to| to.scheme() == "https" || (to.scheme(), from.scheme()) == ("http", "http"))
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("length", &self.length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_lead_anywhere_else() {
        for good in ["mxc://example.org/abc-_1", "mxc://[::1]:8448/x", "mxc://h/.a"] {
            assert_eq!(Mxc::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "http://h/a",
            "mxc://h",
            "mxc://h/",
            "mxc:///a",
            "mxc://h/a/b",
            "mxc://h/..",
            "mxc://../a",
            "mxc://h/a?b",
            "mxc://h/%2e",
            "mxc://h/a#b",
            "mxc://h@i/a",
            "mxc://h/a\\b",
            "mxc://h/\u{e4}",
        ] {
            assert_eq!(Mxc::parse(bad), None, "{bad}");
        }
    }
}
