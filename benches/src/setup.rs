//! A configuration directory for a cast: each tenant's rooms are linked to it, so that no invitation has to be played.

use std::{
    fmt::Write,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use patchbay_types::config::Synchronous;

use crate::cast::Cast;

/// What the homeserver shows us, and we it. Made up: the played homeserver is not reachable from elsewhere.
pub const HS_TOKEN: &str = "load-hs-token";
/// What we show the homeserver.
pub const AS_TOKEN: &str = "load-as-token";
/// The registration's own user, without its server.
pub const BOT: &str = "patchbay";

/// Localparts of ghosts begin so.
pub const PREFIX: &str = "_patchbay_";

/// The variable in which a host finds the secret that it shares with a played receiver, and the secret.
pub const RECEIVER_SECRET: (&str, &str) = ("PATCHBAY_LOAD_WEBHOOK", "whsec_bG9hZC13ZWJob29rLXNlY3JldA==");

/// What a host is to be like.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The directory; made where it is missing.
    pub dir: PathBuf,
    /// Built components, as `cargo xtask guests` leaves them.
    pub components: PathBuf,
    /// Where homeservers reach it.
    pub appservice: SocketAddr,
    /// Where the operator reaches it.
    pub admin: SocketAddr,
    /// Where CRMs send their webhooks, as many as they like; nothing: nowhere.
    pub hooks: Option<SocketAddr>,
    /// The played homeserver.
    pub homeserver: SocketAddr,
    /// Power-loss safe, or not.
    pub synchronous: Synchronous,
    /// The registration's own user, without its server.
    pub bot: String,
    /// Localparts of its ghosts begin so.
    pub prefix: String,
    /// One for each tenant of the cast.
    pub chains: Vec<(String, ChainSetup)>,
    /// More TOML at the end of `patchbay.toml`.
    pub more: String,
}

/// Which components a tenant has.
#[derive(Debug, Clone)]
pub struct ChainSetup {
    /// The mapper's component.
    pub mapper: String,
    /// The router's component.
    pub router: String,
    /// TOML below `[router.settings]`; empty: none.
    pub router_settings: String,
    /// The component of the adapter `desk`.
    pub adapter: String,
    /// What it is granted, as an inline table.
    pub grants: String,
    /// How long a call may take, such as `5s`; nothing: the host's default.
    pub time: Option<&'static str>,
    /// More TOML at the end of the file.
    pub more: String,
}

// === impl ChainSetup ===

impl ChainSetup {
    /// The first-party components with ten rules, of which the last one always matches.
    #[must_use]
    pub fn first_party() -> Self {
        Self {
            mapper: "mapper-matrix".to_owned(),
            router: "router-rules".to_owned(),
            router_settings: ten_rules(),
            adapter: "adapter-desk".to_owned(),
            grants: "{ desk = true }".to_owned(),
            time: None,
            more: String::new(),
        }
    }

    /// The first-party components, and the generic adapter, which posts to `receiver`, so many deliveries at once. The host needs
    /// [`RECEIVER_SECRET`] in its environment.
    #[must_use]
    pub fn outside(receiver: SocketAddr, concurrency: u32) -> Self {
        Self {
            adapter: "adapter-webhook".to_owned(),
            grants: format!(
                "{{ secrets = [\"webhook\"], http = [{{ url = \"http://{receiver}\", \
                 addresses = [\"127.0.0.1\"] }}] }}"
            ),
            more: format!(
                "concurrency = {concurrency}\n\n[adapters.desk.settings]\nurl = \"http://{receiver}/\"\n\n[secrets.webhook]\n\
                 from = {{ env = \"{}\" }}\nhosts = [\"http://{receiver}\"]\nsign = true\n",
                RECEIVER_SECRET.0
            ),
            ..Self::first_party()
        }
    }

    /// Guests whose output bears the stamp of their own bytes.
    #[must_use]
    pub fn stamped() -> Self {
        Self {
            mapper: "stamp-mapper".to_owned(),
            router: "stamp-router".to_owned(),
            router_settings: String::new(),
            adapter: "stamp-adapter".to_owned(),
            grants: "{ desk = true }".to_owned(),
            time: None,
            more: String::new(),
        }
    }

    /// The same, with time enough on a machine that has much else to do: the limits are not what is tried then.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { time: Some("10s"), ..self }
    }

    /// The tenant's file.
    #[must_use]
    pub fn tenant_file(&self, cast: &Cast, tenant: &str) -> String {
        let mut text = String::from("[rooms]\nlink = [\n");
        for room in cast.rooms_of(tenant) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  \"{}\",", room.id);
        }
        let Self { mapper, router, router_settings, adapter, grants, time, more } = self;
        let time = time.map(|time| format!("limits = {{ time = \"{time}\" }}\n")).unwrap_or_default();
        let _ = write!(text, "]\n\n[mapper]\ncomponent = \"{mapper}\"\n{time}");
        let _ = write!(text, "\n[router]\ncomponent = \"{router}\"\n{time}");
        if !router_settings.is_empty() {
            let _ = write!(text, "\n[router.settings]\n{router_settings}\n");
        }
        let _ = write!(text, "\n[adapters.desk]\ncomponent = \"{adapter}\"\ngrants = {grants}\n{time}{more}");
        text
    }
}

// === impl Setup ===

impl Setup {
    /// Writes the whole directory.
    ///
    /// # Errors
    /// When a file cannot be written, or a component is missing.
    pub fn write(&self, cast: &Cast) -> anyhow::Result<()> {
        for part in ["components", "tenants"] {
            let dir = self.dir.join(part);
            fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        write(&self.dir.join("patchbay.toml"), &self.host_file(cast))?;
        for (tenant, chain) in &self.chains {
            for component in [&chain.mapper, &chain.router, &chain.adapter] {
                self.bring(component)?;
            }
            write(&self.tenant_path(tenant), &chain.tenant_file(cast, tenant))?;
        }
        Ok(())
    }

    /// Where a tenant's file lies.
    #[must_use]
    pub fn tenant_path(&self, tenant: &str) -> PathBuf {
        self.dir.join("tenants").join(format!("{tenant}.toml"))
    }

    /// Where a component's file lies.
    #[must_use]
    pub fn component_path(&self, component: &str) -> PathBuf {
        self.dir.join("components").join(format!("{component}.wasm"))
    }

    fn bring(&self, component: &str) -> anyhow::Result<()> {
        let (from, to) = (self.components.join(format!("{component}.wasm")), self.component_path(component));
        if !to.exists() {
            let how = || format!("{} is missing: `cargo xtask guests` builds it", from.display());
            fs::copy(&from, &to).with_context(how)?;
        }
        Ok(())
    }

    fn host_file(&self, cast: &Cast) -> String {
        let synchronous = match self.synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        let Self { appservice, admin, homeserver, bot, prefix, more, .. } = self;
        let server = &cast.server;
        let hooks = self.hooks.map_or_else(String::new, |at| {
            format!("hooks = \"{at}\"\n\n[hooks]\npublic-url = \"http://{at}\"\nrate = 10000\n")
        });
        format!(
            "data = \"data\"\n\n[listen]\nappservice = \"{appservice}\"\nadmin = \"{admin}\"\n{hooks}\n[database]\n\
             synchronous = \"{synchronous}\"\n\n[[registrations]]\nid = \"load\"\nhomeserver = \"http://{homeserver}\"\n\
             server-name = \"{server}\"\nurl = \"http://{appservice}\"\nas-token = \"{AS_TOKEN}\"\n\
             hs-token = \"{HS_TOKEN}\"\nsender-localpart = \"{bot}\"\nprefix = \"{prefix}\"\n{more}"
        )
    }
}

/// Replaces a file by renaming, as an editor or `rsync` does.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, bytes).with_context(|| unfinished.display().to_string())?;
    fs::rename(&unfinished, path).with_context(|| path.display().to_string())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}

fn ten_rules() -> String {
    let mut text = String::new();
    for word in ["refund", "invoice", "payment", "delivery", "URGENT", "stock", "crack", "contract", "call"] {
        let _ = write!(
            text,
            "[[router.settings.rules]]\nname = \"{word}\"\nwhen = 'content.text.contains(\"{word}\")'\n\
             route = [{{ adapter = \"desk\" }}]\n"
        );
    }
    text.push_str(
        "[[router.settings.rules]]\nname = \"everything else\"\nroute = [{ adapter = \"desk\" }]\n",
    );
    text
}
