//! The registration file that the homeserver's operator installs: who we are, which names are ours alone, and which
//! extensions we take. It holds both tokens, so it is as secret as they are.

use patchbay_types::config::{ConfigError, RegistrationConfig};

use crate::ghosts::Ghosts;

/// The registration as YAML, ready for Synapse's `app_service_config_files`.
///
/// `as_token` and `hs_token` are the tokens themselves: where they come from is not this crate's business.
///
/// # Errors
/// When the registration's names make no scheme; see [`Ghosts::new`].
pub fn yaml(config: &RegistrationConfig, as_token: &str, hs_token: &str) -> Result<String, ConfigError> {
    let ghosts = Ghosts::new(config)?;
    let namespace = |sigil: char| {
        // Homeservers differ in whether they anchor a pattern, so it anchors itself at both ends.
        let (prefix, server) = (regex::escape(ghosts.prefix()), regex::escape(ghosts.server()));
        quoted(&format!("^{sigil}{prefix}.*:{server}$"))
    };
    Ok(format!(
        "# Patchbay, as the homeserver is to know it. Both tokens are secret: let only the homeserver read this file.\n\
         id: {id}\n\
         url: {url}\n\
         as_token: {as_token}\n\
         hs_token: {hs_token}\n\
         sender_localpart: {bot}\n\
         namespaces:\n\
         \x20 users:\n\
         \x20   - exclusive: true\n\
         \x20     regex: {users}\n\
         \x20 aliases:\n\
         \x20   - exclusive: true\n\
         \x20     regex: {aliases}\n\
         \x20 rooms: []\n\
         rate_limited: false\n\
         # Typing and receipts; the second is the name of older homeservers.\n\
         receive_ephemeral: true\n\
         de.sorunome.msc2409.push_ephemeral: true\n\
         # Devices of ghosts, so that what is sent twice arrives once even if the homeserver restarts between.\n\
         io.element.msc4190: true\n\
         org.matrix.msc3202: true\n",
        id = quoted(config.id.as_str()),
        url = quoted(&config.url),
        as_token = quoted(as_token),
        hs_token = quoted(hs_token),
        bot = quoted(&config.sender_localpart),
        users = namespace('@'),
        aliases = namespace('#'),
    ))
}

/// A JSON string is a double-quoted YAML scalar too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use patchbay_types::{TenantId, config::HostConfig};
    use regex::Regex;

    use super::*;

    const CONFIG: &str = "[[registrations]]\nid = 'crm'\nhomeserver = 'http://localhost:8008'\n\
        server-name = 'example.org'\nurl = 'http://localhost:9108'\nas-token = 'a'\nhs-token = 'h'\n";

    fn registration() -> RegistrationConfig {
        HostConfig::parse(CONFIG).unwrap().registrations.remove(0)
    }

    #[test]
    fn the_file_has_every_key_and_quotes_what_could_break_it() {
        let yaml = yaml(&registration(), "as: \"token\"\n", "hs").unwrap();
        for line in [
            "id: \"crm\"",
            "url: \"http://localhost:9108\"",
            r#"as_token: "as: \"token\"\n""#,
            "hs_token: \"hs\"",
            "sender_localpart: \"patchbay\"",
            r#"      regex: "^@_patchbay_.*:example\\.org$""#,
            r##"      regex: "^#_patchbay_.*:example\\.org$""##,
            "rate_limited: false",
            "receive_ephemeral: true",
            "io.element.msc4190: true",
        ] {
            assert!(yaml.lines().any(|written| written == line), "{line} in\n{yaml}");
        }
    }

    #[test]
    fn the_namespace_claims_our_ghosts_and_nobody_else() {
        let yaml = yaml(&registration(), "a", "h").unwrap();
        let line = yaml.lines().find_map(|line| line.trim().strip_prefix("regex: ")).unwrap();
        let pattern = Regex::new(&serde_json::from_str::<String>(line).unwrap()).unwrap();
        let ghosts = Ghosts::new(&registration()).unwrap();
        assert!(pattern.is_match(ghosts.ghost(&TenantId::from("acme"), "Zoë_1").as_str()));
        for other in [
            "@alice:example.org",
            "@_patchbay_x:exampleXorg",
            "@_patchbay_x:example.org.evil",
            "x@_patchbay_a_b:example.org",
        ] {
            assert!(!pattern.is_match(other), "{other}");
        }
    }
}
