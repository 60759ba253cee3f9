//! An Odoo in memory that answers as Odoo 18 and 19 were recorded to answer (`fixtures/odoo`), oddities included. Whatever
//! no recording shows is answered 501, and the test that asked fails.
//!
//! ```no_run
//! # async fn example() {
//! use patchbay_test_support::odoo::{Odoo, Version};
//! let odoo = Odoo::start(Version::V19).await;
//! let ticket = odoo.new_ticket("helpdesk.ticket", serde_json::json!({"name": "Broken", "description": "<p>x</p>"})).await;
//! odoo.agent_comment("helpdesk.ticket", ticket, "<p>Good morning</p>").await;
//! assert_eq!(odoo.messages("helpdesk.ticket", ticket).last().unwrap().body, "<p>Good morning</p>");
//! # }
//! ```

mod access;
mod answer;
mod attachment;
mod automation;
mod backing;
mod behaviour;
mod compute;
mod core;
mod db;
mod deeds;
mod domain;
mod error;
mod faults;
mod html;
mod http_server;
mod json2;
mod load;
mod methods;
mod orm;
mod post;
mod python;
mod rpc;
mod schema;
mod seed;
mod state;
mod tx;

use std::{net::SocketAddr, sync::Arc};

use patchbay_types::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

pub use self::{
    automation::Sent,
    backing::{ANALOGIES, FILES, all as transcript_entries},
    deeds::{Automation, Held},
    faults::{Fault, Faults},
    state::Message,
};
use self::{core::Core, db::Db, schema::Schema};

/// Which Odoo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 18.0: JSON-RPC only.
    V18,
    /// 19.0: JSON-RPC and JSON-2.
    V19,
}

/// How a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `/jsonrpc`.
    JsonRpc,
    /// `/json/2`.
    Json2,
    /// Any other address.
    Web,
}

/// A user who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name to log in with.
    pub login: String,
    /// An API key; good as a password over JSON-RPC, and the bearer key of JSON-2.
    pub key: String,
    /// The password; JSON-RPC only.
    pub password: String,
    /// The identifier.
    pub uid: i64,
}

/// One request that was answered.
#[derive(Debug, Clone)]
pub struct Call {
    /// How it came.
    pub transport: Transport,
    /// The address.
    pub path: String,
    /// Empty where no model is called.
    pub model: String,
    /// `search_read`, `authenticate`, or the address.
    pub method: String,
    /// JSON-RPC: positional and keyword arguments as a list; JSON-2: the named ones. Long texts are left out.
    pub arguments: Value,
    /// Whose call it was, where that is known.
    pub uid: Option<i64>,
    /// The answer's status.
    pub status: u16,
    /// The exception's name, of an answer that is an error.
    pub error: Option<String>,
    /// `file:name` of the transcript entry that shows the answer's shape, or `fault:…`. None: the test fails.
    pub backed_by: Option<String>,
}

/// A running Odoo. When it is dropped after it was asked what no transcript shows, the test fails.
pub struct Odoo {
    core: Arc<Core>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

// === impl Version ===

impl Version {
    fn database(self) -> &'static str {
        match self {
            Self::V18 => "crm18",
            Self::V19 => "crm19",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::V18 => 18,
            Self::V19 => 19,
        }
    }

    fn info(self) -> Value {
        let number = self.number();
        json!({
            "server_version": format!("{number}.0"), "server_version_info": [number, 0, 0, "final", 0, ""],
            "server_serie": format!("{number}.0"), "protocol_version": 1,
        })
    }

    fn web(self) -> Value {
        let number = self.number();
        json!({"version_info": [number, 0, 0, "final", 0, ""], "version": format!("{number}.0")})
    }
}

// === impl Odoo ===

impl Odoo {
    /// A server with two databases, the recorded users, stages and message subtypes, and no tickets.
    ///
    /// # Panics
    ///
    /// No port of the loopback interface could be bound.
    pub async fn start(version: Version) -> Self {
        Self::start_at(version, Arc::new(SystemClock)).await
    }

    /// As `start`, by another clock.
    ///
    /// # Panics
    ///
    /// No port of the loopback interface could be bound.
    #[expect(
        clippy::expect_used,
        reason = "only tests start one, and without a port there is nothing to test"
    )]
    pub async fn start_at(version: Version, clock: Arc<dyn Clock>) -> Self {
        let mut db = Db::new(Schema::of(version));
        db.index("ir.model.data", "complete_key");
        let core = Arc::new(Core::new(version, db, clock));
        seed::fill(&core);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let served = core.clone();
        let task = crate::wire::serve(listener, move |request, scissors| {
            http_server::handle(served.clone(), request, scissors)
        });
        Self { core, address, task }
    }

    /// `http://127.0.0.1:…`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which one it is.
    #[must_use]
    pub fn version(&self) -> Version {
        self.core.version
    }

    /// The database's name: `crm18` or `crm19`.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.core.database
    }

    /// The integration's own user: internal, no administrator.
    #[must_use]
    pub fn bridge(&self) -> Login {
        self.login("bridge")
    }
    /// A human who answers customers.
    #[must_use]
    pub fn agent(&self) -> Login {
        self.login("agent")
    }
    /// A user without the rights of sales, projects and tickets.
    #[must_use]
    pub fn limited(&self) -> Login {
        self.login("limited")
    }
    /// The administrator.
    #[must_use]
    pub fn admin(&self) -> Login {
        self.login("admin")
    }

    /// A user by the name they log in with.
    ///
    /// # Panics
    ///
    /// There is no such user.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that asks for a user who is not there is wrong")]
    pub fn login(&self, login: &str) -> Login {
        self.core.login_of(login).expect("a user of this name")
    }

    /// What is to go wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.core.faults.clone()
    }

    /// What was asked so far, in the order of the answers: the last ten thousand calls at least.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.core.calls.lock().map(|calls| calls.clone()).unwrap_or_default()
    }

    /// Transcript entries that back what was answered so far, as `file:name`.
    #[must_use]
    pub fn used(&self) -> std::collections::BTreeSet<String> {
        let used = self.core.used.lock().map(|used| used.clone()).unwrap_or_default();
        used.into_iter().filter(|entry| !entry.starts_with("fault:")).collect()
    }

    /// Forgets the calls so far, and not which entries they used.
    pub fn forget_calls(&self) {
        if let Ok(mut calls) = self.core.calls.lock() {
            calls.clear();
        }
    }

    /// What was asked that no transcript shows.
    #[must_use]
    pub fn unbacked(&self) -> Vec<String> {
        self.core.unbacked.lock().map(|all| all.clone()).unwrap_or_default()
    }

    /// Fails when something was asked that no transcript shows.
    ///
    /// # Panics
    ///
    /// Something was.
    pub fn assert_backed(&self) {
        let all = self.unbacked();
        assert!(all.is_empty(), "no transcript backs what was asked of the Odoo double: {all:#?}");
    }

    /// Forgets what was asked so far that no transcript shows: for tests of just that.
    pub fn forgive(&self) {
        if let Ok(mut all) = self.core.unbacked.lock() {
            all.clear();
        }
    }
}

impl Drop for Odoo {
    fn drop(&mut self) {
        self.task.abort();
        if !std::thread::panicking() {
            self.assert_backed();
        }
    }
}

impl std::fmt::Debug for Odoo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Odoo")
            .field("version", &self.core.version)
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
