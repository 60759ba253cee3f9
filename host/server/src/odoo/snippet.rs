//! What has to stand in a tenant's file so that the host finds the Odoo that was made ready.

use std::{
    fmt::Write as _,
    net::{IpAddr, ToSocketAddrs as _},
    path::Path,
};

use reqwest::Url;
use toml::Value;

use super::{session::Transport, target::Target};

/// A connection as the file says it.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    /// The adapter's name in the tenant's file.
    pub(crate) adapter: &'a str,
    /// Where Odoo is.
    pub(crate) url: &'a Url,
    /// Which database.
    pub(crate) database: &'a str,
    /// The technical user.
    pub(crate) login: &'a str,
    /// Where conversations are kept.
    pub(crate) target: Target,
    /// How the adapter has to talk; none: it finds out.
    pub(crate) transport: Option<Transport>,
    /// Where the key is, as seen from the directory.
    pub(crate) key_file: &'a Path,
}

// === impl Connection ===

impl Connection<'_> {
    /// The adapter's tables: settings, grants, the secret.
    pub(crate) fn tables(&self) -> String {
        let Self { adapter, url, .. } = self;
        let (root, origin) = (root(url), url.origin().ascii_serialization());
        let mut text = String::new();
        let _ = writeln!(text, "[adapters.{adapter}]\ncomponent = \"adapter-odoo\"\n");
        let _ = writeln!(text, "[adapters.{adapter}.settings]");
        let settings = [
            ("url", root.trim_end_matches('/')),
            ("database", self.database),
            ("login", self.login),
            ("model", self.target.model()),
        ];
        for (key, value) in settings {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
        if self.transport == Some(Transport::JsonRpc) {
            let _ = writeln!(text, "# The key is a password: JSON-2 takes none.\ntransport = \"json-rpc\"");
        }
        let _ = writeln!(text, "\n[adapters.{adapter}.grants]\nsecrets = [\"odoo\"]");
        let _ = writeln!(
            text,
            "# What was found out about the server is kept: without it each delivery asks anew.\nstore = true"
        );
        let _ = writeln!(text, "\n[[adapters.{adapter}.grants.http]]\nurl = {}", quoted(&root));
        let private = private(url);
        if !private.is_empty() {
            let list: Vec<_> = private.iter().map(|address| quoted(&address.to_string())).collect();
            let _ = writeln!(
                text,
                "# Not a public address: it has to be named.\naddresses = [{}]",
                list.join(", ")
            );
        }
        let file = self.key_file.display().to_string();
        let _ = writeln!(
            text,
            "\n[secrets.odoo]\nfrom = {{ file = {} }}\nhosts = [{}]",
            quoted(&file),
            quoted(&origin)
        );
        text
    }
}

/// A whole tenant whose rooms are those of one homeserver's people, and whose tickets are all in Odoo.
pub(crate) fn tenant(connection: &Connection<'_>, name: &str, server: &str) -> String {
    let users = quoted(&format!("@.*:{}", server.replace('.', "\\.")));
    format!(
        "name = {}\n\n[rooms]\n# Whoever of this homeserver invites the bot brings the room here.\nusers = [{users}]\n\n\
         [mapper]\ncomponent = \"mapper-matrix\"\n\n[router]\ncomponent = \"router-rules\"\n\
         settings = {{ default = [{{ adapter = {} }}] }}\n\n{}",
        quoted(name),
        quoted(connection.adapter),
        connection.tables()
    )
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// With a slash at its end, so that everything below it is granted.
fn root(url: &Url) -> String {
    let mut root = url.as_str().trim_end_matches('/').to_owned();
    root.push('/');
    root
}

/// The addresses that a grant has to name, since only public ones may be called without.
fn private(url: &Url) -> Vec<IpAddr> {
    let port = url.port_or_known_default().unwrap_or(443);
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let found = (host, port).to_socket_addrs().into_iter().flatten().map(|at| at.ip());
    let mut addresses: Vec<_> = found.filter(|address| !patchbay_egress::is_public(*address)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use patchbay_types::TenantConfig;

    use super::*;

    fn connection<'a>(url: &'a Url, file: &'a Path) -> Connection<'a> {
        Connection {
            adapter: "odoo",
            url,
            database: "crm \"1\"",
            login: "patchbay",
            target: Target::Lead,
            transport: Some(Transport::JsonRpc),
            key_file: file,
        }
    }

    #[test]
    fn what_is_printed_is_a_tenants_file_that_grants_this_odoo_alone() {
        let url = Url::parse("http://127.0.0.1:8069").unwrap();
        let text = tenant(&connection(&url, Path::new("acme.odoo-key")), "ACME", "example.org");
        let config = TenantConfig::parse(&text).unwrap();
        assert_eq!(config.rooms.users, ["@.*:example\\.org"], "{text}");
        let slot = config.adapters.values().next().unwrap();
        let settings = slot.settings.as_ref().unwrap();
        assert_eq!(settings["database"].as_str(), Some("crm \"1\""));
        assert_eq!(
            (settings["url"].as_str(), settings["model"].as_str()),
            (Some("http://127.0.0.1:8069"), Some("crm.lead"))
        );
        assert_eq!(settings["transport"].as_str(), Some("json-rpc"));
        let grant = &slot.grants.http[0];
        assert_eq!(grant.addresses.len(), 1, "an address of this machine has to be named");
        assert!(config.secrets["odoo"].hosts.len() == 1 && slot.grants.secrets == ["odoo"]);
    }

    #[test]
    fn an_odoo_below_a_path_is_granted_with_its_path() {
        let url = Url::parse("http://192.0.2.1/erp").unwrap();
        let text = connection(&url, Path::new("k")).tables();
        assert!(text.contains("url = \"http://192.0.2.1/erp/\""), "{text}");
    }
}
