//! The adapters behind the doors for webhooks: which there are, and how they are asked, on the threads where guests
//! compute and within the time that a sender waits.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use patchbay_api::hooks::{self, Arrived, Asked, Door};
use patchbay_pipeline::Pipeline;
use patchbay_plugin::{Chain, Chains};
use patchbay_storage::{NewHook, StorageError, Trace};
use patchbay_types::{AdapterName, TenantId};
use tokio::{runtime::Handle, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// Of the time that a sender waits, so much is for the way to the adapter and back: one that is too slow is ended, and
/// blamed, by its sandbox.
const SPARE: Duration = Duration::from_millis(50);

/// The tenants' adapters, and the pipeline that asks them.
pub(crate) struct Reception {
    pub(crate) chains: Arc<Chains>,
    pub(crate) pipeline: Arc<Pipeline>,
    /// Where guests compute.
    pub(crate) guests: Handle,
}

#[async_trait]
impl hooks::Reception for Reception {
    fn door(&self, tenant: &TenantId, adapter: &AdapterName) -> Option<Door> {
        door(&*self.chains.get(tenant)?, adapter)
    }

    fn doors(&self) -> Vec<(TenantId, AdapterName, Door)> {
        let chains = self.chains.all();
        let doors = chains.iter().flat_map(|(tenant, chain)| {
            let door = |adapter: &AdapterName| Some((tenant.clone(), adapter.clone(), door(chain, adapter)?));
            chain.adapters.keys().filter_map(door).collect::<Vec<_>>()
        });
        doors.collect()
    }

    async fn ask(&self, asked: Asked) -> Result<hooks::Heard, hooks::Unheard> {
        let (pipeline, within) = (Arc::clone(&self.pipeline), asked.within);
        let asking = self.guests.spawn(async move {
            let Asked { tenant, adapter, webhook, delivery, at, within } = asked;
            let within = within.saturating_sub(SPARE);
            pipeline.ask((&tenant, &adapter), &webhook, delivery.as_deref(), (at, within)).await
        });
        // A sender that goes away, or has waited long enough, ends the call.
        match timeout(within, AbortOnDropHandle::new(asking)).await {
            Ok(Ok(Ok(heard))) => Ok(hooks::Heard { answer: heard.answer, trace: heard.trace }),
            Ok(Ok(Err(unheard))) => Err(hooks::Unheard { reason: unheard.reason, trace: unheard.trace }),
            Ok(Err(error)) => Err(silent(format!("the call ended in a panic: {error}"))),
            Err(_) => Err(silent(format!("no answer within {} ms", within.as_millis()))),
        }
    }

    async fn keep(&self, arrived: Arrived) -> Result<bool, StorageError> {
        let Arrived { tenant, adapter, key, unasked, webhook, at, trace } = arrived;
        let body = Pipeline::pack(&webhook);
        self.pipeline.hook(NewHook { tenant, adapter, key, body, desk: Vec::new(), at, unasked, trace }).await
    }
}

fn silent(reason: String) -> hooks::Unheard {
    hooks::Unheard { reason, trace: Trace::new() }
}

/// The door of an adapter that exports `webhooks`. The desk has none: its news are told by the host alone, with the line
/// that an agent wrote, and nobody outside is to speak for an agent.
fn door(chain: &Chain, adapter: &AdapterName) -> Option<Door> {
    let (slot, config) = (chain.adapters.get(adapter)?, chain.config.adapters.get(adapter)?);
    let open = slot.plugin.takes_webhooks() && !config.grants.desk;
    let delivery_id = Arc::clone(slot.plugin.delivery_id());
    open.then_some(Door { rotation: config.hook_rotation, delivery_id })
}
