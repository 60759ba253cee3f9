//! The real `patchbay serve` with the real components, in a directory of a test's own; and its command line.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{homeserver::SERVER_NAME, wait::until};

/// A host that runs, or was killed.
pub(crate) struct Host {
    dir: PathBuf,
    admin: String,
    process: Option<Child>,
}

// === impl Host ===

impl Host {
    /// Lays out the directory: one registration, one tenant, our own components. It does not run yet.
    pub(crate) fn prepare(dir: &Path, appservice: u16, admin: u16, homeserver: &str) -> Self {
        let components =
            std::env::var_os("PATCHBAY_COMPONENTS").expect("PATCHBAY_COMPONENTS names a directory");
        fs::create_dir_all(dir.join("tenants")).unwrap();
        fs::create_dir_all(dir.join("components")).unwrap();
        for component in ["mapper-matrix", "router-rules", "adapter-desk"].map(|name| format!("{name}.wasm"))
        {
            fs::copy(Path::new(&components).join(&component), dir.join("components").join(&component))
                .unwrap();
        }
        let config = format!(
            "[listen]\nappservice = '127.0.0.1:{appservice}'\nadmin = '127.0.0.1:{admin}'\n\
             [[registrations]]\nid = 'patchbay'\nhomeserver = '{homeserver}'\nserver-name = '{SERVER_NAME}'\n\
             url = 'http://127.0.0.1:{appservice}'\nas-token = 'as-token-of-this-test'\n\
             hs-token = 'hs-token-of-this-test'\n"
        );
        fs::write(dir.join("patchbay.toml"), config).unwrap();
        fs::write(dir.join("tenants/acme.toml"), TENANT).unwrap();
        Self { dir: dir.to_owned(), admin: format!("http://127.0.0.1:{admin}"), process: None }
    }

    /// What the homeserver has to be given.
    pub(crate) async fn registration(&self) -> PathBuf {
        let output = self.command().arg("registration").output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = self.dir.join("registration.yaml");
        fs::write(&file, output.stdout).unwrap();
        file
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.dir.join("out.log")).unwrap();
        let mut command = self.command();
        command.arg("serve").stdout(log.try_clone().unwrap()).stderr(Stdio::from(log)).kill_on_drop(true);
        self.process = Some(command.spawn().unwrap());
        let ready = format!("{}/readyz", self.admin);
        until("the host to be ready", async || {
            let process = self.process.as_mut().unwrap();
            assert!(process.try_wait().unwrap().is_none(), "the host ended: {}", self.log());
            let answer = reqwest::get(&ready).await.map_err(|error| error.to_string())?;
            let (status, body) = (answer.status(), answer.text().await.unwrap_or_default());
            if status.is_success() { Ok(()) } else { Err(format!("{status} {body}\n{}", self.log())) }
        })
        .await;
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        self.process.take().expect("the host runs").kill().await.unwrap();
    }

    /// A command of the operator's, and what it prints as JSON. Nothing where the command does not succeed.
    pub(crate) async fn ask(&self, arguments: &[&str]) -> Result<Value, String> {
        let output = self.command().args(arguments).arg("--json").output().await.unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    }

    /// The end of what it logged.
    pub(crate) fn log(&self) -> String {
        let text = fs::read_to_string(self.dir.join("out.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_patchbay"));
        command.env("PATCHBAY_CONFIG", &self.dir).current_dir(&self.dir);
        command
    }
}

const TENANT: &str = "\
[rooms]
users = ['@.*:localhost']

[mapper]
component = 'mapper-matrix'

[router]
component = 'router-rules'
settings = { default = [{ adapter = 'desk' }] }

[adapters.desk]
component = 'adapter-desk'
grants = { desk = true }
";
