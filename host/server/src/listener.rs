//! A TCP listener that serves a router until it is told to stop.

use std::{io, net::SocketAddr};

use anyhow::anyhow;
use axum::{Router, serve::ListenerExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

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
    ///
    /// # Errors
    /// When the socket fails.
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken) -> io::Result<()> {
        let socket = self.socket.tap_io(|stream| {
            // Answers are small, and a homeserver waits for each before it sends on.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY could not be set");
            }
        });
        axum::serve(socket, router).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}
