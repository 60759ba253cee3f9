//! The door: a plain TCP relay before the server, which can be shut, and can cut an answer at any byte.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

/// How an answer is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Reset after so many of its bytes.
    Reset(usize),
    /// Ended in order after so many of its bytes.
    End(usize),
    /// Nothing more after so many of its bytes, and the connection stays open.
    Hang(usize),
}

pub(crate) struct Front {
    address: SocketAddr,
    inner: SocketAddr,
    next: Arc<Mutex<Option<Cut>>>,
    /// Ends with the listener and all its connections.
    open: tokio::sync::Mutex<Option<CancellationToken>>,
    count: watch::Sender<usize>,
    end: CancellationToken,
}

// === impl Front ===

impl Front {
    pub(crate) async fn start(inner: SocketAddr, end: CancellationToken) -> Self {
        let listener = listen("127.0.0.1:0".parse().unwrap());
        let front = Self {
            address: listener.local_addr().unwrap(),
            inner,
            next: Arc::default(),
            open: tokio::sync::Mutex::new(None),
            count: watch::Sender::new(0),
            end,
        };
        *front.open.lock().await = Some(front.serve(listener));
        front
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// Listens, unless it does.
    pub(crate) async fn up(&self) {
        let mut open = self.open.lock().await;
        if open.is_none() {
            *open = Some(self.serve(listen(self.address)));
        }
    }

    fn serve(&self, listener: TcpListener) -> CancellationToken {
        let stop = self.end.child_token();
        let (inner, next, count) = (self.inner, Arc::clone(&self.next), self.count.clone());
        let (until, ends) = (stop.clone(), stop.clone());
        count.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let accept = async {
                while let Ok((outer, _)) = listener.accept().await {
                    let (next, ends, count) = (Arc::clone(&next), ends.clone(), count.clone());
                    count.send_modify(|count| *count += 1);
                    tokio::spawn(async move {
                        ends.run_until_cancelled(relay(outer, inner, &next)).await;
                        count.send_modify(|count| *count -= 1);
                    });
                }
            };
            until.run_until_cancelled(accept).await;
            drop(listener);
            count.send_modify(|count| *count -= 1);
        });
        stop
    }

    /// Listens no more, and ends what is open. When it returns, all is shut.
    pub(crate) async fn down(&self) {
        if let Some(stop) = self.open.lock().await.take() {
            stop.cancel();
            let mut count = self.count.subscribe();
            let shut =
                tokio::time::timeout(Duration::from_secs(10), count.wait_for(|count| *count == 0)).await;
            assert!(shut.is_ok(), "the door does not shut");
        }
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(1024).unwrap()
}

async fn relay(mut outer: TcpStream, inner: SocketAddr, next: &Mutex<Option<Cut>>) {
    let Ok(mut inner) = TcpStream::connect(inner).await else { return };
    let _ = (outer.set_nodelay(true), inner.set_nodelay(true));
    let cut = {
        let (mut from, mut to) = inner.split();
        let (mut reader, mut writer) = outer.split();
        let there = async {
            let _ = tokio::io::copy(&mut reader, &mut to).await;
            let _ = to.shutdown().await;
            std::future::pending::<()>().await;
        };
        let back = async {
            let mut buffer = vec![0; 64 << 10];
            let mut cut: Option<Cut> = None;
            let mut passed = 0;
            loop {
                let Ok(read @ 1..) = from.read(&mut buffer).await else { return None };
                cut = cut.or_else(|| next.lock().unwrap_or_else(PoisonError::into_inner).take());
                let Some(Cut::Reset(most) | Cut::End(most) | Cut::Hang(most)) = cut else {
                    if writer.write_all(&buffer[..read]).await.is_err() {
                        return None;
                    }
                    continue;
                };
                let part = read.min(most - passed);
                passed += part;
                if writer.write_all(&buffer[..part]).await.is_err() {
                    return None;
                }
                if passed == most {
                    return cut;
                }
            }
        };
        tokio::select! {
            () = there => None,
            cut = back => cut,
        }
    };
    match cut {
        Some(Cut::Hang(_)) => std::future::pending().await,
        Some(Cut::Reset(_)) => {
            let _ = socket2::SockRef::from(&outer).set_linger(Some(Duration::ZERO));
        }
        Some(Cut::End(_)) | None => {}
    }
}
