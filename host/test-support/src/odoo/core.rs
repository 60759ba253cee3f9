//! The server behind both transports: users, one call as one transaction, webhooks, and the log of what was asked.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use patchbay_types::Clock;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, watch};

use super::{
    Call, Login, Transport, Version,
    access::Role,
    attachment::Files,
    automation::{self, Hook, Sent},
    backing,
    db::Db,
    error::{Halt, OdooError, Res, python_error, user_error},
    faults::{Fault, Faults},
    load,
    methods::{self, Outcome, Request},
    tx::Tx,
};

/// Tries of a transaction that loses, as the server has them.
const TRIES: usize = 5;

/// Calls that are remembered at most; then the older half goes.
const KEPT: usize = 20_000;

/// A user's secrets.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    pub(crate) password: String,
    pub(crate) keys: Vec<String>,
    pub(crate) role: Role,
}

/// All of a server.
pub(crate) struct Core {
    pub(crate) version: Version,
    pub(crate) database: String,
    pub(crate) db: RwLock<Db>,
    pub(crate) files: Files,
    pub(crate) users: RwLock<HashMap<i64, Secrets>>,
    pub(crate) faults: Faults,
    pub(crate) calls: Mutex<Vec<Call>>,
    pub(crate) used: Mutex<BTreeSet<String>>,
    pub(crate) unbacked: Mutex<Vec<String>>,
    pub(crate) sent: Mutex<Vec<Sent>>,
    pub(crate) latency: Mutex<Duration>,
    pub(crate) login_cost: Mutex<Duration>,
    pub(crate) failed_logins: AtomicUsize,
    pub(crate) one_database: std::sync::atomic::AtomicBool,
    pub(crate) clock: Arc<dyn Clock>,
    ticks: AtomicU64,
    client: Option<reqwest::Client>,
    /// Commits of these models wait while it is true.
    pub(crate) held: watch::Sender<Option<Held>>,
    pub(crate) waiting: Notify,
}

/// Which commits are held back.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) method: String,
    pub(crate) ticket: u64,
}

/// How a call ended.
pub(crate) struct Done {
    pub(crate) result: Res<Outcome>,
}

impl Core {
    pub(crate) fn new(version: Version, db: Db, clock: Arc<dyn Clock>) -> Self {
        Self {
            version,
            database: version.database().to_owned(),
            db: RwLock::new(db),
            files: Files::default(),
            users: RwLock::default(),
            faults: Faults::default(),
            calls: Mutex::default(),
            used: Mutex::default(),
            unbacked: Mutex::default(),
            sent: Mutex::default(),
            latency: Mutex::default(),
            login_cost: Mutex::new(Duration::from_millis(20)),
            failed_logins: AtomicUsize::new(0),
            one_database: false.into(),
            clock,
            ticks: AtomicU64::new(0),
            client: automation::client(),
            held: watch::channel(None).0,
            waiting: Notify::new(),
        }
    }

    /// The time with microseconds; no two are alike.
    pub(crate) fn now(&self) -> String {
        let millis = i64::try_from(self.clock.now()).unwrap_or(0);
        let micros = self.ticks.fetch_add(1, Ordering::SeqCst) % 999 + 1;
        let base = chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default();
        format!("{}{micros:03}", base.format("%Y-%m-%d %H:%M:%S%.3f"))
    }

    pub(crate) fn role(&self, uid: i64) -> Role {
        self.users
            .read()
            .ok()
            .and_then(|users| users.get(&uid).map(|user| user.role))
            .unwrap_or(Role::Internal)
    }

    /// Reads the committed state as the administrator sees it.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&Tx<'_>) -> T) -> Option<T> {
        let db = self.db.read().ok()?;
        let context = Map::from_iter([("active_test".to_owned(), json!(false))]);
        Some(read(&Tx::new(&db, &self.files, self.version, 1, Role::Admin, context, self.now())))
    }

    /// Changes the committed state past all rules.
    pub(crate) fn force<T>(&self, uid: i64, change: impl FnOnce(&mut Tx<'_>) -> Res<T>) -> Res<T> {
        let mut db = self.db.write().map_err(|_| Halt::Unbacked("poisoned".to_owned()))?;
        // Nobody follows what a test puts there, and no log line says it.
        let quiet = ["mail_create_nosubscribe", "mail_create_nolog", "tracking_disable"];
        let context = quiet.into_iter().map(|name| (name.to_owned(), json!(true))).collect();
        let mut tx = Tx::new(&db, &self.files, self.version, uid, Role::Admin, context, self.now());
        let value = change(&mut tx)?;
        let (changes, _) = tx.finish();
        if db.commit(changes) { Ok(value) } else { Err(Halt::Conflict) }
    }

    pub(crate) fn user_of_key(&self, key: &str) -> Option<i64> {
        let users = self.users.read().ok()?;
        users.iter().find(|(_, user)| user.keys.iter().any(|known| known == key)).map(|(uid, _)| *uid)
    }

    /// Whether the password or key is this user's; a wrong one costs time.
    pub(crate) async fn login(&self, uid: i64, secret: &str) -> bool {
        let good = self.users.read().is_ok_and(|users| {
            users.get(&uid).is_some_and(|user| {
                (!user.password.is_empty() && user.password == secret)
                    || user.keys.iter().any(|key| key == secret)
            })
        });
        if !good {
            self.failed_logins.fetch_add(1, Ordering::SeqCst);
            let cost = self.login_cost.lock().map(|cost| *cost).unwrap_or_default();
            tokio::time::sleep(cost).await;
        }
        good
    }

    fn half_latency(&self, fault: Option<&Fault>) -> Duration {
        let base = self.latency.lock().map(|latency| *latency).unwrap_or_default();
        let more = if let Some(Fault::Slow(more)) = fault { *more } else { Duration::ZERO };
        (base + more) / 2
    }

    /// One call, as one transaction that is tried again when it loses.
    pub(crate) async fn run(
        &self,
        uid: i64,
        request: &Request,
        context: &Map<String, Value>,
        transport: Transport,
        fault: Option<&Fault>,
    ) -> Done {
        let pause = self.half_latency(fault);
        sleep(pause).await;
        let mut lose = match fault {
            Some(Fault::Conflict) => TRIES,
            Some(Fault::ConflictOnce) => 1,
            _ => 0,
        };
        for _ in 0..TRIES {
            let attempt = self.attempt(uid, request, context, transport);
            let (result, changes, hooks) = match attempt {
                Ok(attempt) => attempt,
                Err(halt) => {
                    sleep(pause).await;
                    return Done { result: Err(halt) };
                }
            };
            sleep(pause).await;
            self.wait_while_held(&request.method).await;
            if self.version == Version::V18 {
                self.send(hooks.clone()).await;
            }
            if fault == Some(&Fault::Rollback) {
                return Done { result: Err(user_error("no", &["error.user_error", "context.lang"])) };
            }
            let writes = !changes.rows.is_empty() || !changes.fields.is_empty();
            let won = if lose > 0 {
                lose -= 1;
                false
            } else {
                !writes || self.db.write().is_ok_and(|mut db| db.commit(changes))
            };
            if won {
                if self.version == Version::V19 {
                    self.send(hooks).await;
                }
                return Done { result: Ok(result) };
            }
            if request.method == "load" {
                let value = load::failed(&load::row_error(0, load::LOST));
                let entries = vec!["load.concurrent_same_external_id".to_owned()];
                return Done { result: Ok(Outcome { value: Some(value), entries }) };
            }
        }
        let message = "could not serialize access due to concurrent update\n";
        let entries = &["execute_kw.wrong_db", "db.unknown_db"];
        Done { result: Err(python_error("psycopg2.errors.SerializationFailure", message, entries)) }
    }

    fn attempt(
        &self,
        uid: i64,
        request: &Request,
        context: &Map<String, Value>,
        transport: Transport,
    ) -> Res<(Outcome, super::db::Changes, Vec<Hook>)> {
        let role = self.role(uid);
        let db = self.db.read().map_err(|_| Halt::Unbacked("poisoned".to_owned()))?;
        let mut tx = Tx::new(&db, &self.files, self.version, uid, role, context.clone(), self.now());
        tx.rules_on_messages = automation::listening(&tx);
        let outcome = methods::call(&mut tx, request, transport)?;
        if request.model == "res.users" {
            self.passwords(&tx, request, &outcome);
        }
        let hooks = if tx.events.is_empty() { Vec::new() } else { automation::due(&tx) };
        let (changes, _) = tx.finish();
        Ok((outcome, changes, hooks))
    }

    /// A user that is made or changed over the API has the password that stands in the values, and what rights its groups
    /// give.
    fn passwords(&self, tx: &Tx<'_>, request: &Request, outcome: &Outcome) {
        let values = request.args.iter().chain(request.kwargs.values());
        let flat = values.flat_map(|value| match value {
            Value::Array(all) => all.clone(),
            one => vec![one.clone()],
        });
        let given: Vec<Value> = flat.filter(Value::is_object).collect();
        let written = request.ids.clone().unwrap_or_else(|| match request.args.first() {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_i64).collect(),
            _ => Vec::new(),
        });
        let ids: Vec<i64> = match (request.method.as_str(), outcome.value.as_ref()) {
            ("create", Some(Value::Array(ids))) => ids.iter().filter_map(Value::as_i64).collect(),
            ("create", Some(id)) => id.as_i64().into_iter().collect(),
            ("write", _) => written,
            _ => return,
        };
        let Ok(mut users) = self.users.write() else { return };
        for (at, id) in ids.into_iter().enumerate() {
            let values = given.get(at).or(given.first());
            let user = users.entry(id).or_insert_with(|| Secrets {
                password: String::new(),
                keys: Vec::new(),
                role: Role::Limited,
            });
            if let Some(password) = values.and_then(|values| values.get("password")).and_then(Value::as_str) {
                password.clone_into(&mut user.password);
            }
            let field = if self.version == Version::V18 { "groups_id" } else { "group_ids" };
            if values.is_some_and(|values| values.get(field).is_some()) {
                user.role = super::access::role_of(&groups(tx, id, field));
            }
        }
    }

    async fn send(&self, hooks: Vec<Hook>) {
        let Some(client) = &self.client else { return };
        for hook in hooks {
            let sent = automation::post(client, hook).await;
            if let Ok(mut all) = self.sent.lock() {
                all.push(sent);
            }
        }
    }

    async fn wait_while_held(&self, method: &str) {
        let mut held = self.held.subscribe();
        let mine =
            held.borrow_and_update().as_ref().filter(|held| held.method == method).map(|held| held.ticket);
        let Some(ticket) = mine else { return };
        // Only the first one waits.
        self.held.send_modify(|held| {
            if let Some(held) = held
                && held.ticket == ticket
            {
                held.method = String::new();
            }
        });
        self.waiting.notify_one();
        let _ = held.wait_for(|held| held.as_ref().is_none_or(|held| held.ticket != ticket)).await;
    }

    /// Names the entry that shows the answer; none: there is none, and the test is to fail.
    pub(crate) fn back(&self, transport: Transport, entries: &[String], what: &str) -> Option<String> {
        let found = backing::find(self.version, transport, entries.iter().map(String::as_str));
        if found.is_none() {
            self.unbacked(format!("{what}: none of {entries:?}"));
        }
        found
    }

    pub(crate) fn unbacked(&self, what: String) {
        if let Ok(mut all) = self.unbacked.lock() {
            all.push(what);
        }
    }

    pub(crate) fn record(&self, call: Call) {
        if let (Some(entry), Ok(mut used)) = (&call.backed_by, self.used.lock())
            && !used.contains(entry)
        {
            used.insert(entry.clone());
        }
        if let Ok(mut calls) = self.calls.lock() {
            if calls.len() >= KEPT {
                calls.drain(..KEPT / 2);
            }
            calls.push(call);
        }
    }

    pub(crate) fn login_of(&self, login: &str) -> Option<Login> {
        let uid = self.look(|tx| tx.find("res.users", "login", &json!(login)).first().copied())??;
        let users = self.users.read().ok()?;
        let user = users.get(&uid)?;
        Some(Login {
            login: login.to_owned(),
            password: user.password.clone(),
            key: user.keys.first().cloned().unwrap_or_default(),
            uid,
        })
    }
}

/// External identifiers of a user's groups.
fn groups(tx: &Tx<'_>, user: i64, field: &str) -> Vec<String> {
    let groups = tx.get("res.users", user, field);
    let groups = groups.as_array().into_iter().flatten();
    let names = groups.flat_map(|group| tx.find("ir.model.data", "res_id", group));
    let names = names.filter(|data| tx.get("ir.model.data", *data, "model") == "res.groups");
    names
        .filter_map(|data| tx.get("ir.model.data", data, "complete_name").as_str().map(str::to_owned))
        .collect()
}

async fn sleep(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// An error as entries to look for.
pub(crate) fn entries_of(error: &OdooError) -> Vec<String> {
    error.entries.iter().map(|entry| (*entry).to_owned()).collect()
}
