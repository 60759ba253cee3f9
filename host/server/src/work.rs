//! What the admin API wants of the pipeline.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_api::admin::{Asked, Lanes, Load, Work};
use patchbay_pipeline::{Pipeline, PollStatus};
use patchbay_storage::{NewHook, StorageError};

/// The pipeline as an operator steers it.
pub(crate) struct Steered(pub(crate) Arc<Pipeline>);

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
