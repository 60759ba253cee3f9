//! A server's connection that can be told to break: after so many bytes of an answer, with a reset or a plain end.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What a connection's handler can do to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scissors(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Bytes that may still be written, once armed.
    left: AtomicI64,
    armed: AtomicBool,
}

impl Scissors {
    /// Resets the connection after `bytes` more bytes were written to it.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.0.left.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.0.armed.store(true, Ordering::SeqCst);
    }
}

struct Wire {
    stream: TcpStream,
    scissors: Scissors,
}

/// A reset instead of a farewell.
pub(crate) fn reset_on_close(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if !self.scissors.0.armed.load(Ordering::SeqCst) {
            return Pin::new(&mut self.stream).poll_write(cx, data);
        }
        let left = usize::try_from(self.scissors.0.left.load(Ordering::SeqCst)).unwrap_or(0);
        if left == 0 {
            reset_on_close(&self.stream);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let part = data.get(..left.min(data.len())).unwrap_or(data);
        let written = Pin::new(&mut self.stream).poll_write(cx, part);
        if let Poll::Ready(Ok(n)) = &written {
            self.scissors.0.left.fetch_sub(i64::try_from(*n).unwrap_or(0), Ordering::SeqCst);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Serves until the task is aborted. A handler that answers none closes its connection without a byte.
pub(crate) fn serve<H, F>(listener: TcpListener, handler: H) -> JoinHandle<()>
where
    H: Fn(Request<Incoming>, Scissors) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Option<Response<Full<Bytes>>>> + Send + 'static,
{
    tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(stream, handler.clone()));
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    })
}

async fn connection<H, F>(stream: TcpStream, handler: H)
where
    H: Fn(Request<Incoming>, Scissors) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Option<Response<Full<Bytes>>>> + Send + 'static,
{
    let scissors = Scissors::default();
    let wire = Wire { stream, scissors: scissors.clone() };
    let service = service_fn(move |request| {
        let answer = handler(request, scissors.clone());
        async move { answer.await.ok_or(Closed) }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(wire), service).await;
}

/// The handler wants no answer sent.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}
