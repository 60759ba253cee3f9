//! One kept-alive HTTP/1.1 connection to the application service, as cheap as hyper makes it: the generator must not
//! be what is measured.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::de::IgnoredAny;
use tokio::net::TcpStream;

/// Synapse waits so long for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the application service listens, and what we show it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its listener.
    pub address: SocketAddr,
    /// The registration's `hs_token`.
    pub token: String,
}

/// A connection that is made anew when it broke.
pub struct Link {
    target: Target,
    open: Option<SendRequest<Full<Bytes>>>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody listens.
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[from] hyper::Error),
    /// There was no answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The request could not be built.
    #[error("no valid request")]
    Request(#[from] http::Error),
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

// === impl Link ===

impl Link {
    /// Not yet connected.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, open: None }
    }

    /// Puts a transaction.
    ///
    /// # Errors
    /// When there is no answer; the connection is then closed.
    pub async fn put(&mut self, txn: &str, body: Bytes) -> Result<Answer, LinkError> {
        let path = format!("/_matrix/app/v1/transactions/{txn}");
        self.request(Method::PUT, &path, body).await
    }

    /// Any request with our token.
    ///
    /// # Errors
    /// When there is no answer; the connection is then closed.
    pub async fn request(&mut self, method: Method, path: &str, body: Bytes) -> Result<Answer, LinkError> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await;
        let answer = answer.unwrap_or(Err(LinkError::Timeout));
        if answer.is_err() {
            self.open = None;
        }
        answer
    }

    async fn exchange(&mut self, method: Method, path: &str, body: Bytes) -> Result<Answer, LinkError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "appservice")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.target.token))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "patchbay-load")
            .body(Full::new(body))?;
        let mut link = match self.open.take() {
            Some(link) if !link.is_closed() => link,
            _ => self.connect().await?,
        };
        link.ready().await?;
        let response = link.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        self.open = Some(link);
        Ok(Answer { status, body })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, LinkError> {
        let stream = TcpStream::connect(self.target.address).await.map_err(LinkError::Connect)?;
        stream.set_nodelay(true).map_err(LinkError::Connect)?;
        let (link, connection) = handshake(TokioIo::new(stream)).await?;
        // A broken connection shows at the next request.
        tokio::spawn(async move { connection.await.ok() });
        Ok(link)
    }
}

// === impl Answer ===

impl Answer {
    /// Synapse's rule: a 2xx whose body is JSON. Everything else is sent again.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.status.is_success() && serde_json::from_slice::<IgnoredAny>(&self.body).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_success_with_json_is_accepted() {
        let accepted = |status: u16, body: &'static str| {
            Answer { status: StatusCode::from_u16(status).unwrap(), body: body.into() }.is_accepted()
        };
        assert!(accepted(200, "{}") && accepted(201, "[]"));
        assert!(!accepted(200, "") && !accepted(204, "") && !accepted(200, "ok") && !accepted(400, "{}"));
    }
}
