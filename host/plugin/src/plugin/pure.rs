//! Calls of mappers and routers: synchronous, for threads of their own.

use super::{Plugin, said};
use crate::{
    answer::Answer,
    call::{CallError, Caller, Timed},
    wit::{
        exports::patchbay::plugin::{mapping, routing},
        patchbay::plugin::types,
    },
};

/// What a pure call answers, before the guest's own error is told apart.
type Answered<T> = wasmtime::Result<Result<T, String>>;

impl Plugin {
    /// `mapping.from-matrix`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn from_matrix(
        &self,
        caller: &Caller,
        event: &mapping::Event,
        room: &types::Room,
    ) -> Result<Timed<mapping::Mapped>, CallError> {
        let indices = self.mapping()?;
        let mut visit = self.enter(caller)?;
        let mapping = indices.load(&mut visit.store, &visit.instance);
        let answer = mapping.and_then(|mapping| mapping.call_from_matrix(&mut visit.store, event, room));
        self.leave_pure(caller, visit, answer)
    }

    /// `mapping.to-matrix`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn to_matrix(
        &self,
        caller: &Caller,
        update: &mapping::Update,
    ) -> Result<Timed<Vec<mapping::Action>>, CallError> {
        let indices = self.mapping()?;
        let mut visit = self.enter(caller)?;
        let mapping = indices.load(&mut visit.store, &visit.instance);
        let answer = mapping.and_then(|mapping| mapping.call_to_matrix(&mut visit.store, update));
        self.leave_pure(caller, visit, answer)
    }

    /// `routing.decide`; `now` in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn decide(
        &self,
        caller: &Caller,
        message: &types::Message,
        conversation: &routing::Conversation,
        now: u64,
    ) -> Result<Timed<routing::Decision>, CallError> {
        let indices = self.0.indices.routing.as_ref().ok_or_else(|| self.misused("it is no router"))?;
        let mut visit = self.enter(caller)?;
        let routing = indices.load(&mut visit.store, &visit.instance);
        let answer =
            routing.and_then(|routing| routing.call_decide(&mut visit.store, message, conversation, now));
        self.leave_pure(caller, visit, answer)
    }

    fn mapping(&self) -> Result<&mapping::GuestIndices, CallError> {
        self.0.indices.mapping.as_ref().ok_or_else(|| self.misused("it is no mapper"))
    }

    fn leave_pure<T: Answer>(
        &self,
        caller: &Caller,
        visit: crate::instance::Visit,
        answer: Answered<T>,
    ) -> Result<Timed<T>, CallError> {
        let (Timed { value, took, fuel }, _) = self.leave(caller, visit, answer)?;
        Ok(Timed { value: value.map_err(|error| said(&error))?, took, fuel })
    }
}
