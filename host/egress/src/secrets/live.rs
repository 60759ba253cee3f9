//! One secret and its values now.

use std::{
    fmt,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use patchbay_types::{
    Clock, Millis,
    egress::{SecretConfig, SecretSource},
};
use url::Url;

/// How long what was looked up is taken for what is there.
const FRESH: Millis = 5_000;

/// The largest file of a secret.
const LARGEST: u64 = 64 << 10;

/// A secret and where it comes from.
pub(crate) struct Live {
    config: SecretConfig,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    looked_up: Mutex<Option<(Millis, Found)>>,
}

/// One for each source, in order: its value, or what is missing.
pub(crate) type Found = Arc<[Result<Value, String>]>;

/// A secret in clear. It shows itself to nobody but who asks for it by name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value(Arc<[u8]>);

// === impl Live ===

impl Live {
    pub(crate) fn new(config: &SecretConfig, dir: &Path, clock: Arc<dyn Clock>) -> Self {
        Self { config: config.clone(), dir: dir.to_owned(), clock, looked_up: Mutex::new(None) }
    }

    pub(crate) fn config(&self) -> &SecretConfig {
        &self.config
    }

    /// It may be sent somewhere.
    pub(crate) fn is_sent(&self) -> bool {
        !self.config.hosts.is_empty()
    }

    pub(crate) fn may_go_to(&self, url: &Url) -> bool {
        self.config.hosts.iter().any(|host| host.is_origin_of(url))
    }

    /// What is there, as of a few seconds ago at most.
    pub(crate) fn look(&self) -> Found {
        let now = self.clock.now();
        let mut looked_up = self.looked_up.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, found)) = looked_up.as_ref()
            && now.checked_sub(*then).is_some_and(|age| age < FRESH)
        {
            return Arc::clone(found);
        }
        let found: Found = self.config.from.as_slice().iter().map(|source| self.read(source)).collect();
        *looked_up = Some((now, Arc::clone(&found)));
        found
    }

    fn read(&self, source: &SecretSource) -> Result<Value, String> {
        let (bytes, place) = match source {
            SecretSource::Env { env } => {
                let missing = || format!("the environment variable {env} is not set");
                (
                    std::env::var_os(env).ok_or_else(missing)?.into_encoded_bytes(),
                    format!("the environment variable {env}"),
                )
            }
            SecretSource::File { file } => {
                let path = self.dir.join(file);
                let bytes =
                    read_file(&path).map_err(|why| format!("cannot read {}: {why}", path.display()))?;
                (bytes, path.display().to_string())
            }
        };
        if bytes.trim_ascii().is_empty() { Err(format!("{place} is empty")) } else { Ok(Value(bytes.into())) }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    Ok(bytes)
}

// === impl Value ===

impl Value {
    /// The value, without the white space around it.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.trim_ascii()
    }

    /// All bytes of its source. A key that is no text may well begin with a byte that looks like a space.
    pub(crate) fn expose_raw(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

#[cfg(test)]
mod tests {
    use patchbay_types::{MockClock, egress::OneOrMany};

    use super::*;

    fn live(dir: &Path, sources: Vec<SecretSource>, clock: &MockClock) -> Live {
        let config = SecretConfig { from: OneOrMany::Many(sources), hosts: Vec::new(), sign: false };
        Live::new(&config, dir, Arc::new(clock.clone()))
    }

    fn file(name: &str) -> SecretSource {
        SecretSource::File { file: name.to_owned() }
    }

    #[test]
    fn a_changed_file_is_seen_after_a_few_seconds_without_restart() {
        let (dir, clock) = (tempfile::tempdir().unwrap(), MockClock::at(1_000_000));
        let live = live(dir.path(), vec![file("token")], &clock);
        assert!(live.look()[0].is_err());
        std::fs::write(dir.path().join("token"), " one\n").unwrap();
        assert!(live.look()[0].is_err(), "as of a moment ago");
        clock.advance(FRESH);
        assert_eq!(live.look()[0].as_ref().unwrap().expose(), b"one");
        std::fs::write(dir.path().join("token"), "two").unwrap();
        assert_eq!(live.look()[0].as_ref().unwrap().expose(), b"one");
        clock.advance(FRESH);
        assert_eq!(live.look()[0].as_ref().unwrap().expose(), b"two");
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_there_is_not_shown() {
        let (dir, clock) = (tempfile::tempdir().unwrap(), MockClock::at(0));
        std::fs::write(dir.path().join("here"), "hush").unwrap();
        std::fs::write(dir.path().join("empty"), " \n").unwrap();
        std::fs::write(dir.path().join("large"), vec![b'a'; 70_000]).unwrap();
        let unset = SecretSource::Env { env: "PATCHBAY_TEST_THAT_IS_NOT_SET".to_owned() };
        let sources = vec![file("here"), unset, file("gone"), file("empty"), file("large")];
        let live = live(dir.path(), sources, &clock);
        let found = live.look();
        assert_eq!(format!("{:?}", found[0]), "Ok(Value(…))");
        for (place, named) in
            [(1, "PATCHBAY_TEST_THAT_IS_NOT_SET"), (2, "gone"), (3, "empty"), (4, "larger than")]
        {
            let why = found[place].as_ref().unwrap_err();
            assert!(why.contains(named), "{why}");
        }
    }

    #[test]
    fn the_environment_holds_values_too() {
        let dir = tempfile::tempdir().unwrap();
        let env = SecretSource::Env { env: "CARGO_PKG_NAME".to_owned() };
        let live = live(dir.path(), vec![env], &MockClock::at(0));
        assert_eq!(live.look()[0].as_ref().unwrap().expose(), b"patchbay-egress");
    }
}
