//! What files may pass between Matrix and a tenant's CRMs, as its file says it.

use serde::{Deserialize, Serialize};

use crate::{
    config::ConfigError,
    units::{Bytes, Span},
};

/// `[media]` of a tenant's file. What it does not let pass is named in the text, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MediaConfig {
    /// The largest file, in either direction.
    pub size: Bytes,
    /// The most files of one message.
    pub files: u32,
    /// What may pass: media types (`image/png`, `image/*`) and endings of names (`.pdf`). Empty: all that is not denied.
    pub allow: Vec<String>,
    /// What may not, whatever `allow` says.
    pub deny: Vec<String>,
    /// What is too large, or one too many, is named with a link to it, which anybody can open who has it.
    pub links: bool,
    /// How long such a link can be opened.
    pub link_lifetime: Span,
}

/// Programs and scripts that a double click runs, by the endings of their names; and media types that say the same.
const PROGRAMS: [&str; 33] = [
    ".apk",
    ".app",
    ".appx",
    ".bat",
    ".cmd",
    ".com",
    ".cpl",
    ".dll",
    ".exe",
    ".hta",
    ".iso",
    ".jar",
    ".js",
    ".jse",
    ".lnk",
    ".msi",
    ".msix",
    ".pif",
    ".ps1",
    ".reg",
    ".scr",
    ".url",
    ".vbe",
    ".vbs",
    ".wsf",
    "application/hta",
    "application/java-archive",
    "application/vnd.android.package-archive",
    "application/vnd.microsoft.portable-executable",
    "application/x-dosexec",
    "application/x-executable",
    "application/x-msdos-program",
    "application/x-msdownload",
];

// === impl MediaConfig ===

impl MediaConfig {
    /// Whether a file may pass by what it says of itself.
    #[must_use]
    pub fn lets_pass(&self, mime_type: &str, file_name: &str) -> bool {
        let essence = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // Some systems take no notice of what a name ends with.
        let name = file_name.trim_end_matches(['.', ' ']).to_lowercase();
        let is = |rule: &String| {
            let rule = rule.to_lowercase();
            match rule.strip_suffix('*') {
                _ if rule.starts_with('.') => name.ends_with(&rule),
                Some(kind) => essence.starts_with(kind),
                None => essence == rule,
            }
        };
        !self.deny.iter().any(is) && (self.allow.is_empty() || self.allow.iter().any(is))
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (field, rules) in [("media.allow", &self.allow), ("media.deny", &self.deny)] {
            if let Some(wrong) = rules.iter().find(|rule| !is_rule(rule)) {
                let why = format!(
                    "`{wrong}` is neither a media type (`image/png`, `image/*`) nor an ending (`.pdf`)"
                );
                return Err(ConfigError::field(field, why));
            }
        }
        Ok(())
    }
}

fn is_rule(rule: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    match rule.split_once('/') {
        Some((kind, sub)) => {
            let named = |text: &str| !text.is_empty() && text.chars().all(plain);
            named(kind) && (sub == "*" || named(sub))
        }
        None => rule.len() > 1 && rule.starts_with('.') && !rule.contains(char::is_whitespace),
    }
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            size: Bytes::mib(50),
            files: 10,
            allow: Vec::new(),
            deny: PROGRAMS.map(str::to_owned).to_vec(),
            links: false,
            link_lifetime: Span::days(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_denied_by_name_and_by_type_however_they_are_written() {
        let media = MediaConfig::default();
        for name in ["a.exe", "Invoice.pdf.EXE", "a.exe. .", "x.Js"] {
            assert!(!media.lets_pass("application/pdf", name), "{name}");
        }
        assert!(!media.lets_pass("Application/X-MSDownload; a=b", "a.pdf"));
        assert!(media.lets_pass("application/pdf", "executable.exe.pdf"));
        assert!(media.lets_pass("", "no type at all"));
    }

    #[test]
    fn where_something_is_allowed_nothing_else_is() {
        let media = MediaConfig {
            allow: vec!["image/*".into(), ".pdf".into(), "text/plain".into()],
            ..MediaConfig::default()
        };
        assert!(media.lets_pass("image/png", "a"));
        assert!(media.lets_pass("application/octet-stream", "A.PDF"));
        assert!(media.lets_pass("text/plain; charset=utf-8", "a"));
        assert!(!media.lets_pass("text/html", "a"));
        assert!(!media.lets_pass("image/png", "a.exe"), "denied wins");
    }

    #[test]
    fn what_is_no_rule_is_named() {
        for wrong in ["exe", "*/*", "image/", ".", "a b/c", ". x"] {
            let media = MediaConfig { deny: vec![wrong.into()], ..MediaConfig::default() };
            assert_eq!(media.check().unwrap_err().field.as_deref(), Some("media.deny"), "{wrong}");
        }
        MediaConfig::default().check().unwrap();
    }
}
