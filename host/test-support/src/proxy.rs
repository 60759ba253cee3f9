//! A TCP proxy that breaks what goes through it: it cuts, hangs, resets after so many bytes either way, and goes down and
//! up by command. It stands before any server, be it HTTP or not.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use crate::wire::reset_on_close;

/// How connections fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Bytes go through.
    #[default]
    Up,
    /// Connections are reset as they come, and those that stand are reset too.
    Down,
    /// Connections are taken and nothing ever moves; those that stand stand still.
    Hang,
}

/// A breakage for one connection to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Reset after so many bytes of what the client sends.
    Sent(usize),
    /// Reset after so many bytes of what the server answers.
    Answered(usize),
    /// Closed at once, without a byte.
    AtOnce,
}

/// A running proxy; dropping it ends its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    next: Arc<Mutex<Vec<Break>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
    flapping: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// A proxy before `target`, on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// No port could be bound.
    pub async fn start(target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (mode, watching) = watch::channel(Mode::Up);
        let next: Arc<Mutex<Vec<Break>>> = Arc::default();
        let connections: Arc<AtomicUsize> = Arc::default();
        let (breaks, count) = (next.clone(), connections.clone());
        let task = tokio::spawn(async move {
            let mut all = tokio::task::JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { continue };
                        count.fetch_add(1, Ordering::SeqCst);
                        let wanted = breaks.lock().ok().and_then(|mut all| (!all.is_empty()).then(|| all.remove(0)));
                        all.spawn(carry(stream, target, watching.clone(), wanted));
                    }
                    Some(_) = all.join_next(), if !all.is_empty() => {}
                }
            }
        });
        Ok(Self { address, mode, next, connections, task, flapping: Mutex::new(None) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, for standing connections too.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Breaks the next connection that comes; called again, the one after it.
    pub fn break_next(&self, how: Break) {
        if let Ok(mut next) = self.next.lock() {
            next.push(how);
        }
    }

    /// Connections taken so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Up and down by turns until `stop_flapping`, which leaves it up.
    pub fn flap(&self, up: Duration, down: Duration) {
        let mode = self.mode.clone();
        let task = tokio::spawn(async move {
            loop {
                mode.send_replace(Mode::Up);
                tokio::time::sleep(up).await;
                mode.send_replace(Mode::Down);
                tokio::time::sleep(down).await;
            }
        });
        if let Ok(mut flapping) = self.flapping.lock()
            && let Some(old) = flapping.replace(task)
        {
            old.abort();
        }
    }

    /// Ends the flapping; the proxy is up.
    pub fn stop_flapping(&self) {
        if let Ok(mut flapping) = self.flapping.lock()
            && let Some(old) = flapping.take()
        {
            old.abort();
        }
        self.set(Mode::Up);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop_flapping();
        self.task.abort();
    }
}

async fn carry(
    client: TcpStream,
    target: SocketAddr,
    mut mode: watch::Receiver<Mode>,
    wanted: Option<Break>,
) {
    if *mode.borrow_and_update() == Mode::Down || wanted == Some(Break::AtOnce) {
        reset_on_close(&client);
        return;
    }
    if mode.wait_for(|mode| *mode != Mode::Hang).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        reset_on_close(&client);
        return;
    };
    let (mut sent, mut answered) = (usize::MAX, usize::MAX);
    match wanted {
        Some(Break::Sent(bytes)) => sent = bytes,
        Some(Break::Answered(bytes)) => answered = bytes,
        _ => {}
    }
    if !pump(&client, &server, mode, sent, answered).await {
        reset_on_close(&client);
        reset_on_close(&server);
    }
}

/// Moves bytes both ways; false when the connection is to be broken.
async fn pump(
    client: &TcpStream,
    server: &TcpStream,
    mut mode: watch::Receiver<Mode>,
    mut sent: usize,
    mut answered: usize,
) -> bool {
    let mut up = vec![0; 64 * 1024];
    let mut down = vec![0; 64 * 1024];
    let (mut client_open, mut server_open) = (true, true);
    while client_open || server_open {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Down => return false,
            Mode::Hang => {
                if mode.changed().await.is_err() {
                    return false;
                }
                continue;
            }
            Mode::Up => {}
        }
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return false },
            ready = client.readable(), if client_open => {
                if ready.is_err() { return false }
                match client.try_read(up.get_mut(..sent.clamp(1, 64 * 1024)).unwrap_or_default()) {
                    Ok(0) => { client_open = false; shut(server); }
                    Ok(n) => {
                        let n = n.min(sent);
                        if write_all(server, up.get(..n).unwrap_or_default()).await.is_err() { return false }
                        sent -= n;
                        if sent == 0 { return false }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return false,
                }
            }
            ready = server.readable(), if server_open => {
                if ready.is_err() { return false }
                match server.try_read(down.get_mut(..answered.clamp(1, 64 * 1024)).unwrap_or_default()) {
                    Ok(0) => { server_open = false; shut(client); }
                    Ok(n) => {
                        let n = n.min(answered);
                        if write_all(client, down.get(..n).unwrap_or_default()).await.is_err() { return false }
                        answered -= n;
                        if answered == 0 { return false }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return false,
                }
            }
        }
    }
    true
}

fn shut(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write);
}

async fn write_all(stream: &TcpStream, mut data: &[u8]) -> std::io::Result<()> {
    while !data.is_empty() {
        stream.writable().await?;
        match stream.try_write(data) {
            Ok(n) => data = data.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        address
    }

    #[tokio::test]
    async fn bytes_go_through_until_the_connection_is_to_break_after_so_many_of_them() {
        let proxy = Proxy::start(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut five = [0; 5];
        stream.read_exact(&mut five).await.unwrap();
        assert_eq!(&five, b"hello");

        proxy.break_next(Break::Answered(3));
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut some = Vec::new();
        assert!(stream.read_to_end(&mut some).await.is_err(), "a reset, no end");
        assert!(some.len() <= 3);
    }

    #[tokio::test]
    async fn down_resets_what_stands_and_what_comes_and_up_serves_again() {
        let proxy = Proxy::start(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"a").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'a');
        proxy.set(Mode::Down);
        assert!(stream.read_u8().await.is_err());
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(refused.read_u8().await.is_err());
        proxy.set(Mode::Up);
        let mut again = TcpStream::connect(proxy.address()).await.unwrap();
        again.write_all(b"b").await.unwrap();
        assert_eq!(again.read_u8().await.unwrap(), b'b');
    }
}
