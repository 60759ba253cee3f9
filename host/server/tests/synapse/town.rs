//! A Synapse and a host that know each other, and the people who register there.

use std::net::TcpListener;

use serde_json::Value;
use tempfile::TempDir;

use crate::{homeserver::Homeserver, host::Host, user::User};

/// The host's own user.
pub(crate) const BOT: &str = "@patchbay:localhost";

/// Both, running.
pub(crate) struct Town {
    /// Synapse.
    pub(crate) homeserver: Homeserver,
    /// Patchbay.
    pub(crate) host: Host,
    _dir: TempDir,
}

// === impl Town ===

impl Town {
    /// Founds one in a directory and on ports of its own.
    pub(crate) async fn found() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [client, appservice, admin] = free_ports();
        let url = format!("http://127.0.0.1:{client}");
        let host = Host::prepare(&dir.path().join("host"), appservice, admin, &url);
        let registration = host.registration().await;
        let homeserver = Homeserver::prepare(&dir.path().join("synapse"), client, &registration).await;
        let mut town = Self { homeserver, host, _dir: dir };
        town.homeserver.start().await;
        town.host.start().await;
        town
    }

    /// A new account.
    pub(crate) async fn user(&self, name: &str, display_name: &str) -> User {
        User::register(&self.homeserver.url, name, display_name).await
    }

    /// A room of the user's into which the bot was invited, and has come.
    pub(crate) async fn room(&self, user: &User, name: &str, state: Value) -> String {
        let room = user.room_with(BOT, name, state).await;
        user.see(&room, "the bot to join", |event| {
            event["state_key"] == BOT && event["content"]["membership"] == "join"
        })
        .await;
        room
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("== Synapse\n{}\n== the host\n{}", self.homeserver.log(), self.host.log());
        }
    }
}

/// Ports on which nobody listens. All are held until all are known, so no two are the same.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
