//! Calls of CRM adapters: on fibres, since what they import may wait. Each gives its ports back with the answer, so that
//! what was buffered in them can be committed; after a fault they are gone, and with them what was buffered.

use super::{Plugin, timely};
use crate::{
    call::{CallError, Caller, Timed},
    ports::Ports,
    wit::{
        exports::patchbay::plugin::{
            adapter::{self, Failure},
            polling, webhooks,
        },
        patchbay::plugin::types,
    },
};

/// The adapter's own answer, and the ports that it was called with.
type Effect<T> = Timed<(Result<T, Failure>, Ports)>;

/// The same for an interface that a component need not export.
type Optional<T> = Timed<Option<(Result<T, Failure>, Ports)>>;

impl Plugin {
    /// `adapter.contact`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn contact(
        &self,
        caller: &Caller,
        ports: Ports,
        person: &types::Person,
        call: &adapter::Call,
    ) -> Result<Effect<String>, CallError> {
        let indices = self.adapter()?;
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let adapter = indices.load(&mut visit.store, &visit.instance)?;
            adapter.call_contact(&mut visit.store, person, call).await
        })
        .await;
        Ok(joined(self.leave(caller, visit, answer)?))
    }

    /// `adapter.open`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn open(
        &self,
        caller: &Caller,
        ports: Ports,
        draft: &adapter::Draft,
        call: &adapter::Call,
    ) -> Result<Effect<adapter::Opened>, CallError> {
        let indices = self.adapter()?;
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let adapter = indices.load(&mut visit.store, &visit.instance)?;
            adapter.call_open(&mut visit.store, draft, call).await
        })
        .await;
        Ok(joined(self.leave(caller, visit, answer)?))
    }

    /// `adapter.append`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn append(
        &self,
        caller: &Caller,
        ports: Ports,
        ticket: &str,
        items: &[adapter::Item],
        call: &adapter::Call,
    ) -> Result<Effect<Vec<adapter::Written>>, CallError> {
        let indices = self.adapter()?;
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let adapter = indices.load(&mut visit.store, &visit.instance)?;
            adapter.call_append(&mut visit.store, ticket, items, call).await
        })
        .await;
        Ok(joined(self.leave(caller, visit, answer)?))
    }

    /// `adapter.update`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn update(
        &self,
        caller: &Caller,
        ports: Ports,
        ticket: &str,
        changes: &types::Changes,
        call: &adapter::Call,
    ) -> Result<Effect<()>, CallError> {
        let indices = self.adapter()?;
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let adapter = indices.load(&mut visit.store, &visit.instance)?;
            adapter.call_update(&mut visit.store, ticket, changes, call).await
        })
        .await;
        Ok(joined(self.leave(caller, visit, answer)?))
    }

    /// `webhooks.receive`; nothing where the component does not export `webhooks`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn receive(
        &self,
        caller: &Caller,
        ports: Ports,
        webhook: &webhooks::Webhook,
    ) -> Result<Optional<webhooks::Batch>, CallError> {
        let Some(indices) = &self.0.indices.webhooks else { return Ok(absent()) };
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let webhooks = indices.load(&mut visit.store, &visit.instance)?;
            webhooks.call_receive(&mut visit.store, webhook).await
        })
        .await;
        let Timed { value, took, fuel } = joined(self.leave(caller, visit, answer)?);
        Ok(Timed { value: Some(value), took, fuel })
    }

    /// `polling.poll`; nothing where the component does not export `polling`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn poll(
        &self,
        caller: &Caller,
        ports: Ports,
        cursor: Option<&str>,
    ) -> Result<Optional<polling::Page>, CallError> {
        let Some(indices) = &self.0.indices.polling else { return Ok(absent()) };
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let polling = indices.load(&mut visit.store, &visit.instance)?;
            polling.call_poll(&mut visit.store, cursor).await
        })
        .await;
        let Timed { value, took, fuel } = joined(self.leave(caller, visit, answer)?);
        Ok(Timed { value: Some(value), took, fuel })
    }

    fn adapter(&self) -> Result<&adapter::GuestIndices, CallError> {
        self.0.indices.adapter.as_ref().ok_or_else(|| self.misused("it is no adapter"))
    }
}

fn joined<T>((Timed { value, took, fuel }, ports): (Timed<T>, Ports)) -> Timed<(T, Ports)> {
    Timed { value: (value, ports), took, fuel }
}

fn absent<T>() -> Timed<Option<T>> {
    Timed { value: None, took: std::time::Duration::ZERO, fuel: None }
}
