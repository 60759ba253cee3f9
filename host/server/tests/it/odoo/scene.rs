//! A directory of a host that takes webhooks, an Odoo, and an administrator who types.

use std::{fs, process::Output};

use patchbay_test_support::odoo::{Login, Odoo, Version};
use serde_json::Value;

use crate::host::{Directory, patchbay};

/// Everything.
pub(crate) struct Scene {
    pub(crate) odoo: Odoo,
    pub(crate) dir: Directory,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

// === impl Scene ===

impl Scene {
    pub(crate) async fn new(version: Version) -> Self {
        let dir = Directory::new("http://127.0.0.1:1");
        let text = fs::read_to_string(dir.path().join("patchbay.toml")).unwrap();
        let text = text.replace("[listen]\n", "[listen]\nhooks = '127.0.0.1:0'\n");
        dir.write("patchbay.toml", &format!("{text}[hooks]\npublic-url = 'https://hooks.example.org'\n"));
        Self { odoo: Odoo::start(version).await, dir }
    }

    /// The administrator, with everything that there is to say.
    pub(crate) fn setup(&self, more: &[&str]) -> Said {
        let (url, database) = (self.odoo.url().to_string(), self.odoo.database().to_owned());
        let place = ["--odoo", &url, "--database", &database, "--model", "crm.lead"];
        self.run("setup", &self.odoo.admin(), &[&place, more].concat())
    }

    pub(crate) fn check(&self, more: &[&str]) -> Said {
        let (url, database) = (self.odoo.url().to_string(), self.odoo.database().to_owned());
        let place = ["--odoo", &url, "--database", &database, "--model", "crm.lead"];
        self.run("check", &self.odoo.admin(), &[&place, more].concat())
    }

    /// A command as somebody.
    pub(crate) fn run(&self, command: &str, who: &Login, more: &[&str]) -> Said {
        let Output { status, stdout, stderr } = patchbay()
            .args(["odoo", command, "--tenant", "acme", "--admin", &who.login, "--config"])
            .arg(self.dir.path())
            .args(more)
            .env("PATCHBAY_ODOO_PASSWORD", &who.key)
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        for secret in [who.key.as_str(), &self.key()].iter().filter(|secret| !secret.is_empty()) {
            assert!(!out.contains(secret) && !err.contains(secret), "a secret is shown: {out}{err}");
        }
        Said { code: status.code(), out, err }
    }

    /// What is in the technical user's file.
    pub(crate) fn key(&self) -> String {
        fs::read_to_string(self.dir.path().join("acme.odoo-key")).unwrap_or_default().trim().to_owned()
    }

    /// The technical user.
    pub(crate) fn user(&self) -> Option<Value> {
        self.odoo.records("res.users").into_iter().find(|user| user["login"] == "patchbay")
    }

    /// Our rules.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let rules = self.odoo.records("base.automation").into_iter();
        rules.filter(|rule| rule["name"].as_str().is_some_and(|name| name.starts_with("Patchbay"))).collect()
    }
}

// === impl Said ===

impl Said {
    /// The first words of its lines, for each line that begins with such a word.
    pub(crate) fn states(&self) -> Vec<&str> {
        const WORDS: [&str; 7] =
            ["as it was", "made", "updated", "to be made", "to be updated", "MISSING", "note"];
        let word =
            |line: &&str| WORDS.iter().find(|word| line.starts_with(&format!("{word:<13}  "))).copied();
        self.out.lines().collect::<Vec<_>>().iter().filter_map(word).collect()
    }

    /// The line about something.
    pub(crate) fn line(&self, about: &str) -> &str {
        self.out.lines().find(|line| line.contains(about)).unwrap_or_else(|| panic!("{about} in {self:#?}"))
    }
}
