//! `GET /admin/v1/events/{id}/export`: each step of an event with what filled its slot then, which is all that somebody
//! else needs to ask the same again. Texts stay texts here, so that nothing is changed by being read.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_plugin::reload::KeptSlot;
use patchbay_storage::{Step, Store, Subject, Why};
use patchbay_types::{
    Digest, Problem, TenantId,
    tenant::{Grants, InstancePolicy, Limits},
};
use serde::{Deserialize, Serialize};

use crate::admin::{
    Archive,
    answer::{Answer, Path, Query},
};

/// What is wanted besides the steps.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// The components' bytes too.
    pub components: bool,
    /// One tenant's steps, where the event came to several.
    pub tenant: Option<TenantId>,
}

/// All that is known of an event's steps.
#[derive(Debug, Serialize)]
pub struct Export {
    /// The event, or the entry of a CRM's news.
    pub event: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its steps, the host's own among them, in the order of the commits.
    pub steps: Vec<Exported>,
    /// Components by digest, in base64, where they were wanted and are kept.
    pub components: BTreeMap<String, String>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// As it was recorded.
    #[serde(flatten)]
    pub step: Step,
    /// What filled the slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled: Option<Filled>,
    /// Why that is not known any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// What filled a slot of a generation.
#[derive(Debug, Serialize)]
pub struct Filled {
    /// Name and version of the component, as its manifest says them.
    pub plugin: Option<(String, String)>,
    /// The settings, as JSON text.
    pub settings: Arc<str>,
    /// What it was granted.
    pub grants: Grants,
    /// The most it may use.
    pub limits: Limits,
    /// How long an instance lives.
    pub instance: InstancePolicy,
}

pub(in crate::admin) async fn handler(
    State(store): State<Store>,
    State(archive): State<Arc<dyn Archive>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Export> {
    let why = store.why(&id).await?;
    let owners = owners(&why);
    let tenant = pick(&id, &owners, wanted.tenant)?;
    let own = why.traces.into_iter().filter(|trace| owners.get(&trace.subject) == Some(&tenant));
    let steps = own.flat_map(|trace| trace.steps).collect();
    Ok(Json(Export::of(&*archive, id, tenant, steps, wanted.components).await))
}

// === impl Export ===

impl Export {
    /// `steps` of `event`, each with what filled its slot; with the components where they are wanted and kept.
    pub(in crate::admin::v1) async fn of(
        archive: &dyn Archive,
        event: String,
        tenant: TenantId,
        steps: Vec<Step>,
        components: bool,
    ) -> Self {
        let mut export = Self { event, tenant, steps: Vec::new(), components: BTreeMap::new() };
        for step in steps {
            let step = filled(archive, &export.tenant, step).await;
            export.steps.push(step);
        }
        if components {
            self::components(archive, &mut export).await;
        }
        export
    }
}

/// Whose each thing is that has a trace.
fn owners(why: &Why) -> HashMap<Subject, TenantId> {
    let events =
        why.events.iter().filter_map(|event| Some((Subject::Inbox(event.seq), event.tenant.clone()?)));
    let entries = why.entries.iter().map(|entry| (Subject::Entry(entry.id), entry.tenant.clone()));
    let deliveries = why.deliveries.iter().map(|row| (Subject::Delivery(row.id), row.tenant.clone()));
    let actions = why.actions.iter().map(|action| (Subject::Action(action.id), action.tenant.clone()));
    let hooks = why.hooks.iter().map(|hook| (Subject::Hook(hook.id), hook.tenant.clone()));
    let polls = why.polls.iter().map(|poll| (Subject::Poll(poll.id), poll.tenant.clone()));
    events.chain(entries).chain(deliveries).chain(actions).chain(hooks).chain(polls).collect()
}

/// One case is one tenant's: nobody is shown another's settings.
fn pick(
    id: &str,
    owners: &HashMap<Subject, TenantId>,
    wanted: Option<TenantId>,
) -> Result<TenantId, Problem> {
    let mut tenants: Vec<&TenantId> = owners.values().collect();
    tenants.sort();
    tenants.dedup();
    match (wanted, tenants.as_slice()) {
        (Some(wanted), tenants) if tenants.contains(&&wanted) => Ok(wanted),
        (None, [only]) => Ok((*only).clone()),
        (None, [_, _, ..]) => {
            let names: Vec<&str> = tenants.iter().map(|tenant| tenant.as_str()).collect();
            Err(Problem::invalid(format!(
                "`{id}` came to several tenants: say which with `tenant`, of {names:?}"
            )))
        }
        _ => Err(Problem::not_found(format!(
            "no tenant of `{id}` is known: it never came, its room is nobody's, or its keys are past retention"
        ))),
    }
}

async fn filled(archive: &dyn Archive, tenant: &TenantId, step: Step) -> Exported {
    let (Some(component), Ok(generation)) = (step.component.as_deref(), u64::try_from(step.generation))
    else {
        return Exported { step, filled: None, missing: None };
    };
    match archive.slot(tenant, generation, &step.slot).await {
        Ok(KeptSlot { plugin, digest, settings, grants, limits, instance }) => {
            // Another component in this slot is that of its failure policy, whose name is not written down.
            let plugin = plugin.filter(|_| component.parse() == Ok(digest));
            let filled = Filled { plugin, settings, grants, limits, instance };
            Exported { step, filled: Some(filled), missing: None }
        }
        Err(missing) => Exported { step, filled: None, missing: Some(missing) },
    }
}

async fn components(archive: &dyn Archive, export: &mut Export) {
    for Exported { step, .. } in &export.steps {
        let Some(digest) = &step.component else { continue };
        if export.components.contains_key(digest) {
            continue;
        }
        if let Ok(named) = digest.parse::<Digest>()
            && let Ok(bytes) = archive.component(named).await
        {
            export.components.insert(digest.clone(), STANDARD.encode(bytes));
        }
    }
}
