//! One instance of a plugin in a store of its own, from its first instruction to what it leaves behind.

use wasmtime::{Store, UpdateDeadline, component::Instance};

use crate::{cpu::Moment, engine::Engine, slots::Permit, state::State, ticker::ticks};

/// An adapter that computes lets others run so often, in ticks.
const YIELD_EVERY: u64 = 5;

/// `prepare` is asked so often how much time it has used, in ticks.
const LOOK_EVERY: u64 = 20;

/// An instance that is being called, or kept for the next call.
pub(crate) struct Visit {
    pub(crate) store: Store<State>,
    pub(crate) instance: Instance,
    /// Calls that it has answered.
    pub(crate) calls: u32,
    /// Its place in the pool.
    pub(crate) _permit: Permit,
}

/// A store whose bounds hold, but for time and fuel: see [`arm`].
pub(crate) fn store(engine: &Engine, state: State) -> Store<State> {
    let output = state.bounds.output;
    let mut store = Store::new(&engine.wasmtime, state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(output);
    if engine.metered {
        // A store of a metered engine starts with an empty tank, and instantiation needs some.
        let _ = store.set_fuel(u64::MAX);
    }
    store
}

/// Starts the clock of a call that runs to its end on the thread that made it.
///
/// # Errors
/// None that a store of ours has.
pub(crate) fn arm(store: &mut Store<State>) -> wasmtime::Result<()> {
    store.set_epoch_deadline(ticks(store.data().bounds.time));
    refuel(store)
}

/// Starts the clock of `prepare`, on the thread that will run it.
pub(crate) fn arm_prepare(store: &mut Store<State>) {
    let begun = Moment::now();
    store.epoch_deadline_callback(move |cx| {
        let over = begun.elapsed() >= cx.data().bounds.prepare_time;
        Ok(if over { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(LOOK_EVERY) })
    });
    store.set_epoch_deadline(LOOK_EVERY.min(ticks(store.data().bounds.prepare_time)));
}

/// Starts the clock of a call on a fibre: it gives way to others while it computes, and ends when its time is over.
///
/// # Errors
/// None that a store of ours has.
pub(crate) fn arm_async(store: &mut Store<State>) -> wasmtime::Result<()> {
    store.epoch_deadline_callback(|cx| {
        let state = cx.data();
        let over = state.started.elapsed() >= state.bounds.time;
        Ok(if over { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(YIELD_EVERY) })
    });
    store.set_epoch_deadline(YIELD_EVERY.min(ticks(store.data().bounds.time)));
    refuel(store)
}

fn refuel(store: &mut Store<State>) -> wasmtime::Result<()> {
    match store.data().bounds.fuel {
        Some(fuel) => store.set_fuel(fuel),
        None => Ok(()),
    }
}
