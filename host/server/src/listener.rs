//! A TCP listener that serves a router until it is told to stop; to so many connections, and with so much patience.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use anyhow::anyhow;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// Connections at once. What is over waits in the system's queue.
const CONNECTIONS: usize = 1024;
/// After the system refused to give another connection (no file descriptor is left).
const PAUSE: Duration = Duration::from_secs(1);

/// How long a connection may take for the next request's head, silence before it included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience(Duration);

/// A listener that nobody is served by yet.
pub(crate) struct Listener {
    socket: TcpListener,
    /// Where it listens, with the port that the system chose where it was asked to.
    pub(crate) at: SocketAddr,
}

// === impl Listener ===

impl Listener {
    /// Takes the address; `field` is where `patchbay.toml` says it.
    ///
    /// # Errors
    /// With a sentence that says what to do, when the address cannot be had.
    pub(crate) async fn bind(at: SocketAddr, field: &str) -> anyhow::Result<Self> {
        let socket = TcpListener::bind(at).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => anyhow!(
                "{at} is in use: stop what listens there, another host perhaps, or change `{field}` in patchbay.toml"
            ),
            io::ErrorKind::PermissionDenied => anyhow!(
                "{at} may not be listened on by this user: choose a port above 1023 for `{field}` in patchbay.toml"
            ),
            io::ErrorKind::AddrNotAvailable => {
                anyhow!("{at} is no address of this machine: change `{field}` in patchbay.toml")
            }
            _ => anyhow!("cannot listen on {at} (`{field}` in patchbay.toml): {error}"),
        })?;
        let at = socket.local_addr()?;
        Ok(Self { socket, at })
    }

    /// Serves until `stop`, then takes no further request and ends when those under way are answered.
    pub(crate) async fn serve(self, router: Router, patience: Patience, stop: CancellationToken) {
        let (connections, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(patience.0);
        let mut stopped = pin!(stop.cancelled());
        loop {
            let accepted = tokio::select! {
                () = &mut stopped => break,
                accepted = accept(&self.socket, &room) => accepted,
            };
            let (stream, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, at = %self.at, "no further connection can be taken");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // Answers are small, and a homeserver waits for each before it sends on.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY could not be set");
            }
            let service = TowerToHyperService::new(router.clone());
            let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended badly");
                }
                drop(place);
            });
        }
        drop(self.socket);
        connections.shutdown().await;
    }
}

async fn accept(
    socket: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(tokio::net::TcpStream, Option<tokio::sync::OwnedSemaphorePermit>)> {
    // Never closed.
    let place = Arc::clone(room).acquire_owned().await.ok();
    loop {
        match socket.accept().await {
            Ok((stream, _)) => return Ok((stream, place)),
            // It was the other side's doing.
            Err(error) if is_theirs(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_theirs(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

// === impl Patience ===

impl Patience {
    /// For those who know the host: a homeserver keeps its connection open between transactions.
    pub(crate) const KNOWN: Self = Self(Duration::from_mins(10));
    /// For anybody.
    pub(crate) const STRANGER: Self = Self(Duration::from_secs(10));
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    async fn serving(patience: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let (stop, router) = (CancellationToken::new(), Router::new().route("/", get(async || "here")));
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), "listen").await.unwrap();
        let (at, task) =
            (listener.at, tokio::spawn(listener.serve(router, Patience(patience), stop.clone())));
        (at, stop, task)
    }

    /// What the listener says to `words`, until it ends the connection.
    async fn said(at: SocketAddr, words: &[u8]) -> String {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(words).await.unwrap();
        let mut answer = String::new();
        // A reset is an end too.
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn who_never_ends_a_head_or_never_asks_again_is_sent_away() {
        let (at, ..) = serving(Duration::from_millis(50)).await;
        for unfinished in [&b"GET / HTTP/1.1\r\nhost: a\r\nx: "[..], b"G", b""] {
            let answer = said(at, unfinished).await;
            assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        let answer = said(at, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections_and_then_the_listener() {
        let (at, stop, task) = serving(Duration::from_mins(10)).await;
        let mut idle = TcpStream::connect(at).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut some = [0; 16];
        idle.read_exact(&mut some).await.unwrap();
        stop.cancel();
        task.await.unwrap();
        let mut rest = String::new();
        idle.read_to_string(&mut rest).await.unwrap();
        assert!(rest.ends_with("here"), "{rest}");
        assert!(TcpStream::connect(at).await.is_err(), "nobody listens any more");
    }
}
