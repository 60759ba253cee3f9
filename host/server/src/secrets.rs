//! Secrets as `patchbay.toml` names them, turned into the secrets themselves. Read once, at start-up.

use std::{fmt, path::Path};

use anyhow::{Context as _, ensure};
use patchbay_types::config::{RegistrationConfig, Secret};

/// A secret in clear. It shows itself to nobody but [`Clear::expose`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Clear(String);

/// A registration's two tokens.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// We show this to the homeserver.
    pub(crate) as_token: Clear,
    /// The homeserver shows this to us.
    pub(crate) hs_token: Clear,
}

// === impl Tokens ===

impl Tokens {
    /// Both tokens of `registration`; files are looked for in `dir`.
    ///
    /// # Errors
    /// Names the registration, the field, and what is missing.
    pub(crate) fn of(registration: &RegistrationConfig, dir: &Path) -> anyhow::Result<Self> {
        let read = |field: &str, secret: &Secret| {
            Clear::read(secret, dir).with_context(|| format!("registration `{}`, `{field}`", registration.id))
        };
        let tokens = Self {
            as_token: read("as-token", &registration.as_token)?,
            hs_token: read("hs-token", &registration.hs_token)?,
        };
        ensure!(
            tokens.as_token != tokens.hs_token,
            "registration `{}`: `as-token` and `hs-token` must differ, or whoever learns one has both",
            registration.id
        );
        Ok(tokens)
    }
}

// === impl Clear ===

impl Clear {
    /// The secret itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn read(secret: &Secret, dir: &Path) -> anyhow::Result<Self> {
        let text = match secret {
            Secret::Value(value) => value.clone(),
            Secret::Env { env } => std::env::var(env)
                .with_context(|| format!("the environment variable {env} holds no secret"))?,
            Secret::File { file } => {
                let path = dir.join(file);
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
        };
        let text = text.trim();
        ensure!(!text.is_empty(), "the secret is empty");
        ensure!(
            text.chars().all(|c| c.is_ascii_graphic()),
            "a token goes into an HTTP header: it may hold visible ASCII characters alone"
        );
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Clear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clear(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_file_loses_the_white_space_around_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), "  abc\n").unwrap();
        let secret = Clear::read(&Secret::File { file: "token".into() }, dir.path()).unwrap();
        assert_eq!(secret.expose(), "abc");
        assert_eq!(format!("{secret:?}"), "Clear(…)");
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_being_shown() {
        for bad in ["", " ", "a b", "a\nb", "ä"] {
            let error = Clear::read(&Secret::Value(bad.into()), Path::new(".")).unwrap_err();
            assert!(bad.trim().is_empty() || !format!("{error:#}").contains(bad), "{error:#}");
        }
    }

    #[test]
    fn a_missing_environment_variable_is_named() {
        let secret = Secret::Env { env: "PATCHBAY_TEST_THAT_IS_NOT_SET".into() };
        let error = Clear::read(&secret, Path::new(".")).unwrap_err();
        assert!(format!("{error:#}").contains("PATCHBAY_TEST_THAT_IS_NOT_SET"));
    }
}
