//! The host as a process: started, killed, started again on the same directory.

use std::{
    fs::{File, OpenOptions},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

use crate::{
    admin::{self, Admin},
    setup::Setup,
};

/// From start to ready; a debug build on a busy machine compiles plugins slowly.
const START: Duration = Duration::from_secs(300);
/// A clean drain may take so long.
const DRAIN: Duration = Duration::from_secs(60);

/// A host that runs.
pub struct Host {
    binary: PathBuf,
    setup: Setup,
    env: Vec<(String, String)>,
    child: Child,
    pid: u32,
    admin: Admin,
}

// === impl Host ===

impl Host {
    /// Starts `patchbay serve` on the directory of `setup` and waits until it is ready. Its log goes to `host.log`
    /// there.
    ///
    /// # Errors
    /// When it cannot be started or is not ready in time.
    pub async fn start(binary: &Path, setup: &Setup, env: &[(&str, &str)]) -> anyhow::Result<Self> {
        let env: Vec<_> = env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (child, pid) = spawn(binary, setup, &env)?;
        admin::ready(setup.admin, START).await.with_context(|| log_of(setup).display().to_string())?;
        let admin = Admin::new(setup.admin, &setup.dir.join("data"))?;
        Ok(Self { binary: binary.to_owned(), setup: setup.clone(), env, child, pid, admin })
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its admin API.
    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When it is gone already: then it crashed by itself.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        ensure!(
            self.child.try_wait()?.is_none(),
            "the host ended by itself; see {}",
            log_of(&self.setup).display()
        );
        Ok(self.child.kill().await?)
    }

    /// Starts it again on the same directory, after [`Self::kill`].
    ///
    /// # Errors
    /// When it cannot be started or is not ready in time.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.respawn()?;
        admin::ready(self.setup.admin, START).await.with_context(|| log_of(&self.setup).display().to_string())
    }

    /// The same, but does not wait: it may not live until it is ready.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn respawn(&mut self) -> anyhow::Result<()> {
        (self.child, self.pid) = spawn(&self.binary, &self.setup, &self.env)?;
        Ok(())
    }

    /// What its environment will have beside ours when it is next started.
    pub fn set_env(&mut self, env: &[(&str, &str)]) {
        self.env = env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    }

    /// Waits until it has ended by itself; answers whether it did within `patience`.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn died(&mut self, patience: Duration) -> anyhow::Result<bool> {
        match tokio::time::timeout(patience, self.child.wait()).await {
            Ok(status) => status.map(|_| true).context("the host"),
            Err(_) => Ok(false),
        }
    }

    /// Asks it to drain and end, and waits.
    ///
    /// # Errors
    /// When it does not end in time, or with another exit code than 0.
    pub async fn stop(self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await.context("kill")?;
        self.ended().await
    }

    /// Waits until it has drained and ended: a Ctrl-C at the terminal reaches it too.
    ///
    /// # Errors
    /// See [`Self::stop`].
    pub async fn ended(mut self) -> anyhow::Result<()> {
        let status =
            tokio::time::timeout(DRAIN, self.child.wait()).await.context("it did not drain in time")??;
        ensure!(status.success(), "the host ended with {status}; see {}", log_of(&self.setup).display());
        Ok(())
    }
}

/// An address of this machine on which nobody listens now.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn spawn(binary: &Path, setup: &Setup, env: &[(String, String)]) -> anyhow::Result<(Child, u32)> {
    let path = log_of(setup);
    let log: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    let mut command = Command::new(binary);
    command.args(["serve", "--config"]).arg(&setup.dir).envs(env.iter().cloned());
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
    let child = command.spawn().with_context(|| binary.display().to_string())?;
    let pid = child.id().context("the host ended at once")?;
    Ok((child, pid))
}

fn log_of(setup: &Setup) -> PathBuf {
    setup.dir.join("host.log")
}
