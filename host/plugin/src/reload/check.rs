//! What would be wrong with a directory, without letting any of it serve: for `patchbay check`.

use std::{collections::BTreeSet, path::Path};

use patchbay_types::config::{HostConfig, PluginsConfig};

use super::{
    directory::{self, tenant_file},
    files::Files,
    finding::Finding,
    gather::{self, Draft},
    host_file::{HOST_FILE, HOST_FILE_SIZE},
    load::load,
    read::Unread,
    source::Refusal,
};
use crate::runtime::Runtime;

/// Reads everything in `dir` as a start would, and answers all that is wrong with it, file by file. With a runtime it
/// also makes every component ready, which takes as long as a first start does.
#[must_use]
pub fn check(dir: &Path, runtime: Option<&Runtime>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut files = Files::new(dir.to_owned(), 0);
    files.begin_pass(0);
    let plugins = host_config(&mut files).map_err(|finding| findings.push(finding)).unwrap_or_default();

    let listing = directory::list(dir);
    findings.extend(listing.findings);
    let mut drafts = Vec::new();
    for tenant in listing.tenants.unwrap_or_default() {
        match gather::draft(&mut files, &tenant) {
            Ok(draft) => drafts.push(draft),
            Err(unread) => findings.push(Finding::file(tenant_file(&tenant), unread.to_string())),
        }
    }
    let claims: BTreeSet<_> = drafts.iter().flat_map(Draft::claims).collect();
    drafts.retain(|draft| draft.config.is_ok() || !claims.contains(&tenant_file(&draft.tenant)));
    for draft in drafts {
        let file = tenant_file(&draft.tenant);
        match draft.gather(&mut files, plugins.component_size.0) {
            Ok(gathered) => {
                let tried = gathered.source.and_then(|source| match runtime {
                    Some(runtime) => load(runtime, &source).map(drop),
                    None => Ok(()),
                });
                findings.extend(tried.err().into_iter().flatten().map(|Refusal { finding, .. }| *finding));
            }
            Err(_) => findings.push(Finding::file(file, "its files change while they are read; try again")),
        }
    }
    findings
}

fn host_config(files: &mut Files) -> Result<PluginsConfig, Finding> {
    let whole = |unread: Unread| Finding::file(HOST_FILE, unread.to_string());
    let text = files.text(HOST_FILE, HOST_FILE_SIZE).map_err(whole)?;
    let config = HostConfig::parse(&text).map_err(|error| Finding::config(HOST_FILE, &text, error))?;
    Ok(config.plugins)
}
