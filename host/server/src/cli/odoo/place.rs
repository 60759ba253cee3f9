//! Which Odoo, whose adapter, and who asks: what `setup` and `check` have in common. What is left out is read from the
//! tenant's file, where there is one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use patchbay_api::hooks::{self, HookKey};
use patchbay_types::{
    TenantConfig, TenantId,
    egress::{SecretConfig, SecretSource},
    tenant::SlotConfig,
};
use reqwest::Url;

use super::super::Directory;
use crate::{
    config::Loaded,
    data_dir::DataDir,
    failure::Failure,
    odoo::{Access, Connection, Target, Transport, Wanted},
};

/// Where the administrator's password or API key may be: never on the command line, which others can read.
const PASSWORD: &str = "PATCHBAY_ODOO_PASSWORD";

/// Which Odoo, and for whom.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    directory: Directory,
    /// The tenant whose adapter it is: `tenants/<TENANT>.toml`, which need not be there yet.
    #[arg(long)]
    pub(super) tenant: String,
    /// The adapter's name in that file.
    #[arg(long, value_name = "NAME", default_value = "odoo")]
    pub(super) adapter: String,
    /// Odoo's address: what the browser shows before `/web` or `/odoo`. Else what the tenant's file says.
    #[arg(long, value_name = "URL", env = "PATCHBAY_ODOO_URL")]
    odoo: Option<Url>,
    /// Odoo's database. Else what the tenant's file says.
    #[arg(long, value_name = "NAME", env = "PATCHBAY_ODOO_DATABASE")]
    database: Option<String>,
    /// What conversations become. Else what the tenant's file says.
    #[arg(long)]
    model: Option<Target>,
    /// The login of the technical user that the adapter works as. Else what the tenant's file says, or `patchbay`.
    #[arg(long, value_name = "LOGIN")]
    user: Option<String>,
    /// The login of an administrator (Administration: Settings).
    #[arg(long, value_name = "LOGIN", default_value = "admin")]
    admin: String,
    /// The file with the administrator's password or API key; else it is in the environment, `PATCHBAY_ODOO_PASSWORD`.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The file with the technical user's key. Else what the tenant's file says, or `<TENANT>.odoo-key` beside
    /// patchbay.toml.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// How to talk for the administrator: JSON-2 wants an API key and Odoo 19. Left out: as it turns out.
    #[arg(long)]
    transport: Option<Transport>,
    /// Where Odoo is to send its webhooks. Else the URL that `patchbay hooks` shows.
    #[arg(long, value_name = "URL")]
    hook_url: Option<Url>,
    /// Print JSON, for programs.
    #[arg(long)]
    pub(super) json: bool,
}

/// The same, with nothing left out.
pub(super) struct Found {
    /// The directory and its `patchbay.toml`.
    pub(super) loaded: Loaded,
    /// What is asked of Odoo.
    pub(super) wanted: Wanted,
    /// The tenant's file.
    pub(super) file: PathBuf,
    /// Whether the tenant's file has this adapter already.
    pub(super) configured: bool,
    key_file: PathBuf,
    adapter: String,
}

// === impl Place ===

impl Place {
    /// Reads what is left out. Nothing is sent.
    pub(super) fn find(&self, new_password: bool) -> Result<Found, Failure> {
        let loaded = Loaded::read(&self.directory.config)?;
        let tenant =
            TenantId::parse(&self.tenant).map_err(|error| Failure::Usage(format!("--tenant: {error}")))?;
        let file = loaded.dir.join("tenants").join(format!("{tenant}.toml"));
        let config = read(&file)?;
        let slot = config.as_ref().and_then(|config| {
            config.adapters.iter().find(|(name, _)| name.as_str() == self.adapter).map(|(_, slot)| slot)
        });
        let says = |key: &str| slot.and_then(|slot| setting(slot, key));
        let lacking = |option: &str| Failure::Usage(format!("say {option}: {} does not", file.display()));
        let url = match (&self.odoo, says("url")) {
            (Some(url), _) => url.clone(),
            (None, Some(url)) => Url::parse(&url).with_context(|| format!("{}: `url`", file.display()))?,
            (None, None) => return Err(lacking("where Odoo is by `--odoo URL`")),
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Failure::Usage(format!("{url} is no address of a web server")));
        }
        let database = self.database.clone().or_else(|| says("database"));
        let database = database.ok_or_else(|| lacking("which database by `--database NAME`"))?;
        let target = match (self.model, says("model")) {
            (Some(target), _) => target,
            (None, Some(name)) => clap::ValueEnum::from_str(&name, false)
                .map_err(|_| anyhow!("{}: there is no `model` {name}", file.display()))?,
            (None, None) => return Err(lacking("what conversations become by `--model MODEL`")),
        };
        let login = self.user.clone().or_else(|| says("login")).unwrap_or_else(|| "patchbay".to_owned());
        if login == self.admin {
            return Err(Failure::Usage(format!(
                "`{login}` cannot be both: what the technical user writes is no news, and an administrator's would get lost"
            )));
        }
        let key_file = self
            .key_file
            .clone()
            .or_else(|| config.as_ref().and_then(|config| of_secret(config.secrets.get("odoo")?)))
            .unwrap_or_else(|| PathBuf::from(format!("{tenant}.odoo-key")));
        let admin = Access { url, database, login: self.admin.clone(), secret: self.password()? };
        let rotation = slot.map_or(0, |slot| slot.hook_rotation);
        let hook = self.hook(&loaded, &tenant, rotation)?;
        let speaks = slot.map(|slot| setting(slot, "transport").unwrap_or_else(|| "auto".to_owned()));
        let wanted = Wanted {
            speaks,
            admin,
            transport: self.transport,
            login,
            key_file: loaded.dir.join(&key_file),
            new_password,
            target,
            hook,
        };
        let configured = slot.is_some();
        Ok(Found { loaded, wanted, file, configured, key_file, adapter: self.adapter.clone() })
    }

    fn password(&self) -> Result<String, Failure> {
        let password = match &self.password_file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("cannot read the administrator's password {}", file.display()))?,
            None => std::env::var(PASSWORD).map_err(|_| {
                Failure::Usage(format!(
                    "say where the administrator's password or API key is: `--password-file FILE`, or {PASSWORD} in the \
                     environment"
                ))
            })?,
        };
        Ok(password.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The URL that `patchbay hooks` shows: it follows from the host's key, so that no host has to run.
    fn hook(&self, loaded: &Loaded, tenant: &TenantId, rotation: u32) -> anyhow::Result<Option<String>> {
        if let Some(url) = &self.hook_url {
            return Ok(Some(url.to_string()));
        }
        let Some(at) = loaded.host.listen.hooks else { return Ok(None) };
        let key = HookKey::new(&DataDir::open(loaded.data())?.hook_key()?);
        let token = key.token(tenant.as_str(), &self.adapter, rotation);
        let base = hooks::base(&loaded.host.hooks, Some(at));
        Ok(Some(format!("{base}/hooks/{tenant}/{}/{token}", self.adapter)))
    }
}

// === impl Found ===

impl Found {
    /// As the tenant's file has to say it.
    pub(super) fn connection(&self, transport: Option<Transport>) -> Connection<'_> {
        Connection {
            adapter: &self.adapter,
            url: &self.wanted.admin.url,
            database: &self.wanted.admin.database,
            login: &self.wanted.login,
            target: self.wanted.target,
            transport,
            key_file: &self.key_file,
        }
    }
}

/// The tenant's file; nothing where there is none.
fn read(file: &Path) -> anyhow::Result<Option<TenantConfig>> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let config =
                TenantConfig::parse(&text).map_err(|error| anyhow!("{}: {error}", file.display()))?;
            Ok(Some(config))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn setting(slot: &SlotConfig, key: &str) -> Option<String> {
    slot.settings.as_ref()?.get(key)?.as_str().map(str::to_owned)
}

/// The first file that the secret lies in.
fn of_secret(secret: &SecretConfig) -> Option<PathBuf> {
    secret.from.as_slice().iter().find_map(|source| match source {
        SecretSource::File { file } => Some(PathBuf::from(file)),
        SecretSource::Env { .. } => None,
    })
}
