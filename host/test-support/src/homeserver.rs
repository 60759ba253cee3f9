//! A homeserver, as a real Synapse was captured (`fixtures/matrix`): rooms with membership and power enforced, a
//! client-server API for application services, and transactions pushed as Synapse pushes them, with all that it
//! forgets. What no capture backs is answered with 501, and fails the test that asked.
//!
//! ```no_run
//! # async fn shown() {
//! use patchbay_test_support::homeserver::{Homeserver, Options};
//! let homeserver = Homeserver::start(Options::default()).await;
//! homeserver.push_to("http://127.0.0.1:8090"); // where the application service listens
//! let alice = homeserver.person("alice", "Alice");
//! let room = alice.create_room("Order 17", &[homeserver.bot()]);
//! alice.say(&room, "hello");
//! homeserver.restart(true).await; // what waited in memory behind a slow transaction is lost
//! # }
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it serves tests only, and a test is to end where it finds something wrong"
)]

mod api;
mod create;
mod delivery;
mod event;
mod faults;
mod front;
mod identity;
mod media;
mod person;
mod room;
mod rules;
mod world;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use patchbay_types::{Clock, SystemClock};
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::{
    delivery::Pushed,
    faults::{Fault, On},
    front::Cut,
    person::Person,
    world::{Call, Refusal},
};
use self::{front::Front, world::World};

/// What a homeserver is started with.
#[derive(Clone)]
pub struct Options {
    /// Its name, as in `@alice:localhost`.
    pub server_name: String,
    /// The registration's identifier, for pings.
    pub registration: String,
    /// Its tokens.
    pub as_token: String,
    /// See there.
    pub hs_token: String,
    /// The bot's localpart.
    pub bot: String,
    /// What the localparts of ghosts, and of our aliases, begin with.
    pub prefix: String,
    /// Whether devices are made without a login, as MSC4190 says.
    pub msc4190: bool,
    /// Whether typing and receipts are pushed.
    pub ephemeral: bool,
    /// The version of rooms that do not say one.
    pub room_version: String,
    /// The largest upload, in bytes.
    pub upload_limit: usize,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What Synapse's second takes here, where it waits before it pushes again.
    pub second: Duration,
}

/// A running homeserver; it ends when this is dropped, and panics if it was asked what no capture backs.
pub struct Homeserver {
    shared: Arc<Shared>,
    front: Front,
    _end: DropGuard,
}

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) bot: String,
    world: Mutex<World>,
    /// Something may have to be pushed.
    pub(crate) wake: Notify,
    /// A ping was answered: what waits is tried at once.
    pub(crate) pinged: Notify,
    /// The process died: what is under way is over.
    pub(crate) died: Notify,
    pub(crate) http: reqwest::Client,
}

// === impl Options ===

impl Default for Options {
    /// Names and tokens as the host's own tests have them; a second takes 10 ms.
    fn default() -> Self {
        Self {
            server_name: "localhost".to_owned(),
            registration: "patchbay".to_owned(),
            as_token: "as".to_owned(),
            hs_token: "hs".to_owned(),
            bot: "patchbay".to_owned(),
            prefix: "patchbay_".to_owned(),
            msc4190: true,
            ephemeral: true,
            room_version: "12".to_owned(),
            upload_limit: 50 << 20,
            clock: Arc::new(SystemClock),
            second: Duration::from_millis(10),
        }
    }
}

// === impl Homeserver ===

impl Homeserver {
    /// Starts one on a free port of 127.0.0.1; it pushes nothing before [`Self::push_to`].
    pub async fn start(options: Options) -> Self {
        let end = CancellationToken::new();
        let shared = Arc::new(Shared {
            bot: format!("@{}:{}", options.bot, options.server_name),
            world: Mutex::new(World::new(&options)),
            options,
            wake: Notify::new(),
            pinged: Notify::new(),
            died: Notify::new(),
            http: http(),
        });
        let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = inner.local_addr().unwrap();
        let app = api::router(Arc::clone(&shared));
        tokio::spawn(end.clone().run_until_cancelled_owned(async move { axum::serve(inner, app).await }));
        tokio::spawn(end.clone().run_until_cancelled_owned(delivery::run(Arc::clone(&shared))));
        let front = Front::start(address, end.clone()).await;
        Self { shared, front, _end: end.drop_guard() }
    }

    /// The base URL of its client-server API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.front.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// The bot's user ID.
    #[must_use]
    pub fn bot(&self) -> &str {
        &self.shared.bot
    }

    /// Where the application service listens, from now on.
    pub fn push_to(&self, url: &str) {
        self.world().push_to = Some(url.trim_end_matches('/').to_owned());
        self.shared.wake.notify_one();
    }

    /// Somebody with an account here, made if there is none yet.
    #[must_use]
    pub fn person(&self, localpart: &str, display_name: &str) -> Person {
        let user = format!("@{localpart}:{}", self.shared.options.server_name);
        self.world().account(&user, Some(display_name));
        Person::new(Arc::clone(&self.shared), user)
    }

    /// One of the application service's own users, acting by hand: what it does comes past no limit and no fault.
    #[must_use]
    pub fn ours(&self, user: &str) -> Person {
        Person::new(Arc::clone(&self.shared), user.to_owned())
    }

    /// The whole of a room, oldest first, as one who was always there sees it.
    #[must_use]
    pub fn history(&self, room: &str) -> Vec<Value> {
        self.world().history(room)
    }

    /// Who has joined.
    #[must_use]
    pub fn joined(&self, room: &str) -> Vec<String> {
        self.world().room(room).map(|room| room.joined().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// What was asked of the client-server API, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// Attempts to push, in order.
    #[must_use]
    pub fn pushed(&self) -> Vec<Pushed> {
        self.world().delivery.pushed.clone()
    }

    /// How many events wait to be pushed, in memory or on disk.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.world().delivery.waiting()
    }

    /// Waits until all was pushed and accepted; fails after 30 s.
    pub async fn all_pushed(&self) {
        self.until("everything is pushed", |homeserver| homeserver.waiting() == 0).await;
    }

    /// Waits for a condition; fails after 30 s.
    pub async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let wait = async {
            while !condition(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(30), wait).await;
        assert!(came.is_ok(), "{what}: it never came to that; pushed: {:?}", self.pushed());
    }

    /// Ends the process and starts it again: in good order (a signal), or not. Transaction IDs of requests without a
    /// device are forgotten, events that waited in memory are lost, and IDs of pushes go on behind the highest on disk:
    /// at 1 where there is none.
    pub async fn restart(&self, in_order: bool) {
        self.front.down().await;
        self.world().restart(in_order);
        self.shared.died.notify_waiters();
        self.front.up().await;
        self.shared.wake.notify_one();
    }

    /// Refuses connections, and cuts those that are open; nothing is pushed either.
    pub async fn down(&self) {
        self.front.down().await;
        self.world().delivery.halted = true;
    }

    /// Listens again after [`Self::down`].
    pub async fn up(&self) {
        self.world().delivery.halted = false;
        self.front.up().await;
        self.shared.wake.notify_one();
    }

    /// Pushes nothing, but answers: what people say meanwhile waits in memory.
    pub fn hold_pushes(&self, held: bool) {
        self.world().delivery.halted = held;
        self.shared.wake.notify_one();
    }

    /// Pushes a transaction that was pushed before once more, under its old ID, as after a crash.
    pub async fn push_again(&self, number: usize) -> Option<u16> {
        delivery::again(&self.shared, number).await
    }

    /// The next request that fits goes wrong.
    pub fn fault(&self, on: On, fault: Fault) {
        self.world().faults.push((on, fault));
    }

    /// The next answer, whoever gets it, is cut on its way.
    pub fn cut(&self, cut: Cut) {
        self.front.cut(cut);
    }

    /// What was asked that no capture backs. Dropping the homeserver fails the test where there is any.
    #[must_use]
    pub fn unbacked(&self) -> Vec<String> {
        self.world().unbacked.clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        let unbacked = self.unbacked();
        assert!(
            std::thread::panicking() || unbacked.is_empty(),
            "the homeserver was asked what no capture backs: {unbacked:?}"
        );
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
