//! A real `patchbay serve` in a directory of its own, and what a test asks of it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

/// What a test waits for comes within this, or never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
/// How long until a condition is looked at again.
const LOOK: Duration = Duration::from_millis(20);
/// The homeserver shows this to the host.
pub(crate) const HS_TOKEN: &str = "HS_TOKEN";

/// A directory to be served, with its data directory inside.
pub(crate) struct Directory(TempDir);

/// A running host.
pub(crate) struct Host {
    child: Child,
    log: Arc<Log>,
    appservice: String,
    admin: String,
    token: String,
    http: reqwest::Client,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<Value>>,
    more: Condvar,
}

/// The binary under test.
pub(crate) const PATCHBAY: &str = env!("CARGO_BIN_EXE_patchbay");

/// The same, as a command that knows of no host.
pub(crate) fn patchbay() -> Command {
    let mut command = Command::new(PATCHBAY);
    command.env_remove("PATCHBAY_CONFIG").env_remove("PATCHBAY_LOG").env_remove("PATCHBAY_URL");
    command
}

// === impl Directory ===

impl Directory {
    /// A directory whose homeserver is at `homeserver`; it listens wherever the system likes.
    pub(crate) fn new(homeserver: &str) -> Self {
        let dir = Self(tempfile::tempdir().unwrap());
        fs::create_dir(dir.path().join("components")).unwrap();
        fs::create_dir(dir.path().join("tenants")).unwrap();
        dir.write(
            "patchbay.toml",
            &format!(
                "[listen]\nappservice = '127.0.0.1:0'\nadmin = '127.0.0.1:0'\n\
                 [plugins]\ninstances = 64\nwarm = 16\nsettle = '20ms'\n\
                 [[registrations]]\nid = 'crm'\nhomeserver = '{homeserver}'\nserver-name = 'localhost'\n\
                 url = 'http://127.0.0.1:1'\nas-token = 'AS_TOKEN'\nhs-token = '{HS_TOKEN}'\n\
                 sender-localpart = '_crm_bot'\nprefix = '_crm_'\n"
            ),
        );
        dir
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    /// Copies a first-party component in; builds it where that was not done.
    pub(crate) fn component(&self, name: &str) {
        let built = guests().join(format!("{name}.wasm"));
        fs::copy(&built, self.path().join("components").join(format!("{name}.wasm"))).unwrap();
    }

    /// Runs another command in this directory.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let (command, rest) = args.split_first().unwrap();
        patchbay().arg(command).args(rest).arg("--config").arg(self.path()).output().unwrap()
    }
}

// === impl Host ===

impl Host {
    /// Starts the host and waits until it is ready.
    pub(crate) async fn start(dir: &Directory) -> Self {
        let mut child =
            patchbay().arg("serve").arg("--config").arg(dir.path()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::read(&mut child);
        let appservice = log.address("listening for homeservers");
        let admin = log.address("listening for operators");
        let token = fs::read_to_string(dir.path().join("data/admin.token")).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let host = Self { child, log, appservice, admin, token: token.trim().to_owned(), http };
        host.until("the host is ready", async || host.status("/readyz").await == StatusCode::OK).await;
        host
    }

    /// Sends a transaction as the homeserver does.
    pub(crate) async fn put(&self, txn: &str, body: &Value) -> StatusCode {
        let url = format!("{}/_matrix/app/v1/transactions/{txn}", self.appservice);
        self.http.put(url).bearer_auth(HS_TOKEN).json(body).send().await.unwrap().status()
    }

    /// Asks the admin API.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer =
            self.http.get(format!("{}{path}", self.admin)).bearer_auth(&self.token).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Asks the admin API to do something.
    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.admin)).bearer_auth(&self.token).json(body);
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The admin listener's answer to somebody without a token.
    pub(crate) async fn status(&self, path: &str) -> StatusCode {
        self.http.get(format!("{}{path}", self.admin)).send().await.unwrap().status()
    }

    /// The admin listener's text for somebody without a token.
    pub(crate) async fn text(&self, path: &str) -> String {
        self.http.get(format!("{}{path}", self.admin)).send().await.unwrap().text().await.unwrap()
    }

    /// The admin API's text.
    pub(crate) async fn authorised(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.admin)).bearer_auth(&self.token);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// With `token` instead of the right one.
    pub(crate) async fn status_with(&self, path: &str, token: &str) -> StatusCode {
        self.http.get(format!("{}{path}", self.admin)).bearer_auth(token).send().await.unwrap().status()
    }

    /// Where it listens for operators.
    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    /// Where it listens for webhooks.
    pub(crate) fn hooks(&self) -> String {
        self.log.address("listening for webhooks")
    }

    /// All that it has logged.
    pub(crate) fn logged(&self) -> String {
        self.log.lines.lock().unwrap().iter().map(|line| format!("{line}\n")).collect()
    }

    /// Runs a command against this host.
    pub(crate) fn run(&self, dir: &Directory, args: &[&str]) -> Output {
        let token = dir.path().join("data/admin.token");
        patchbay().args(args).args(["--url", &self.admin, "--token-file"]).arg(token).output().unwrap()
    }

    /// Waits until `condition` holds; says `what` where it never does.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}\n{:#?}", self.log.tail());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the host does not end\n{:#?}", self.log.tail());
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// === impl Log ===

impl Log {
    fn read(child: &mut Child) -> Arc<Self> {
        let log = Arc::<Self>::default();
        let (stderr, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                kept.lines.lock().unwrap().push(line);
                kept.more.notify_all();
            }
        });
        log
    }

    fn address(&self, message: &str) -> String {
        let said = |line: &Value| {
            let is = line["message"].as_str().is_some_and(|text| text.starts_with(message));
            is.then(|| format!("http://{}", line["at"].as_str().unwrap()))
        };
        let lines = self.lines.lock().unwrap();
        let missing = |lines: &mut Vec<Value>| !lines.iter().any(|line| said(line).is_some());
        let (lines, _) = self.more.wait_timeout_while(lines, PATIENCE, missing).unwrap();
        lines.iter().find_map(said).unwrap_or_else(|| panic!("never said: {message}\n{lines:#?}"))
    }

    fn tail(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        lines.iter().rev().take(20).rev().cloned().collect()
    }
}

/// Where the first-party components are. They are built once; `cargo xtask test` does it before any test runs.
pub(crate) fn guests() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guests = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("guests");
    if !guests.join("mapper-matrix.wasm").exists() {
        let status =
            Command::new(env!("CARGO")).args(["xtask", "guests"]).current_dir(root).status().unwrap();
        assert!(status.success(), "the components do not build");
    }
    guests
}
