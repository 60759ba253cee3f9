//! What the demo plays on: a directory with a copy of the example tenant, the played homeserver, the host.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http::Method;
use patchbay_types::config::Synchronous;
use serde_json::Value;

use super::{
    Places,
    tell::{heading, operate, say},
};
use crate::{
    cast::{Cast, CastSize, Room},
    desk::Desk,
    homeserver::{ClientApi, Link, Target},
    host::{Host, free_address},
    setup::{AS_TOKEN, HS_TOKEN, RECEIVER_SECRET, Setup},
};

/// The captures' own names: the homeserver, our bot, the beginning of our ghosts' names.
const SERVER: &str = "localhost";
const BOT: &str = "_crm_bot";
const PREFIX: &str = "_crm_";
/// The example's tenant.
pub(super) const TENANT: &str = "acme";
/// A swap on a machine that is busy with compiling.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often we look.
const GLANCE: Duration = Duration::from_millis(50);

/// Everything that the acts need.
pub(super) struct Stage {
    /// The host.
    pub(super) host: Host,
    /// The played homeserver's client-server API.
    pub(super) homeserver: ClientApi,
    /// Who writes in the second act.
    pub(super) cast: Cast,
    /// What stands on the desk.
    pub(super) desk: Desk,
    /// Its directory.
    pub(super) setup: Setup,
    /// To the host, as the homeserver.
    pub(super) link: Link,
    program: PathBuf,
}

// === impl Stage ===

impl Stage {
    /// Makes the directory anew, and starts the homeserver and the host.
    ///
    /// # Errors
    /// When a file cannot be written, or the host does not start.
    pub(super) async fn set(places: &Places) -> anyhow::Result<Self> {
        heading("A host on a fresh database");
        let dir = places.work.clone();
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        let size = CastSize { tenants: vec![TENANT.to_owned()], rooms: 6, users: 9 };
        let cast = Cast::new(7, SERVER, &size);
        let bot = format!("@{BOT}:{SERVER}");
        let mut all = cast.clone();
        all.rooms.push(Arc::new(elsewhere()));
        let homeserver =
            ClientApi::start(SocketAddr::from(([127, 0, 0, 1], 0)), &all, AS_TOKEN, &bot).await?;
        let setup = Setup {
            dir,
            components: places.components.clone(),
            appservice: free_address()?,
            admin: free_address()?,
            hooks: Some(free_address()?),
            homeserver: homeserver.address,
            synchronous: Synchronous::Full,
            bot: BOT.to_owned(),
            prefix: PREFIX.to_owned(),
            chains: Vec::new(),
            more: String::new(),
        };
        setup.write(&cast)?;
        copy(&places.example.join("tenants"), &setup.dir.join("tenants"))?;
        copy(&places.components, &setup.dir.join("components"))?;
        say(format!("{} holds patchbay.toml, tenants/{TENANT}.toml and components/", setup.dir.display()));
        let begun = Instant::now();
        let host = Host::start(&places.host, &setup, &[RECEIVER_SECRET]).await?;
        say(format!("patchbay serve: ready after {:.1} s, log in host.log", begun.elapsed().as_secs_f32()));
        let link = Link::new(Target { address: setup.appservice, token: HS_TOKEN.to_owned() });
        let desk = Desk::new(host.admin().clone(), [TENANT.to_owned()]);
        let stage = Self { host, homeserver, cast, desk, setup, link, program: places.host.clone() };
        stage
            .until("the tenant to be served", |tenant| tenant.get("generation").is_some_and(|n| n.is_u64()))
            .await?;
        stage.operate(&["plugins"])?;
        Ok(stage)
    }

    /// Delivers a transaction as the homeserver.
    ///
    /// # Errors
    /// When it is not accepted.
    pub(super) async fn deliver(&mut self, path: &str, body: Bytes) -> anyhow::Result<()> {
        let answer = self.link.request(Method::PUT, path, body).await?;
        ensure!(answer.is_accepted(), "{path} was answered with {}", answer.status);
        Ok(())
    }

    /// Runs a command as the operator, and shows it.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn operate(&self, arguments: &[&str]) -> anyhow::Result<String> {
        operate(&self.program, &self.setup.dir, arguments)
    }

    /// The tenant as `patchbay plugins --json` tells of it.
    ///
    /// # Errors
    /// When the host does not answer.
    pub(super) async fn tenant(&self) -> anyhow::Result<Value> {
        let status = self.host.admin().json("/admin/v1/plugins").await?;
        let tenants = status.get("tenants").and_then(Value::as_array);
        let ours = tenants.into_iter().flatten().find(|tenant| tenant.get("tenant") == Some(&TENANT.into()));
        ours.cloned().with_context(|| format!("there is no tenant {TENANT} in {status}"))
    }

    /// Waits until the host's view of the tenant is as wanted.
    ///
    /// # Errors
    /// When it is not so in time; then with the last view.
    pub(super) async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let begun = Instant::now();
        loop {
            let tenant = self.tenant().await?;
            if wanted(&tenant) {
                return Ok(tenant);
            }
            if begun.elapsed() > PATIENCE {
                bail!("waited in vain for {what}: {tenant}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The program, for whoever plays on by hand.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }
}

/// The room of a tenant who comes later.
pub(super) fn elsewhere() -> Room {
    let users = vec![format!("@dora:{SERVER}").into()];
    Room { id: "!globexglobexglobexglobexglobexglobexglobexglo".into(), tenant: "globex".into(), users }
}

/// All that lies in a directory.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, &to).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
