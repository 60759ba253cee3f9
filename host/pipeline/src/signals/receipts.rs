//! Where a tenant wants it, the bot marks a customer's message as read once the CRM has it: whoever wrote it sees that it
//! arrived.

use std::{sync::Arc, time::Duration};

use patchbay_types::{EventId, tenant::Receipts};
use tracing::debug;

use super::{OLDEST, count, outward};
use crate::{queues::DeliveryLane, shared::Shared};

/// These messages are delivered, in order.
pub(crate) fn delivered(shared: &Arc<Shared>, lane: &DeliveryLane, events: &[EventId]) {
    let Some(event) = events.last() else { return };
    let wanted = shared.chains.get(&lane.tenant).map(|chain| chain.config.matrix.receipts);
    if wanted != Some(Receipts::Delivered) {
        return;
    }
    let Ok(place) = Arc::clone(&shared.signals.acting).try_acquire_owned() else {
        return count("receipt", &lane.tenant, &lane.adapter, "dropped");
    };
    let (shared, lane, event) = (Arc::clone(shared), lane.clone(), event.clone());
    tokio::spawn(async move {
        let marked = mark(&shared, &lane, &event);
        let outcome = match tokio::time::timeout(Duration::from_millis(OLDEST), marked).await {
            Ok(Ok(())) => "done",
            Ok(Err(why)) => {
                debug!(tenant = %lane.tenant, %event, why, "a receipt is dropped");
                "failed"
            }
            Err(_) => "too-old",
        };
        count("receipt", &lane.tenant, &lane.adapter, outcome);
        drop(place);
    });
}

async fn mark(shared: &Shared, lane: &DeliveryLane, event: &EventId) -> Result<(), String> {
    let place = outward::place(shared, &lane.tenant, &lane.conversation).await?;
    let (registration, room) = place.ok_or("its conversation is gone")?;
    let homeserver = shared.homeservers.get(&registration).ok_or("there is no such registration any more")?;
    let bot = homeserver.client.act_as(homeserver.ghosts.bot(), None).map_err(|error| error.to_string())?;
    bot.mark_read(&room, event).await.map_err(|error| error.to_string())
}
