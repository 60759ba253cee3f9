//! `plugin new`: a project that builds, is tested and can be copied into a host, for each kind of plugin.

use std::{
    fs,
    path::{Path, PathBuf},
};

use patchbay_package::CONTRACT;
use serde::Serialize;

use crate::error::WorkbenchError;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Matrix events to messages, and back.
    Mapper,
    /// Messages to routes.
    Router,
    /// A CRM.
    Adapter,
}

/// A project to be made.
#[derive(Debug, Clone)]
pub struct New {
    /// What.
    pub kind: Kind,
    /// The plugin's name, which is the crate's and the component's too.
    pub name: String,
    /// Where; else a directory of that name, here.
    pub path: Option<PathBuf>,
    /// A checkout of the SDK; else the published one.
    pub sdk: Option<PathBuf>,
}

/// What of a project is of its kind.
struct Template {
    world: &'static str,
    plugin: &'static str,
    lib: &'static str,
    case: &'static str,
    about: &'static str,
    slot: &'static str,
    tenant: &'static str,
}

const COMMON: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../templates/common/Cargo.toml.tmpl")),
    (".gitignore", include_str!("../templates/common/gitignore.tmpl")),
    (".github/workflows/ci.yml", include_str!("../templates/common/ci.yml.tmpl")),
    ("README.md", include_str!("../templates/common/README.md.tmpl")),
];

const MAPPER: Template = Template {
    world: "Mapper",
    plugin: include_str!("../templates/mapper/plugin.toml.tmpl"),
    lib: include_str!("../templates/mapper/lib.rs.tmpl"),
    case: include_str!("../templates/mapper/case.json.tmpl"),
    about: "A mapper of Patchbay: Matrix events become messages, and what a CRM tells becomes Matrix events.",
    slot: "mapper",
    tenant: "[mapper]\ncomponent = \"{{name}}\"\nsettings = { prefix = \"\" }\n",
};

const ROUTER: Template = Template {
    world: "Router",
    plugin: include_str!("../templates/router/plugin.toml.tmpl"),
    lib: include_str!("../templates/router/lib.rs.tmpl"),
    case: include_str!("../templates/router/case.json.tmpl"),
    about: "A router of Patchbay: it says which CRM a message goes to, and what its ticket is like.",
    slot: "router",
    tenant: "[router]\ncomponent = \"{{name}}\"\nsettings = { adapter = \"desk\", urgent = [\"fire\"] }\n",
};

const ADAPTER: Template = Template {
    world: "Adapter",
    plugin: include_str!("../templates/adapter/plugin.toml.tmpl"),
    lib: include_str!("../templates/adapter/lib.rs.tmpl"),
    case: include_str!("../templates/adapter/case.json.tmpl"),
    about: "A CRM adapter of Patchbay: it opens tickets in a CRM, and writes messages into them.",
    slot: "adapters.crm",
    tenant: "[secrets.crm-token]\nfrom = { env = \"CRM_TOKEN\" }\nhosts = [\"https://crm.example.org\"]\n\n\
             [adapters.crm]\ncomponent = \"{{name}}\"\nsettings = { url = \"https://crm.example.org/api\" }\n\
             grants = { http = [\"https://crm.example.org/api/\"], secrets = [\"crm-token\"] }\n",
};

/// Writes the project; answers its directory.
///
/// # Errors
/// When the name is none, something is there already, or a file cannot be written.
pub fn new(wanted: &New) -> Result<PathBuf, WorkbenchError> {
    let New { kind, name, path, sdk } = wanted;
    check_name(name)?;
    let dir = path.clone().unwrap_or_else(|| PathBuf::from(name));
    if fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let why = "something is there already: choose another place with `--path`";
        return Err(WorkbenchError::content(&dir, why));
    }
    let template = match kind {
        Kind::Mapper => MAPPER,
        Kind::Router => ROUTER,
        Kind::Adapter => ADAPTER,
    };
    let fill = |text: &str| {
        text.replace("{{tenant}}", template.tenant)
            .replace("{{about}}", template.about)
            .replace("{{slot}}", template.slot)
            .replace("{{contract}}", &CONTRACT.to_string())
            .replace("{{Type}}", &type_name(name, template.world))
            .replace("{{name}}", name)
    };
    let sdk = dependency(sdk.as_deref())?;
    for (file, text) in COMMON {
        write(&dir.join(file), &fill(text).replace("{{sdk}}", &sdk))?;
    }
    for (file, text) in
        [("plugin.toml", template.plugin), ("src/lib.rs", template.lib), ("cases/hello.json", template.case)]
    {
        write(&dir.join(file), &fill(text))?;
    }
    Ok(dir)
}

/// Names of crates, of components and of manifests: what all three take.
fn check_name(name: &str) -> Result<(), WorkbenchError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && name.len() <= 64 && name.chars().all(plain) && !name.ends_with('-') {
        return Ok(());
    }
    Err(WorkbenchError::Refused(format!(
        "`{name}` is no name for a plugin: 1 to 64 of a-z, 0-9 and `-`, beginning with a letter"
    )))
}

/// `MyRouter` of `my-router`, `AcmeRouter` of `acme`: never one of the prelude's own names.
fn type_name(name: &str, world: &str) -> String {
    let mut out = if name == world.to_ascii_lowercase() { "The".to_owned() } else { String::new() };
    for part in name.split('-') {
        let mut rest = part.chars();
        out.extend(rest.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(rest.as_str());
    }
    if !out.ends_with(world) {
        out.push_str(world);
    }
    out
}

fn dependency(sdk: Option<&Path>) -> Result<String, WorkbenchError> {
    let Some(path) = sdk else { return Ok("\"0.1\"".to_owned()) };
    let path = fs::canonicalize(path).map_err(WorkbenchError::file(path))?;
    if !path.join("Cargo.toml").is_file() {
        let why = "this is no checkout of the SDK: name the directory that holds its `Cargo.toml`";
        return Err(WorkbenchError::content(&path, why));
    }
    // As TOML writes a text: JSON's escapes are among its own.
    Ok(format!("{{ path = {} }}", serde_json::Value::from(path.to_string_lossy())))
}

fn write(path: &Path, text: &str) -> Result<(), WorkbenchError> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(WorkbenchError::file(dir))?;
    }
    fs::write(path, text).map_err(WorkbenchError::file(path))
}

#[cfg(test)]
mod tests {
    use patchbay_package::Manifest;

    use super::*;
    use crate::case::Case;

    #[test]
    fn what_a_template_holds_is_understood_by_whoever_reads_it() {
        for kind in [Kind::Mapper, Kind::Router, Kind::Adapter] {
            let dir = tempfile::tempdir().unwrap();
            let path = Some(dir.path().join("p"));
            let made = new(&New { kind, name: "my-plugin-2".into(), path, sdk: None }).unwrap();
            let read = |file: &str| fs::read_to_string(made.join(file)).unwrap();
            let manifest = Manifest::parse(&read("plugin.toml")).unwrap();
            assert_eq!((manifest.name.as_str(), manifest.check_contract()), ("my-plugin-2", Ok(())));
            assert!(Case::parse(&read("cases/hello.json")).is_ok());
            assert!(read("src/lib.rs").contains("struct MyPlugin2"));
            for file in ["Cargo.toml", "plugin.toml", "src/lib.rs", "README.md", ".github/workflows/ci.yml"] {
                assert!(!read(file).contains("{{"), "{file} has a gap in it");
            }
        }
    }

    #[test]
    fn a_type_never_has_a_name_of_the_prelude() {
        let named = [
            ("my-router", "MyRouter"),
            ("acme", "AcmeRouter"),
            ("router", "TheRouter"),
            ("text", "TextRouter"),
        ];
        for (name, wanted) in named {
            assert_eq!(type_name(name, "Router"), wanted);
        }
    }

    #[test]
    fn nothing_is_written_over_and_a_bad_name_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine"), "").unwrap();
        let wanted = |name: &str| New {
            kind: Kind::Router,
            name: name.into(),
            path: Some(dir.path().to_owned()),
            sdk: None,
        };
        assert!(new(&wanted("one")).unwrap_err().to_string().contains("--path"));
        for name in ["", "One", "1", "a_b", "a/b", "a-"] {
            assert!(new(&wanted(name)).unwrap_err().to_string().contains("no name"), "{name}");
        }
    }
}
