//! Prepared images: the guest's `prepare` is run once, in the sandbox and under all limits, and the memory it leaves
//! behind becomes part of the component. Every later call starts from a copy-on-write image of it.

use std::sync::Arc;

use futures::executor::block_on;
use patchbay_types::{Digest, TenantId};
use wasmtime::component::Component;
use wasmtime_wizer::{WasmtimeWizerComponent, Wizer};

use crate::{
    bounds::Bounds,
    call::{Caller, FaultKind},
    engine::Engine,
    fault,
    host_fns::log::printable,
    instance, linker,
    ports::Ports,
    runtime::LoadError,
    state::State,
    wit::exports::patchbay::plugin::plugin::{GuestIndices, Problem},
};

/// What goes into an image.
#[derive(Clone)]
pub(crate) struct Ingredients {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) digest: Digest,
    pub(crate) settings: Arc<str>,
    pub(crate) bounds: Bounds,
}

/// The component with `prepare` done, as WebAssembly again. `compile` turns the instrumented component into code: it
/// depends on the component alone, so whoever has many tenants keeps it.
///
/// wizer panics where its own steps meet a limit, so this belongs on the compiler's thread; those steps run without
/// limits, since the code is the host's and only its amount is the guest's.
///
/// # Errors
/// When the component changes what cannot be kept, faults in `prepare`, or finds its settings wrong.
pub(crate) fn prepare(
    engine: &Engine,
    ingredients: &Ingredients,
    compile: impl FnOnce(&[u8]) -> Result<Component, LoadError>,
) -> Result<Vec<u8>, LoadError> {
    let wizer = Wizer::new();
    let (context, instrumented) =
        wizer.instrument_component(&ingredients.bytes).map_err(|e| not_preparable(&e))?;
    let component = compile(&instrumented)?;
    let refused = |error: &wasmtime::Error, starved| {
        let fault = fault::of(ingredients.digest, error, starved);
        let said = format!("`prepare`: {fault}");
        if fault.kind == FaultKind::Timeout { LoadError::Late(said) } else { LoadError::Refused(said) }
    };
    let pre = linker::link_for_prepare(engine, &component).map_err(|error| refused(&error, false))?;

    let mut store = instance::store(engine, state(ingredients));
    instance::arm_prepare(&mut store);
    let instance = pre.instantiate(&mut store).map_err(|error| refused(&error, store.data().starved))?;
    let exports = GuestIndices::new(&pre).and_then(|indices| indices.load(&mut store, &instance));
    let exports = exports.map_err(|error| refused(&error, false))?;
    let prepared = block_on(exports.call_prepare(&mut store));
    prepared.map_err(|error| refused(&error, store.data().starved))?.map_err(|problems| wrong(&problems))?;

    // Each of wizer's accessors grows the memory by a page, twice.
    store.data_mut().bounds.memory = usize::MAX;
    store.set_hostcall_fuel(usize::MAX);
    store.set_epoch_deadline(u64::from(u32::MAX));
    if engine.metered {
        store.set_fuel(u64::MAX).map_err(|error| refused(&error, false))?;
    }
    block_on(wizer.snapshot_component(&context, &mut WasmtimeWizerComponent { store: &mut store, instance }))
        .map_err(|error| not_preparable(&error))
}

fn state(ingredients: &Ingredients) -> State {
    // One image may serve many tenants, so its lines in the log name none.
    let caller = Caller { tenant: TenantId::new("-"), slot: Arc::from("prepare"), about: None };
    State::new(&caller, ingredients.digest, &ingredients.settings, ingredients.bounds, Ports::none(0))
}

fn not_preparable(error: &wasmtime::Error) -> LoadError {
    LoadError::Refused(format!(
        "its memory cannot be kept after `prepare` ({}): run it with `instance = {{ warm = 100 }}`",
        printable(&error.root_cause().to_string(), 300),
    ))
}

/// The guest's own words about its settings.
pub(crate) fn wrong(problems: &[Problem]) -> LoadError {
    const MOST: usize = 20;
    let mut text = String::from("its settings are wrong");
    for (n, problem) in problems.iter().take(MOST).enumerate() {
        let at = if problem.at.is_empty() { "/" } else { &problem.at };
        text.push_str(if n == 0 { ": " } else { "; " });
        text.push_str(&format!("at `{}`: {}", printable(at, 200), printable(&problem.message, 400)));
    }
    if problems.len() > MOST {
        text.push_str(&format!("; and {} more", problems.len() - MOST));
    }
    LoadError::Refused(text)
}
