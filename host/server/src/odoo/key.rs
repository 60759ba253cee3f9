//! The technical user's key, in a file that the tenant's secret names. Odoo lets nobody make an API key for somebody else,
//! so what is made here is a password, which JSON-RPC takes in its place; whoever wants JSON-2 makes a key by hand and puts
//! it into the same file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rand::TryRngCore as _;

use super::trouble::Trouble;

/// Longer than any key or password.
const LONGEST: u64 = 4096;

/// What the file holds; nothing where there is none, or nothing in it.
pub(super) fn read(path: &Path) -> Result<Option<String>, Trouble> {
    let mut text = String::new();
    match File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)) {
        Ok(_) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(trouble(path, &error)),
    }
}

/// A new one, written where nobody else can read it before Odoo hears of it: a crash in between costs nothing.
pub(super) fn make(path: &Path) -> Result<String, Trouble> {
    let mut bytes = [0; 24];
    let failed = |error: io::Error| trouble(path, &error);
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| failed(io::Error::other(error)))?;
    let key = hex::encode(bytes);
    let part = path.with_extension("part");
    // What was left half-written may be open to others.
    let _ = fs::remove_file(&part);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    writeln!(file, "{key}").and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&part, path).map_err(failed)?;
    Ok(key)
}

fn trouble(path: &Path, error: &io::Error) -> Trouble {
    Trouble::File { path: path.display().to_string(), cause: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_for_its_owner_alone_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("acme.odoo-key");
        assert_eq!(read(&path).unwrap(), None);
        let key = make(&path).unwrap();
        assert_eq!((key.len(), read(&path).unwrap()), (48, Some(key.clone())));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(make(&path).unwrap(), key);
        fs::write(&path, " \n").unwrap();
        assert_eq!(read(&path).unwrap(), None, "an empty file holds no key");
    }
}
