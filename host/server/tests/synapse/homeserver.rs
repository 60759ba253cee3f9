//! A real Synapse of a test's own: its directory, port and database. It can be killed and started again.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::json;
use tokio::process::{Child, Command};

use crate::wait::until;

/// Synapse's name, as in `@alice:localhost`.
pub(crate) const SERVER_NAME: &str = "localhost";

/// A Synapse that runs, or was killed.
pub(crate) struct Homeserver {
    /// Base URL of its client-server API.
    pub(crate) url: String,
    dir: PathBuf,
    python: PathBuf,
    process: Option<Child>,
}

// === impl Homeserver ===

impl Homeserver {
    /// Lays out a Synapse below `dir` that knows the registration; it does not run yet.
    pub(crate) async fn prepare(dir: &Path, port: u16, registration: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("homeserver.yaml"), config(dir, port, registration)).unwrap();
        fs::write(dir.join("log.yaml"), LOG).unwrap();
        let environment =
            std::env::var_os("PATCHBAY_SYNAPSE").expect("PATCHBAY_SYNAPSE names a virtual environment");
        let python = PathBuf::from(environment).join("bin/python");
        let homeserver =
            Self { url: format!("http://127.0.0.1:{port}"), dir: dir.to_owned(), python, process: None };
        let keys = homeserver.command().arg("--generate-keys").status().await.unwrap();
        assert!(keys.success(), "Synapse makes no keys: {}", homeserver.log());
        homeserver
    }

    /// Starts it, and waits until it answers.
    pub(crate) async fn start(&mut self) {
        self.process = Some(self.command().kill_on_drop(true).spawn().unwrap());
        let health = format!("{}/health", self.url);
        until("Synapse to answer", async || {
            let process = self.process.as_mut().unwrap();
            assert!(process.try_wait().unwrap().is_none(), "Synapse ended: {}", self.log());
            let answer = reqwest::get(&health).await.map_err(|error| error.to_string())?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
        })
        .await;
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        self.process.take().expect("Synapse runs").kill().await.unwrap();
    }

    /// The end of what it wrote.
    pub(crate) fn log(&self) -> String {
        let text = fs::read_to_string(self.dir.join("out.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    fn command(&self) -> Command {
        let out = File::options().create(true).append(true).open(self.dir.join("out.log")).unwrap();
        let mut command = Command::new(&self.python);
        command.args(["-m", "synapse.app.homeserver", "--config-path"]).arg(self.dir.join("homeserver.yaml"));
        command.current_dir(&self.dir).stdout(out.try_clone().unwrap()).stderr(Stdio::from(out));
        command
    }
}

/// Synapse reads YAML, and JSON is YAML.
fn config(dir: &Path, port: u16, registration: &Path) -> String {
    let unlimited = json!({ "per_second": 10_000, "burst_count": 10_000 });
    let config = json!({
        "server_name": SERVER_NAME,
        "report_stats": false,
        "listeners": [{
            "port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": false,
            "resources": [{ "names": ["client"], "compress": false }],
        }],
        "database": { "name": "sqlite3", "args": { "database": dir.join("homeserver.db") } },
        "log_config": dir.join("log.yaml"),
        "media_store_path": dir.join("media"),
        "signing_key_path": dir.join("signing.key"),
        "trusted_key_servers": [],
        "macaroon_secret_key": "only for this test",
        "form_secret": "only for this test",
        "enable_registration": true,
        "enable_registration_without_verification": true,
        "registration_shared_secret": "only for this test",
        "app_service_config_files": [registration],
        "experimental_features": {
            "msc2409_to_device_messages_enabled": true,
            "msc3202_transaction_extensions": true,
        },
        "rc_message": unlimited, "rc_registration": unlimited, "rc_joins": { "local": unlimited, "remote": unlimited },
        "rc_login": { "address": unlimited, "account": unlimited, "failed_attempts": unlimited },
        "rc_invites": { "per_room": unlimited, "per_user": unlimited, "per_issuer": unlimited },
        "rc_room_creation": unlimited, "rc_media_create": unlimited,
    });
    serde_json::to_string_pretty(&config).unwrap()
}

const LOG: &str = "\
version: 1
formatters: { plain: { format: '%(asctime)s %(levelname)s %(name)s %(message)s' } }
handlers: { console: { class: logging.StreamHandler, formatter: plain } }
root: { level: INFO, handlers: [console] }
disable_existing_loggers: false
";
