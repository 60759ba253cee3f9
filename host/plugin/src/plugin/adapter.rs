//! Calls of CRM adapters: on fibres, since what they import may wait. Each gives its ports back with the answer, so that
//! what was buffered in them can be committed; after a fault they are gone, and with them what was buffered.

use std::time::Duration;

use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Lift, Lower};

use super::{Plugin, leave::timely};
use crate::{
    answer::Answer,
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
type Effect<T> = (Result<T, Failure>, Ports);

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
    ) -> Result<Timed<Effect<String>>, CallError> {
        self.effect(caller, ports, self.0.functions.contact.as_ref(), (person, call)).await
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
    ) -> Result<Timed<Effect<adapter::Opened>>, CallError> {
        self.effect(caller, ports, self.0.functions.open.as_ref(), (draft, call)).await
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
    ) -> Result<Timed<Effect<Vec<adapter::Written>>>, CallError> {
        self.effect(caller, ports, self.0.functions.append.as_ref(), (ticket, items, call)).await
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
    ) -> Result<Timed<Effect<()>>, CallError> {
        self.effect(caller, ports, self.0.functions.update.as_ref(), (ticket, changes, call)).await
    }

    /// `adapter.notify`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn notify(
        &self,
        caller: &Caller,
        ports: Ports,
        ticket: &str,
        signal: &types::Signal,
    ) -> Result<Timed<Effect<()>>, CallError> {
        self.effect(caller, ports, self.0.functions.notify.as_ref(), (ticket, signal)).await
    }

    /// `adapter.fetch`: the handle of a file out of `http.take`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn fetch(
        &self,
        caller: &Caller,
        ports: Ports,
        handle: &str,
    ) -> Result<Timed<Effect<String>>, CallError> {
        self.effect(caller, ports, self.0.functions.fetch.as_ref(), (handle,)).await
    }

    /// `adapter.probe`.
    ///
    /// # Errors
    /// A fault; the adapter's own failure is part of the value.
    pub async fn probe(
        &self,
        caller: &Caller,
        ports: Ports,
    ) -> Result<Timed<Effect<adapter::Health>>, CallError> {
        self.effect(caller, ports, self.0.functions.probe.as_ref(), ()).await
    }

    /// `webhooks.accept`, for which there is as long as `within`; nothing where the component does not export `webhooks`.
    ///
    /// # Errors
    /// A fault.
    pub async fn accept(
        &self,
        caller: &Caller,
        ports: Ports,
        webhook: &webhooks::Webhook,
        within: Duration,
    ) -> Result<Timed<Option<webhooks::Answer>>, CallError> {
        let Some(function) = self.0.functions.accept.as_ref() else { return Ok(absent()) };
        let within = within.min(self.0.parts.bounds.time);
        let mut visit = self.enter_async(caller, ports).await?;
        visit.store.data_mut().bounds.time = within;
        let answer = timely(within, async {
            let function = visit
                .instance
                .get_typed_func::<(&webhooks::Webhook,), (webhooks::Answer,)>(&mut visit.store, function)?;
            let (answer,) = function.call_async(&mut visit.store, (webhook,)).await?;
            Ok(answer)
        })
        .await;
        visit.store.data_mut().bounds.time = self.0.parts.bounds.time;
        let (Timed { value, took, fuel }, _) = self.leave(caller, visit, answer)?;
        Ok(Timed { value: Some(value), took, fuel })
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
    ) -> Result<Timed<Option<Effect<webhooks::Batch>>>, CallError> {
        let function = self.0.functions.receive.as_ref();
        if function.is_none() {
            return Ok(absent());
        }
        Ok(present(self.effect(caller, ports, function, (webhook,)).await?))
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
    ) -> Result<Timed<Option<Effect<polling::Page>>>, CallError> {
        let function = self.0.functions.poll.as_ref();
        if function.is_none() {
            return Ok(absent());
        }
        Ok(present(self.effect(caller, ports, function, (cursor,)).await?))
    }

    async fn effect<P, T>(
        &self,
        caller: &Caller,
        ports: Ports,
        function: Option<&ComponentExportIndex>,
        params: P,
    ) -> Result<Timed<Effect<T>>, CallError>
    where
        P: ComponentNamedList + Lower,
        T: Answer + Lift + 'static,
    {
        let function = function.ok_or_else(|| self.misused("it is of another world"))?;
        let mut visit = self.enter_async(caller, ports).await?;
        let answer = timely(visit.store.data().bounds.time, async {
            let function =
                visit.instance.get_typed_func::<P, (Result<T, Failure>,)>(&mut visit.store, function)?;
            let (answer,) = function.call_async(&mut visit.store, params).await?;
            Ok(answer)
        })
        .await;
        let (Timed { value, took, fuel }, ports) = self.leave(caller, visit, answer)?;
        Ok(Timed { value: (value, ports), took, fuel })
    }
}

fn present<T>(Timed { value, took, fuel }: Timed<T>) -> Timed<Option<T>> {
    Timed { value: Some(value), took, fuel }
}

fn absent<T>() -> Timed<Option<T>> {
    Timed { value: None, took: Duration::ZERO, fuel: None }
}
