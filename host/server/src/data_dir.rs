//! The data directory: the host's alone. It holds the database, caches, and three keys that are made once.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use rand::TryRngCore as _;

/// The file that holds the admin API's token.
pub(crate) const ADMIN_TOKEN: &str = "admin.token";
const CACHE_KEY: &str = "cache.key";
const HOOK_KEY: &str = "hook.key";

/// A data directory that only this user can look into.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

// === impl DataDir ===

impl DataDir {
    /// Opens `root`, or makes it; takes everybody else's permissions away.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub(crate) fn open(root: PathBuf) -> anyhow::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(&root)
            .with_context(|| format!("cannot make the data directory {}", root.display()))?;
        let mode = fs::metadata(&root)
            .with_context(|| format!("cannot look at the data directory {}", root.display()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).with_context(|| {
                format!("the data directory {} is open to others, and that cannot be changed", root.display())
            })?;
        }
        Ok(Self { root })
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    /// Compiled artefacts.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The admin API's token; made at the first start.
    ///
    /// # Errors
    /// When the file can be neither read nor made.
    pub(crate) fn admin_token(&self) -> anyhow::Result<String> {
        self.key(ADMIN_TOKEN).map(hex::encode)
    }

    /// The key that authenticates cached artefacts; made at the first start.
    ///
    /// # Errors
    /// When the file can be neither read nor made.
    pub(crate) fn cache_key(&self) -> anyhow::Result<[u8; 32]> {
        self.key(CACHE_KEY)
    }

    /// The key that the tokens in webhooks' URLs follow from; made at the first start. Another one changes every URL.
    ///
    /// # Errors
    /// When the file can be neither read nor made.
    pub(crate) fn hook_key(&self) -> anyhow::Result<[u8; 32]> {
        self.key(HOOK_KEY)
    }

    fn key(&self, name: &str) -> anyhow::Result<[u8; 32]> {
        let path = self.root.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mut key = [0; 32];
                hex::decode_to_slice(text.trim(), &mut key).map_err(|_| {
                    anyhow!("{} is damaged; remove it, and the next start makes another", path.display())
                })?;
                Ok(key)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_key(&path).with_context(|| format!("cannot make {}", path.display()))
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}

/// Written beside and renamed, so that a crash leaves either no key or a whole one.
fn make_key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut key)?;
    let part = path.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_made_once_and_are_the_hosts_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        let token = data.admin_token().unwrap();
        assert_eq!(data.admin_token().unwrap(), token);
        assert_eq!(data.hook_key().unwrap(), data.hook_key().unwrap());
        assert_ne!(data.hook_key().unwrap(), data.cache_key().unwrap());
        assert_ne!(
            data.cache_key().unwrap(),
            DataDir::open(dir.path().join("other")).unwrap().cache_key().unwrap()
        );
        assert_eq!(mode(data.path()), 0o700);
        assert_eq!(mode(&data.path().join(ADMIN_TOKEN)), 0o600);
    }

    #[test]
    fn a_directory_that_others_could_read_is_closed_to_them() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let data = DataDir::open(dir.path().to_owned()).unwrap();
        assert_eq!(mode(data.path()), 0o700);
    }

    #[test]
    fn a_damaged_key_is_named_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().to_owned()).unwrap();
        fs::write(dir.path().join(ADMIN_TOKEN), "short").unwrap();
        let error = data.admin_token().unwrap_err().to_string();
        assert!(error.contains("admin.token is damaged"), "{error}");
    }
}
