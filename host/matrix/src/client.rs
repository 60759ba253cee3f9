//! The client-server API, called as an application service. One client for each homeserver; [`Client::act_as`] gives
//! what a ghost, or the bot, can do.
//!
//! Nothing is retried here: whoever calls knows what the call is for, and holds, repeats or gives up by the
//! [`ClientError`].

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use patchbay_types::UserId;
use ruma::{
    OwnedTransactionId,
    api::{
        AppserviceUserIdentity, IncomingResponseExt as _, OutgoingRequest, OutgoingRequestAppserviceExt as _,
        OutgoingRequestExt as _, SupportedVersions,
        auth_scheme::{AuthScheme, SendAccessToken},
        client::{account::whoami, appservice::request_ping, discovery::get_supported_versions},
        path_builder::PathBuilder,
    },
};
use tokio::sync::{OnceCell, Semaphore};

use crate::{error::ClientError, intent::Intent};

/// The longest error body that is read.
const ERROR_BODY: usize = 64 << 10;
/// Files under way at once, beside the calls: a large one takes its time, and no message waits behind it.
const FILES: usize = 64;

/// A homeserver and who we are there.
#[derive(Clone)]
pub struct ClientOptions {
    /// Base URL of the client-server API; it may have a path.
    pub homeserver: String,
    /// The token of the application service.
    pub as_token: String,
    /// Calls under way at once; the rest waits.
    pub concurrency: usize,
    /// The largest answer, in bytes. The state of a large room has many megabytes.
    pub response_limit: usize,
}

/// A homeserver. Clones share connections and the bound on calls under way.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    options: ClientOptions,
    permits: Semaphore,
    files: Arc<Semaphore>,
    versions: OnceCell<SupportedVersions>,
}

// === impl ClientOptions ===

impl ClientOptions {
    /// Sixteen calls at once, answers up to 64 MiB.
    #[must_use]
    pub fn new(homeserver: impl Into<String>, as_token: impl Into<String>) -> Self {
        let (homeserver, as_token) = (homeserver.into(), as_token.into());
        Self { homeserver, as_token, concurrency: 16, response_limit: 64 << 20 }
    }
}

// === impl Client ===

impl Client {
    /// A client for one homeserver; `http` comes from [`crate::http_client::build`]. Nothing is sent yet.
    #[must_use]
    pub fn new(http: reqwest::Client, options: ClientOptions) -> Self {
        let permits = Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS));
        let files = Arc::new(Semaphore::new(FILES));
        Self(Arc::new(Inner { http, options, permits, files, versions: OnceCell::new() }))
    }

    /// What this ghost, or the bot, can do; with a device where it has one, so that what it sends twice is sent once
    /// even if the homeserver restarts between.
    ///
    /// # Errors
    /// When it is no user ID.
    pub fn act_as(&self, user: &UserId, device: Option<&str>) -> Result<Intent, ClientError> {
        Intent::new(self.clone(), user, device)
    }

    /// Who the homeserver takes us for: the bot.
    ///
    /// # Errors
    /// See [`ClientError`]; 401 where our token is not known.
    pub async fn whoami(&self) -> Result<UserId, ClientError> {
        let answer = self.call(whoami::v3::Request::new(), None).await?;
        Ok(UserId::from(answer.user_id.as_str()))
    }

    /// Asks the homeserver to call our listener, and answers how long that took.
    ///
    /// # Errors
    /// 502 or 504 where the homeserver cannot reach us, or we did not take its token; see [`ClientError`].
    pub async fn ping(&self, registration: &str, id: &str) -> Result<Duration, ClientError> {
        let mut request = request_ping::v1::Request::new(registration.to_owned());
        request.transaction_id = Some(OwnedTransactionId::from(id));
        Ok(self.call(request, None).await?.duration)
    }

    /// What the homeserver can do. Asked once: a homeserver loses no version, and gains one by a restart of both.
    ///
    /// # Errors
    /// See [`ClientError`]; then it is asked again next time.
    pub async fn versions(&self) -> Result<&SupportedVersions, ClientError> {
        let ask = async || {
            let request = get_supported_versions::Request::new();
            let answer = self.call_at(request, None, ()).await?;
            Ok(answer.as_supported_versions())
        };
        self.0.versions.get_or_try_init(ask).await
    }

    /// Any call of the client-server API, as `identity` or as the bot.
    pub(crate) async fn call<R>(
        &self,
        request: R,
        identity: Option<AppserviceUserIdentity<'_>>,
    ) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let versions = self.versions().await?;
        self.call_at(request, identity, Cow::Borrowed(versions)).await
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn homeserver(&self) -> &str {
        &self.0.options.homeserver
    }

    /// Places for files under way.
    pub(crate) fn media_places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.files)
    }

    /// Shows our token.
    pub(crate) fn authorise(&self, request: &mut reqwest::Request) -> Result<(), ClientError> {
        let bearer = format!("Bearer {}", self.0.options.as_token);
        let mut value = http::HeaderValue::from_str(&bearer)
            .map_err(|_| ClientError::InvalidRequest("the token is none".to_owned()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(http::header::AUTHORIZATION, value);
        Ok(())
    }

    async fn call_at<R>(
        &self,
        request: R,
        identity: Option<AppserviceUserIdentity<'_>>,
        path: <R::PathBuilder as PathBuilder>::Input<'_>,
    ) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
    {
        let ClientOptions { homeserver, as_token, .. } = &self.0.options;
        let token = SendAccessToken::Always(as_token);
        let request = match identity {
            Some(identity) => request.try_into_http_request_with_identity(homeserver, token, identity, path),
            None => request.try_into_http_request(homeserver, token, path),
        };
        let request: http::Request<Vec<u8>> =
            request.map_err(|error| ClientError::InvalidRequest(error.to_string()))?;
        let (parts, body) = self.exchange(request).await?.into_parts();
        R::IncomingResponse::try_from_http_response(http::Response::from_parts(parts, &body))
            .map_err(|error| ClientError::InvalidAnswer(error.to_string()))
    }

    /// Sends, and reads the whole answer; anything but a success is an error.
    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, ClientError> {
        let request = reqwest::Request::try_from(request).map_err(ClientError::from_transport)?;
        let closed = |_| ClientError::Unreachable("the client is closed".to_owned());
        let _permit = self.0.permits.acquire().await.map_err(closed)?;
        let mut answer = self.0.http.execute(request).await.map_err(ClientError::from_transport)?;
        let status = answer.status();
        let headers = std::mem::take(answer.headers_mut());
        if !status.is_success() {
            let body = read(answer, ERROR_BODY).await.unwrap_or_default();
            return Err(ClientError::from_answer(status, &headers, &body));
        }
        let mut whole = http::Response::new(read(answer, self.0.options.response_limit).await?);
        (*whole.status_mut(), *whole.headers_mut()) = (status, headers);
        Ok(whole)
    }
}

pub(crate) async fn read(mut answer: reqwest::Response, limit: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(ClientError::from_transport)? {
        if body.len() + chunk.len() > limit {
            return Err(ClientError::InvalidAnswer(format!("it is larger than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.options).finish()
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions").field("homeserver", &self.homeserver).finish_non_exhaustive()
    }
}
