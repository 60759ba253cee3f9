//! Calls of mappers and routers: synchronous, for threads of their own.

use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Lift, Lower};

use super::{Plugin, leave::said};
use crate::{
    answer::Answer,
    call::{CallError, Caller, Timed},
    wit::{
        exports::patchbay::plugin::{mapping, routing},
        patchbay::plugin::types,
    },
};

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
        self.pure(caller, self.0.functions.from_matrix.as_ref(), (event, room))
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
        self.pure(caller, self.0.functions.to_matrix.as_ref(), (update,))
    }

    /// `mapping.plan-room`; no room: it is to be made.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn plan_room(
        &self,
        caller: &Caller,
        opening: &types::Opening,
        room: Option<&types::Room>,
    ) -> Result<Timed<mapping::RoomPlan>, CallError> {
        self.pure(caller, self.0.functions.plan_room.as_ref(), (opening, room))
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
        self.pure(caller, self.0.functions.decide.as_ref(), (message, conversation, now))
    }

    fn pure<P, T>(
        &self,
        caller: &Caller,
        function: Option<&ComponentExportIndex>,
        params: P,
    ) -> Result<Timed<T>, CallError>
    where
        P: ComponentNamedList + Lower,
        T: Answer + Lift,
    {
        let function = function.ok_or_else(|| self.misused("it is of another world"))?;
        let mut visit = self.enter(caller)?;
        let answer = visit
            .instance
            .get_typed_func::<P, (Result<T, String>,)>(&mut visit.store, function)
            .and_then(|function| function.call(&mut visit.store, params))
            .map(|(answer,)| answer);
        let (Timed { value, took, fuel }, _) = self.leave(caller, visit, answer)?;
        Ok(Timed { value: value.map_err(|error| said(&error))?, took, fuel })
    }
}
