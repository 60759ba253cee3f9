//! A guide that is also a transcript, gone through against a running host: commands (`sh`) are run by a shell, what they
//! print is held against what the guide says they print (`text`), changes (`diff`) are made to `src/lib.rs`, tables
//! (`toml`) are put into the tenant's file, and what a customer says in between stands in comments.

mod shown;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use toml::Table;

use self::shown::prints;
use crate::{
    captures,
    host::{Directory, Host, PATCHBAY},
};

/// Where the reader is.
pub(crate) struct Reader<'a> {
    pub(crate) dir: &'a Directory,
    pub(crate) host: &'a Host,
    /// The directory that the commands were left in.
    pub(crate) at: PathBuf,
    /// What the last command printed.
    pub(crate) printed: String,
    said: u32,
}

enum Block {
    Sh,
    Text,
    Toml,
    Diff,
    Customer,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The blocks of a guide, in order.
fn blocks(guide: &str) -> Vec<(Block, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(Block, String)> = None;
    for line in guide.lines() {
        if let Some((_, text)) = &mut open {
            if line == "```" {
                blocks.extend(open.take());
            } else {
                text.push_str(line);
                text.push('\n');
            }
            continue;
        }
        let kind = match line {
            "```sh" => Block::Sh,
            "```text" => Block::Text,
            "```toml" => Block::Toml,
            "```diff" => Block::Diff,
            _ => {
                let said = line.strip_prefix("<!-- customer: ").and_then(|rest| rest.strip_suffix(" -->"));
                blocks.extend(said.map(|said| (Block::Customer, said.to_owned())));
                continue;
            }
        };
        open = Some((kind, String::new()));
    }
    blocks
}

// === impl Reader ===

impl<'a> Reader<'a> {
    /// Begins in `at`.
    pub(crate) fn new(dir: &'a Directory, host: &'a Host, at: &Path) -> Self {
        Self { dir, host, at: at.to_owned(), printed: String::new(), said: 0 }
    }

    /// Follows `docs/guides/<guide>.md` to its end.
    pub(crate) async fn follows(&mut self, guide: &str) {
        let text = fs::read_to_string(root().join(format!("docs/guides/{guide}.md"))).unwrap();
        let blocks = blocks(&text);
        for (n, (block, text)) in blocks.iter().enumerate() {
            match block {
                Block::Sh => {
                    let shown = blocks.get(n + 1).filter(|(block, _)| matches!(block, Block::Text));
                    let fails =
                        shown.is_some_and(|(_, text)| text.lines().any(|line| line.starts_with("FAIL")));
                    self.runs(text, !fails);
                }
                Block::Text => prints(&self.printed, text),
                Block::Toml => self.configures(text),
                Block::Diff => self.changes(text),
                Block::Customer => self.hears(text).await,
            }
            self.settles().await;
        }
    }

    /// Runs commands, which have to end so.
    pub(crate) fn runs(&mut self, commands: &str, succeeds: bool) {
        let left = self.dir.path().join("left-in");
        let script = format!("exec 2>&1\nset -e\ntrap 'pwd > {}' EXIT\n{commands}", left.display());
        let program = Path::new(PATCHBAY).parent().unwrap().to_owned();
        let others = env::var_os("PATH").unwrap();
        let path = [program].into_iter().chain(env::split_paths(&others));
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(&self.at)
            .env("PATH", env::join_paths(path).unwrap())
            .env("PATCHBAY_SDK", root().join("sdk"))
            .env("PATCHBAY_CONFIG", self.dir.path())
            .env("PATCHBAY_URL", self.host.admin())
            .env("PATCHBAY_TOKEN_FILE", self.dir.path().join("data/admin.token"))
            // What projects have in common is compiled once.
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"))
            .output()
            .unwrap();
        self.printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.success(), succeeds, "{commands}\n{}", self.printed);
        self.at = fs::read_to_string(left).unwrap().trim_end().into();
        let lock = self.at.join("Cargo.lock");
        if self.at.join("Cargo.toml").is_file() && !lock.exists() {
            // Dependencies are those of the workspace: whatever is newer today is not tried here.
            fs::copy(root().join("Cargo.lock"), lock).unwrap();
        }
    }

    /// Puts tables into the tenant's file, in the place of those of the same name.
    fn configures(&self, text: &str) {
        let file = self.dir.path().join("tenants/acme.toml");
        let mut tenant: Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        for (name, value) in text.parse::<Table>().unwrap() {
            match (tenant.get_mut(&name).and_then(toml::Value::as_table_mut), value) {
                (Some(old), toml::Value::Table(new)) if name == "adapters" => old.extend(new),
                (_, value) => drop(tenant.insert(name, value)),
            }
        }
        fs::write(file, tenant.to_string()).unwrap();
    }

    /// Makes a change to the project's `src/lib.rs`.
    fn changes(&self, diff: &str) {
        let side = |other: char| {
            let lines = diff.lines().filter(|line| !line.starts_with(other));
            lines.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect::<String>()
        };
        let (old, new) = (side('+'), side('-'));
        let file = self.at.join("src/lib.rs");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(&old).count(), 1, "the change does not fit:\n{diff}\n{text}");
        fs::write(file, text.replace(&old, &new)).unwrap();
    }

    /// A customer says something.
    async fn hears(&mut self, text: &str) {
        self.said += 1;
        let id = format!("$event{}", self.said);
        let event = json!({ "event_id": id, "room_id": "!shop:localhost", "type": "m.room.message",
            "sender": "@ann:localhost", "origin_server_ts": 1_767_225_600_000_u64,
            "content": { "msgtype": "m.text", "body": text } });
        assert_eq!(self.host.put(&id, &json!({ "events": [event] })).await, 200);
    }

    /// Waits until what lies in the directory serves, and nothing is left to do.
    async fn settles(&self) {
        let serves = |status: &Value| {
            status["tenants"][0]["slots"].as_array().is_some_and(|slots| {
                slots.iter().all(|slot| {
                    let name = slot["serving"]["component"].as_str().unwrap_or_default();
                    let file = fs::read(self.dir.path().join(format!("components/{name}.wasm")));
                    let digest = file.map(|bytes| patchbay_types::Digest::of(&bytes).to_string());
                    slot["state"] == "active"
                        && digest.is_ok_and(|digest| slot["serving"]["digest"] == *digest)
                })
            })
        };
        let file = fs::read_to_string(self.dir.path().join("tenants/acme.toml")).unwrap();
        let tenant = patchbay_types::TenantConfig::parse(&file).unwrap();
        self.host
            .until("what lies there serves", async || {
                let (_, status) = self.host.get("/admin/v1/plugins").await;
                let named = tenant.slots().all(|(name, slot)| {
                    let slots = status["tenants"][0]["slots"].as_array().into_iter().flatten();
                    slots
                        .into_iter()
                        .any(|one| one["slot"] == *name && one["serving"]["component"] == *slot.component)
                });
                named && serves(&status)
            })
            .await;
        captures::settled(self.host).await;
    }
}
