//! An Odoo, a homeserver, a proxy in front of each, and a host between them.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use patchbay_test_support::{
    odoo::{Automation, Odoo, Version},
    proxy::Proxy,
};
use patchbay_types::config::Synchronous;
use serde_json::Value;

use crate::{
    cast::{Cast, CastSize},
    homeserver::{ClientApi, Target},
    host::{Host, free_address},
    setup::{AS_TOKEN, BOT, ChainSetup, HS_TOKEN, PREFIX, Setup},
    torture::rig::Places,
};

/// The tenant.
pub(super) const TENANT: &str = "acme";
/// What tickets are in Odoo.
pub(super) const MODEL: &str = "crm.lead";

/// All of it.
pub(super) struct Stage {
    pub(super) dir: PathBuf,
    pub(super) cast: Cast,
    pub(super) odoo: Arc<Odoo>,
    /// What the host reaches Odoo by.
    pub(super) to_odoo: Proxy,
    pub(super) client_api: ClientApi,
    /// What the host reaches the homeserver by.
    pub(super) to_homeserver: Proxy,
    pub(super) host: Host,
    appservice: SocketAddr,
}

// === impl Stage ===

impl Stage {
    /// A fresh one with so many rooms.
    pub(super) async fn build(places: &Places, name: &str, rooms: usize) -> anyhow::Result<Self> {
        let dir = places.work.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let cast =
            Cast::new(5, "load.example", &CastSize { tenants: vec![TENANT.to_owned()], rooms, users: rooms });
        let bot = format!("@{BOT}:{}", cast.server);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let client_api = ClientApi::start(anywhere, &cast, AS_TOKEN, &bot).await?;
        let to_homeserver = Proxy::start(client_api.address).await?;
        let odoo = Arc::new(Odoo::start(Version::V19).await);
        let to_odoo = Proxy::start(odoo.address()).await?;
        let (appservice, admin, hooks) = (free_address()?, free_address()?, free_address()?);
        let setup = Setup {
            dir: dir.join("config"),
            components: places.components.clone(),
            appservice,
            admin,
            hooks: Some(hooks),
            homeserver: to_homeserver.address(),
            synchronous: Synchronous::Full,
            bot: BOT.to_owned(),
            prefix: PREFIX.to_owned(),
            chains: vec![(TENANT.to_owned(), chain(&odoo, &to_odoo).patient())],
            more: String::new(),
        };
        setup.write(&cast)?;
        fs::write(setup.dir.join("odoo-key"), odoo.bridge().key)?;
        let host = Host::start(&places.host, &setup, &[]).await?;
        let stage = Self { dir, cast, odoo, to_odoo, client_api, to_homeserver, host, appservice };
        stage.listen().await?;
        Ok(stage)
    }

    /// Odoo tells of news at the adapter's door.
    async fn listen(&self) -> anyhow::Result<()> {
        let doors = self.host.admin().json(&format!("/admin/v1/hooks?tenant={TENANT}")).await?;
        let url = doors.pointer("/hooks/0/url").and_then(Value::as_str).context("no door")?;
        self.odoo.automation(url, &Automation::comments(&[MODEL], self.odoo.bridge().uid));
        Ok(())
    }

    /// The host, as the homeserver reaches it.
    pub(super) fn target(&self) -> Target {
        Target { address: self.appservice, token: HS_TOKEN.to_owned() }
    }
}

/// The first-party components and the adapter; asked for news each second.
fn chain(odoo: &Odoo, proxy: &Proxy) -> ChainSetup {
    let (url, database, login) = (proxy.url(), odoo.database(), odoo.bridge().login);
    ChainSetup {
        adapter: "adapter-odoo".to_owned(),
        grants: format!(
            "{{ secrets = [\"odoo\"], store = true, http = [{{ url = \"{url}/\", addresses = [\"127.0.0.1\"] }}] }}"
        ),
        more: format!(
            "poll = \"1s\"\nconcurrency = 64\n\n[adapters.desk.settings]\nurl = \"{url}\"\ndatabase = \"{database}\"\n\
             login = \"{login}\"\nmodel = \"{MODEL}\"\n\n[secrets.odoo]\nfrom = {{ file = \"odoo-key\" }}\n\
             hosts = [\"{url}\"]\n"
        ),
        ..ChainSetup::first_party()
    }
}
