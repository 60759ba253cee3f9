//! What the admin API wants of the pipeline.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_api::admin::{
    Asked, Lanes, Load, Work,
    v1::connections::{
        list::{Connection, LastError, Standing},
        probe::Probed,
    },
};
use patchbay_pipeline::{self as pipeline, Pipeline, PollStatus};
use patchbay_storage::{NewHook, StorageError};
use patchbay_types::{AdapterName, TenantId};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

/// The pipeline as an operator steers it, and where guests compute.
pub(crate) struct Steered(pub(crate) Arc<Pipeline>, pub(crate) Handle);

#[async_trait]
impl Work for Steered {
    async fn replay(&self, parked: i64) -> Result<bool, StorageError> {
        Ok(self.0.replay(parked).await?.is_some())
    }

    async fn discard(&self, parked: i64) -> Result<bool, StorageError> {
        self.0.discard(parked).await
    }

    async fn hook(&self, hook: NewHook) -> Result<bool, StorageError> {
        self.0.hook(hook).await
    }

    fn polls(&self) -> Vec<Asked> {
        let asked = |status: PollStatus| {
            let PollStatus { tenant, adapter, every, last_good, since, next, held, failures, error, entries } =
                status;
            let (failed_at, error) = error.unzip();
            Asked {
                tenant,
                adapter,
                every,
                last_good,
                since,
                next,
                entries,
                held,
                failures,
                failed_at,
                error,
            }
        };
        self.0.polls().into_iter().map(asked).collect()
    }

    async fn connections(&self) -> Result<Vec<Connection>, StorageError> {
        Ok(self.0.connections().await?.into_iter().map(connection).collect())
    }

    async fn probe(&self, tenant: &TenantId, adapter: &AdapterName) -> Option<Probed> {
        let (pipeline, tenant, adapter) = (Arc::clone(&self.0), tenant.clone(), adapter.clone());
        let asking = self.1.spawn(async move { pipeline.probe(&tenant, &adapter).await });
        let failed = |kind: &str, detail: String| Probed {
            healthy: false,
            version: None,
            kind: Some(kind.to_owned()),
            detail,
        };
        match AbortOnDropHandle::new(asking).await {
            Ok(probed) => probed.map(|probed| match probed {
                pipeline::Probed::Healthy { version, detail } => {
                    Probed { healthy: true, version: Some(version), kind: None, detail }
                }
                pipeline::Probed::Failed { kind, detail } => failed(&kind, detail),
                pipeline::Probed::Fault(detail) => failed("fault", detail),
            }),
            Err(error) => Some(failed("fault", format!("the call ended in a panic: {error}"))),
        }
    }

    fn load(&self) -> Load {
        let load = self.0.load();
        Load {
            inbound: Lanes { held: load.inbound_held, working: load.inbound_running },
            deliveries: Lanes { held: load.deliveries_held, working: load.deliveries_running },
            actions: Lanes { held: load.actions_held, working: load.actions_running },
            breakers_open: load.breakers_open,
        }
    }
}

fn connection(one: pipeline::Connection) -> Connection {
    let state = match (one.outside, one.up) {
        (false, None) => Standing::Embedded,
        (_, Some(false)) => Standing::Down,
        (_, Some(true)) => Standing::Up,
        (true, None) => Standing::Unknown,
    };
    let last_error =
        one.last_error.map(|error| LastError { at: error.at, kind: error.kind, detail: error.detail });
    Connection {
        tenant: one.tenant,
        adapter: one.adapter,
        state,
        since: one.since,
        answered_at: one.answered_at,
        last_error,
        next_try: one.next_try,
        waiting: one.waiting,
        waiting_since: one.waiting_since,
    }
}
