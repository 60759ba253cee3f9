//! Files by link, on the listener for webhooks: `/media/<tenant>/<token>`. The host opens what it signed itself, and streams
//! it from the homeserver as a download that no browser runs. Whoever has no right token learns nothing: whatever is not
//! right is answered like a path that is none.

use std::{collections::BTreeMap, fmt::Write as _, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
    routing::get,
};
use futures::StreamExt as _;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use patchbay_matrix::{Client, Linked, Links, Mxc};
use patchbay_types::{Clock, RegistrationId, TenantId};
use tokio::sync::Semaphore;

use crate::hooks::{later, nowhere};

/// The route, which is all that is ever logged of a request's path.
const ROUTE: &str = "/media/{tenant}/{token}";
/// Files under way at once, and those that may be asked for in a second, over all tenants: behind each is a download from
/// the homeserver.
const UNDER_WAY: usize = 16;
const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// Whoever takes nothing for so long is not going to.
const STALLED: Duration = Duration::from_secs(60);

/// Types that a viewer is told; all others are bytes. Nothing among them holds a script.
const TOLD: [&str; 12] = [
    "application/pdf",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/webm",
];

/// Whether this tenant's links may be opened now.
pub type MayOpen = Arc<dyn Fn(&TenantId) -> bool + Send + Sync>;

/// The door to files. Clones share its bounds.
#[derive(Clone)]
pub struct MediaDoor(Arc<Inner>);

struct Inner {
    links: Links,
    ways: BTreeMap<RegistrationId, Client>,
    may_open: MayOpen,
    clock: Arc<dyn Clock>,
    rate: DefaultDirectRateLimiter,
    places: Arc<Semaphore>,
}

// === impl MediaDoor ===

impl MediaDoor {
    /// Puts the door together; `ways` lead to the homeservers.
    #[must_use]
    pub fn new(
        links: Links,
        ways: BTreeMap<RegistrationId, Client>,
        may_open: MayOpen,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let rate = RateLimiter::direct(Quota::per_second(RATE).allow_burst(BURST));
        let places = Arc::new(Semaphore::new(UNDER_WAY));
        Self(Arc::new(Inner { links, ways, may_open, clock, rate, places }))
    }

    /// What the listener for webhooks serves besides.
    pub fn router(&self) -> Router {
        Router::new().route(ROUTE, get(open).fallback(async || nowhere())).with_state(self.clone())
    }

    /// The file that a path names. All is computed whether or not there is such a tenant.
    fn linked(&self, tenant: &str, token: &str) -> Option<(Linked, Mxc, &Client)> {
        let linked = self.0.links.open(tenant, token, self.0.clock.now());
        let may = (self.0.may_open)(&TenantId::from(tenant));
        let linked = linked.filter(|_| may)?;
        let (mxc, way) = (Mxc::parse(&linked.mxc)?, self.0.ways.get(&linked.registration)?);
        Some((linked, mxc, way))
    }
}

async fn open(
    State(door): State<MediaDoor>,
    method: Method,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    let named = path.ok().and_then(|Path((tenant, token))| Some((door.linked(&tenant, &token)?, tenant)));
    let Some(((linked, mxc, way), tenant)) = named else { return nowhere() };
    if door.0.rate.check().is_err() {
        return later(StatusCode::TOO_MANY_REQUESTS, Duration::from_secs(1));
    }
    let Ok(place) = Arc::clone(&door.0.places).try_acquire_owned() else {
        return later(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(5));
    };
    let download = match way.download(&mxc).await {
        Ok(download) => download,
        Err(error) if error.is_transient() => {
            tracing::warn!(route = ROUTE, tenant, %error, "a file cannot be had from its homeserver now");
            return later(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(30));
        }
        Err(_) => return nowhere(),
    };
    tracing::debug!(route = ROUTE, tenant, bytes = download.length, "a file is opened by its link");
    let length = download.length;
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        // The place is free again when the last byte has left, or nobody takes any.
        Body::from_stream(impatient(download.bytes).map(move |piece| {
            let _ = &place;
            piece
        }))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    say(header::CONTENT_TYPE, told(&linked.mime_type));
    say(header::CONTENT_DISPOSITION, &attachment(&linked.name));
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    say(header::CACHE_CONTROL, "private, no-store");
    say(header::REFERRER_POLICY, "no-referrer");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if let Some(length) = length {
        say(header::CONTENT_LENGTH, &length.to_string());
    }
    response
}

type Pieces = futures::stream::BoxStream<'static, std::io::Result<bytes::Bytes>>;

/// The same, read ahead by a piece, and over when nobody has taken one for too long.
fn impatient(mut pieces: Pieces) -> Pieces {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(piece) = pieces.next().await {
            if !matches!(tokio::time::timeout(STALLED, sender.send(piece)).await, Ok(Ok(()))) {
                return;
            }
        }
    });
    futures::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
        .boxed()
}

/// What a viewer is told that the file is.
fn told(mime_type: &str) -> &'static str {
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    let known = TOLD.iter().find(|known| essence.eq_ignore_ascii_case(known));
    known.copied().unwrap_or("application/octet-stream")
}

/// `Content-Disposition` (RFC 6266): the name twice, for old clients and in whatever letters it has.
fn attachment(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        let said = attachment("a\"; filename=\"b.exe\r\nx: y\u{e4}.pdf");
        assert!(!said.contains(['\r', '\n']) && said.matches('"').count() == 2, "{said}");
        assert!(
            said.ends_with("filename*=UTF-8''a%22%3B%20filename%3D%22b.exe%0D%0Ax%3A%20y%C3%A4.pdf"),
            "{said}"
        );
    }

    #[test]
    fn what_a_browser_could_run_is_bytes() {
        for mime in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "", "x"] {
            assert_eq!(told(mime), "application/octet-stream", "{mime}");
        }
        assert_eq!(told("Image/PNG; a=b"), "image/png");
    }
}
