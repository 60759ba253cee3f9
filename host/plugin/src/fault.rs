//! Which wall it was: from what wasmtime says to a [`Fault`].

use patchbay_types::Digest;
use wasmtime::{Error, Trap, WasmBacktrace};

use crate::{
    call::{Fault, FaultKind},
    host_fns::log::printable,
    state::Wall,
};

const MOST_DETAIL: usize = 2 << 10;
const MOST_FRAMES: usize = 8;

/// What ended the call of `component`. `starved`: it had been refused memory or table space before.
pub(crate) fn of(component: Digest, error: &Error, starved: bool) -> Fault {
    let kind = kind(error, starved);
    let mut detail = String::new();
    for (n, cause) in error.chain().map(ToString::to_string).filter(|cause| !is_backtrace(cause)).enumerate()
    {
        detail.push_str(if n == 0 { "" } else { ": " });
        detail.push_str(&cause);
    }
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        let names = backtrace.frames().iter().filter_map(wasmtime::FrameInfo::func_name).take(MOST_FRAMES);
        for (n, name) in names.enumerate() {
            detail.push_str(if n == 0 { ", in " } else { " < " });
            detail.push_str(name);
        }
    }
    Fault { kind, detail: printable(&detail, MOST_DETAIL), component }
}

fn kind(error: &Error, starved: bool) -> FaultKind {
    if let Some(wall) = error.downcast_ref::<Wall>() {
        return wall.kind;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => FaultKind::Timeout,
        Some(Trap::OutOfFuel) => FaultKind::Fuel,
        _ if starved => FaultKind::Memory,
        Some(_) => FaultKind::Trap,
        // wasmtime keeps this error's type to itself; a test holds the wording.
        None if error.root_cause().to_string().contains("fuel allocated for hostcalls") => FaultKind::Output,
        None => FaultKind::Trap,
    }
}

fn is_backtrace(cause: &str) -> bool {
    cause.starts_with("error while executing at wasm backtrace")
}
