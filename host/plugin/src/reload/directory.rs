//! Which names the watched directory holds, and which of them are no use.

use std::{collections::BTreeSet, fs, io, path::Path};

use patchbay_types::TenantId;

use super::finding::Finding;

/// Components, by name.
pub(super) const COMPONENTS: &str = "components";
/// Tenants' files, and their settings files beside them.
pub(super) const TENANTS: &str = "tenants";

/// The most names of one directory that are looked at.
const MOST: usize = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Files that look like a tenant's. None when `tenants/` itself cannot be read: then nothing is known, and least of
    /// all that every tenant was removed.
    pub(super) tenants: Option<BTreeSet<TenantId>>,
    /// Names that will never be used, and what is wrong with them.
    pub(super) findings: Vec<Finding>,
}

/// `components/<name>.wasm`.
pub(super) fn component_file(name: &str) -> String {
    format!("{COMPONENTS}/{name}.wasm")
}

/// `tenants/<tenant>.toml`.
pub(super) fn tenant_file(tenant: &TenantId) -> String {
    format!("{TENANTS}/{tenant}.toml")
}

/// Lists both directories. Names that begin with a dot are left alone: editors and Kubernetes keep theirs there.
pub(super) fn list(root: &Path) -> Listing {
    let mut listing = Listing::default();
    let mut odd = |file: String, message: &str| listing.findings.push(Finding::file(file, message));
    match names(&root.join(COMPONENTS)) {
        Ok(names) => {
            for name in names.iter().filter(|name| !is_component(name)) {
                odd(
                    format!("{COMPONENTS}/{name}"),
                    "only `<name>.wasm` is used here, of letters, digits, `-_.`",
                );
            }
        }
        Err(error) => odd(format!("{COMPONENTS}/"), &error),
    }
    match names(&root.join(TENANTS)) {
        Ok(names) => {
            let mut tenants = BTreeSet::new();
            for name in names {
                let Some(stem) = name.strip_suffix(".toml") else { continue };
                match TenantId::parse(stem) {
                    Ok(tenant) => _ = tenants.insert(tenant),
                    Err(error) => odd(format!("{TENANTS}/{name}"), &error.to_string()),
                }
            }
            listing.tenants = Some(tenants);
        }
        Err(error) => odd(format!("{TENANTS}/"), &error),
    }
    listing
}

fn names(path: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "the directory is missing".to_owned(),
        _ => format!("the directory cannot be read: {error}"),
    })?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| format!("the directory cannot be read: {error}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if names.len() == MOST {
            return Err(format!("more than {MOST} names; none of them is looked at"));
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn is_component(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.strip_suffix(".wasm").is_some_and(|stem| !stem.is_empty() && stem.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_reported_and_hidden_ones_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for sub in [COMPONENTS, TENANTS] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        for name in [
            "components/a.wasm",
            "components/b c.wasm",
            "components/.a.swp",
            "tenants/acme.toml",
            "tenants/A.toml",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let listing = list(dir.path());
        let files: Vec<_> = listing.findings.iter().map(|finding| finding.file.as_str()).collect();
        assert_eq!(files, ["components/b c.wasm", "tenants/A.toml"]);
        assert_eq!(listing.tenants, Some(BTreeSet::from(["acme".into()])));
    }

    #[test]
    fn tenants_that_cannot_be_listed_are_unknown_rather_than_none() {
        let dir = tempfile::tempdir().unwrap();
        let listing = list(dir.path());
        assert_eq!(listing.tenants, None);
        assert_eq!(listing.findings.len(), 2);
    }
}
