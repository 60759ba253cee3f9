//! Which host functions stand behind a component's imports. A pure plugin's are all synchronous, so that its calls
//! need no second stack; an adapter's may wait.

use wasmtime::{
    Result,
    component::{Component, HasSelf, InstancePre, Linker},
};

use crate::{
    engine::Engine,
    host_fns::wasi,
    runtime::World,
    state::State,
    wit::patchbay::plugin::{clock, desk, http, log, secrets, settings, store},
};

/// A component with its imports tied to the host, for calls of its world.
///
/// # Errors
/// When it imports something that is not there, or with another signature.
pub(crate) fn link(engine: &Engine, component: &Component, world: World) -> Result<InstancePre<State>> {
    let mut linker = basics(engine)?;
    if world == World::Adapter {
        clock::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        http::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        secrets::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        store::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        desk::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    }
    // Admission has refused every import but the contract's and WASI's, so what is still unknown is WASI's.
    if wasi::add_to_linker(&mut linker, component)? {
        linker.define_unknown_imports_as_traps(component)?;
    }
    linker.instantiate_pre(component)
}

/// The same for `prepare`: whatever is not `log` or `settings` traps when it is called.
///
/// # Errors
/// When it imports something of another kind or signature.
pub(crate) fn link_for_prepare(engine: &Engine, component: &Component) -> Result<InstancePre<State>> {
    let mut linker = basics(engine)?;
    wasi::add_to_linker(&mut linker, component)?;
    linker.define_unknown_imports_as_traps(component)?;
    linker.instantiate_pre(component)
}

fn basics(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(&engine.wasmtime);
    log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    settings::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}
