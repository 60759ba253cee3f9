//! What is outside the walls: servers that are played, byte by byte.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A server that keeps count of who came and what they said. It ends with its last handle.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Log>>,
    _end: Arc<End>,
}

#[derive(Default)]
struct Log {
    connections: usize,
    requests: Vec<String>,
}

struct End(tokio::task::JoinHandle<()>);

/// One connection to a server.
pub(crate) struct Peer<S = TcpStream> {
    pub(crate) stream: S,
    log: Arc<Mutex<Log>>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// Each connection is handed to `play`.
    pub(crate) async fn playing<F>(play: impl Fn(Peer) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::playing_at("127.0.0.1:0", play).await
    }

    pub(crate) async fn playing_at<F>(place: &str, play: impl Fn(Peer) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(place).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let kept = Arc::clone(&log);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                kept.lock().unwrap().connections += 1;
                tokio::spawn(play(Peer { stream, log: Arc::clone(&kept) }));
            }
        });
        Self { address, log, _end: Arc::new(End(task)) }
    }

    /// Answers each request of each connection with these bytes, which may depend on it.
    pub(crate) async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::answering_at("127.0.0.1:0", answer).await
    }

    pub(crate) async fn answering_at(
        place: &str,
        answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let answer = Arc::new(answer);
        Self::playing_at(place, move |mut peer| {
            let answer = Arc::clone(&answer);
            async move {
                while let Some(request) = peer.request().await {
                    peer.say(answer(&request)).await;
                }
            }
        })
        .await
    }

    /// Nobody should come here.
    pub(crate) async fn trap() -> Self {
        Self::answering(|_| ok("caught")).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }

    /// All requests so far, as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap().requests.clone()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// The next request, head and body; none: the connection was closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        loop {
            if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let length = length(&String::from_utf8_lossy(&bytes[..head]));
                if bytes.len() >= head + 4 + length {
                    let request = String::from_utf8_lossy(&bytes).into_owned();
                    self.log.lock().unwrap().requests.push(request.clone());
                    return Some(request);
                }
            }
            let mut part = [0; 4096];
            match self.stream.read(&mut part).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => bytes.extend_from_slice(&part[..read]),
            }
        }
    }

    /// Writes; false: nobody reads any more.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok() && self.stream.flush().await.is_ok()
    }
}

impl Peer {
    /// The same connection under another stream, such as TLS.
    pub(crate) fn over<S>(
        self,
        stream: impl FnOnce(TcpStream) -> BoxFuture<'static, Option<S>>,
    ) -> BoxFuture<'static, Option<Peer<S>>>
    where
        S: Send + 'static,
    {
        let Self { stream: raw, log } = self;
        stream(raw).map(|stream| stream.map(|stream| Peer { stream, log })).boxed()
    }
}

fn length(head: &str) -> usize {
    let field = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    field.map_or(0, |length| length.trim().parse().unwrap())
}

/// 200 with this body.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", &[], body.as_bytes())
}

pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A redirect to there.
pub(crate) fn see(status: u16, location: &str) -> Vec<u8> {
    answer(&format!("{status} Elsewhere"), &[("location", location)], b"")
}
