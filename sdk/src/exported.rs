//! Between the generated bindings and a plugin's traits: where the prepared value is kept, what happens around
//! `prepare`, and one macro for each world.

mod adapter;
mod mapper;
mod router;

use std::{cell::OnceCell, marker::PhantomData};

use crate::{
    bindings::base::{
        exports::patchbay::plugin::plugin::{Guest, Problem},
        patchbay::plugin::settings as host,
    },
    log,
    plugin::Plugin,
    schema, settings,
};

/// Allocated and freed at the end of `prepare`: the image's memory is then large enough for most calls, and a call
/// that never grows its memory is several times as fast.
const HEADROOM: usize = 256 << 10;

/// What a call answers when the host did not call `prepare` first.
const UNPREPARED: &str = "this instance was not prepared";

/// A plugin as the bindings want it. The export macros make one.
pub struct Exported<P>(PhantomData<P>);

/// Where a plugin's prepared value is kept. The export macros implement it: a static cannot be generic.
pub trait Stored: Plugin {
    /// Calls `with` with the cell.
    fn stored<R>(with: impl FnOnce(&OnceCell<Self>) -> R) -> R;
}

impl<P: Stored> Guest for Exported<P> {
    fn settings_schema() -> String {
        schema::of::<P::Settings>()
    }

    fn prepare() -> Result<(), Vec<Problem>> {
        log::panics();
        let settings = settings::read(&host::get())?;
        let prepared = P::prepare(settings)?;
        let kept = P::stored(|cell| cell.set(prepared).is_ok());
        drop(Vec::<u8>::with_capacity(HEADROOM));
        if kept { Ok(()) } else { Err(vec![settings::problem("", "it was prepared already")]) }
    }
}

/// Runs `call` on the prepared value.
fn with<P: Stored, R>(call: impl FnOnce(Option<&P>) -> R) -> R {
    P::stored(|cell| call(cell.get()))
}

/// Makes `$plugin` the exports of `plugin` and of the piece `$piece` of the contract.
#[doc(hidden)]
#[macro_export]
macro_rules! export_piece {
    ($plugin:ty, $piece:ident) => {
        $crate::export_plugin!($plugin);
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::$piece::export!(ExportedPlugin with_types_in $crate::bindings::$piece);
    };
}

/// Keeps what `prepare` makes of `$plugin`, and exports `plugin`.
#[doc(hidden)]
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        impl $crate::Stored for $plugin {
            fn stored<R>(with: impl FnOnce(&::std::cell::OnceCell<Self>) -> R) -> R {
                ::std::thread_local! {
                    static PREPARED: ::std::cell::OnceCell<$plugin> = const { ::std::cell::OnceCell::new() };
                }
                PREPARED.with(with)
            }
        }

        // Natively there is nobody to export to, and native linkers read the names of the exports as versions.
        #[cfg(target_arch = "wasm32")]
        type ExportedPlugin = $crate::Exported<$plugin>;
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::base::export!(ExportedPlugin with_types_in $crate::bindings::base);
    };
}
