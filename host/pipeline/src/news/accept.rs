//! Whether a webhook is to be kept: its adapter is asked while the sender waits, and once more, later, where it could not
//! answer then.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use patchbay_egress::Secrets;
use patchbay_plugin::{
    CallError, Caller, Ports, Slot, Timed,
    ports::{self, Record},
    webhooks::{Answer, Webhook},
};
use patchbay_storage::{Step, Trace};
use patchbay_types::{AdapterName, Millis, TenantId};

use crate::{
    breaker::BreakerKey,
    news::mask::{self, Mask},
    outside::SecretsPort,
    shared::{Shared, View},
    steps,
};

/// What an adapter said to a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Its answer.
    pub answer: Answer,
    /// How it came to that.
    pub trace: Trace,
}

/// An adapter that could not be asked, or did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// Why, for operators.
    pub reason: String,
    /// What was tried.
    pub trace: Trace,
}

/// One webhook that an adapter is asked about.
pub(crate) struct Question<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) view: &'a View,
    pub(crate) slot: &'a Slot,
    pub(crate) adapter: &'a AdapterName,
    pub(crate) webhook: &'a Webhook,
    /// What its sender calls it.
    pub(crate) delivery: Option<&'a str>,
    /// When it arrived: that is the time that the adapter is told, whenever it is asked, since it looks whether a
    /// signature is too old.
    pub(crate) at: Millis,
}

/// Asks while the sender waits: for a thread of the tenant's and for the answer, together no longer than `within`, unless
/// this itself is kept waiting.
///
/// # Errors
/// When there is no answer: then the webhook is to be kept, and asked about later.
pub(crate) async fn ask(
    shared: &Shared,
    (tenant, adapter): (&TenantId, &AdapterName),
    webhook: &Webhook,
    delivery: Option<&str>,
    (at, within): (Millis, Duration),
) -> Result<Heard, Unheard> {
    let unheard = |reason: String, trace| Unheard { reason, trace };
    let view = shared.view(tenant);
    let slot = view.as_ref().and_then(|view| view.chain.adapters.get(adapter));
    let (Some(view), Some(slot)) = (&view, slot) else {
        return Err(unheard("it is being swapped".to_owned(), Trace::new()));
    };
    let question = Question { shared, view, slot, adapter, webhook, delivery, at };
    let (breaker, now) = (question.breaker(), shared.clock.now());
    if shared.breakers.allow(&breaker, now).is_err() {
        return Err(unheard("its breaker is open".to_owned(), Trace::new()));
    }
    let begun = Instant::now();
    let Ok(_thread) = tokio::time::timeout(within, shared.compute(tenant)).await else {
        return Err(unheard("no thread was free in time".to_owned(), Trace::new()));
    };
    let (answer, step) = question.ask(within.saturating_sub(begun.elapsed())).await;
    match answer {
        Ok(Some(answer)) => {
            shared.breakers.passed(&breaker);
            Ok(Heard { answer, trace: vec![step] })
        }
        Ok(None) => Err(unheard("it exports no `webhooks` any more".to_owned(), vec![step])),
        Err(error) => {
            shared.breakers.faulted(&breaker, now);
            Err(unheard(question.said(&error), vec![step]))
        }
    }
}

// === impl Question ===

impl Question<'_> {
    /// A breaker of its own: what strangers send must not hold up the tenant's deliveries.
    pub(crate) fn breaker(&self) -> BreakerKey {
        let slot = format!("{}/webhooks", self.slot.name);
        (self.view.chain.tenant.clone(), slot.into(), self.slot.plugin.digest())
    }

    /// Asks; nothing, where the component exports no `webhooks`. The step shows no secret.
    pub(crate) async fn ask(&self, within: Duration) -> (Result<Option<Answer>, CallError>, Step) {
        let caller = Caller {
            tenant: self.view.chain.tenant.clone(),
            slot: Arc::clone(&self.slot.name),
            about: self.delivery.map(Arc::from),
        };
        let (record, mask) = (Record::default(), self.mask());
        let ports = Ports {
            secrets: secrets(self.view, self.adapter),
            record: Some(Arc::clone(&record)),
            hidden: mask.hidden(),
            ..Ports::none(self.at)
        };
        let (name, slot, plugin) = ("webhooks.accept", &self.slot.name, &self.slot.plugin);
        let now = self.shared.clock.now();
        let answer = plugin.accept(&caller, ports, self.webhook, within).await;
        let mut step =
            steps::called(name, slot, &self.view.chain, plugin, now, mask::shown(self.webhook), &answer);
        step.calls = steps::host_calls(&record);
        let step = mask.step(step);
        (answer.map(|Timed { value, .. }| value), step)
    }

    /// A fault in a sentence that shows no secret.
    pub(crate) fn said(&self, error: &CallError) -> String {
        self.mask().text(error.to_string())
    }

    fn mask(&self) -> Mask {
        Mask::of(self.webhook, granted(self.view, self.adapter))
    }
}

/// What stands behind `secrets` for an adapter.
pub(crate) fn secrets(view: &View, adapter: &AdapterName) -> Option<Box<dyn ports::Secrets>> {
    view.gates.get(adapter)?;
    Some(Box::new(SecretsPort(granted(view, adapter))))
}

/// The secrets that an adapter was granted.
pub(crate) fn granted(view: &View, adapter: &AdapterName) -> Secrets {
    view.gates.get(adapter).map_or_else(Secrets::none, |gate| gate.secrets.clone())
}
