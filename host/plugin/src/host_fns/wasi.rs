//! WASI preview 2 with nothing behind it, for components that import it: plain `wasm32-wasip2` builds and other
//! languages. No arguments, no environment, no files, no sockets; a clock that stands still, and numbers that are
//! random to look at and the same in each instance, so that a call stays repeatable. What is written to the standard
//! streams vanishes. Everything else of WASI traps when it is called.
//!
//! The stubs are our own: `wasmtime-wasi` would bring the component model's async and a second runtime for files and
//! sockets that nobody may have.

use std::collections::BTreeSet;

use wasmtime::{
    Result,
    component::{
        Component, ComponentType, Lift, Linker, Lower, Resource, ResourceType, types::ComponentItem,
    },
};

use crate::{
    call::FaultKind,
    state::{State, Wall},
};

/// The packages that are stubbed. `wasi:http` is not among them: the contract has its own way out.
const PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// What an instance keeps of WASI.
#[derive(Default)]
pub(crate) struct Wasi {
    drawn: u64,
}

/// WASI's resources. They are empty and need no table: every handle is number 0.
struct Input;
struct Output;
struct IoError;
struct Terminal;
struct Descriptor;
struct Unused;

#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    Failed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

/// Whether an import of this name is one that gets a stub.
pub(crate) fn is_stubbed(import: &str) -> bool {
    import.contains("@0.2.") && PACKAGES.iter().any(|package| import.starts_with(package))
}

/// Adds what a language's runtime needs to start, in the versions of WASI that the component names; answers whether it
/// imports any of WASI.
///
/// # Errors
/// When a name is there twice, which no component can cause.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, component: &Component) -> Result<bool> {
    let engine = linker.engine().clone();
    let imports = component.component_type();
    let mut versions = BTreeSet::new();
    for (name, import) in imports.imports(&engine).filter(|(name, _)| is_stubbed(name)) {
        versions.extend(name.split_once('@').map(|(_, version)| version.to_owned()));
        let ComponentItem::ComponentInstance(interface) = import.ty else { continue };
        for (name_of_type, item) in interface.exports(&engine) {
            if matches!(item.ty, ComponentItem::Resource(_)) {
                linker.instance(name)?.resource(name_of_type, resource(name_of_type), |_, _| Ok(()))?;
            }
        }
    }
    for version in &versions {
        surroundings(linker, version)?;
        streams(linker, version)?;
        clocks(linker, version)?;
        random(linker, version)?;
    }
    Ok(!versions.is_empty())
}

/// A resource is the same in each interface that uses it, and goes by the same name there.
fn resource(name: &str) -> ResourceType {
    match name {
        "error" => ResourceType::host::<IoError>(),
        "input-stream" => ResourceType::host::<Input>(),
        "output-stream" => ResourceType::host::<Output>(),
        "terminal-input" | "terminal-output" => ResourceType::host::<Terminal>(),
        "descriptor" => ResourceType::host::<Descriptor>(),
        _ => ResourceType::host::<Unused>(),
    }
}

fn surroundings(linker: &mut Linker<State>, version: &str) -> Result<()> {
    let mut environment = linker.instance(&format!("wasi:cli/environment@{version}"))?;
    environment.func_wrap("get-environment", |_, ()| Ok((Vec::<(String, String)>::new(),)))?;
    environment.func_wrap("get-arguments", |_, ()| Ok((Vec::<String>::new(),)))?;
    environment.func_wrap("initial-cwd", |_, ()| Ok((None::<String>,)))?;
    for (interface, getter) in [("stdout", "get-stdout"), ("stderr", "get-stderr")] {
        let mut stream = linker.instance(&format!("wasi:cli/{interface}@{version}"))?;
        stream.func_wrap(getter, |_, ()| Ok((Resource::<Output>::new_own(0),)))?;
    }
    let mut stdin = linker.instance(&format!("wasi:cli/stdin@{version}"))?;
    stdin.func_wrap("get-stdin", |_, ()| Ok((Resource::<Input>::new_own(0),)))?;
    for stream in ["stdin", "stdout", "stderr"] {
        let mut terminal = linker.instance(&format!("wasi:cli/terminal-{stream}@{version}"))?;
        terminal.func_wrap(&format!("get-terminal-{stream}"), |_, ()| Ok((None::<Resource<Terminal>>,)))?;
    }
    let mut preopens = linker.instance(&format!("wasi:filesystem/preopens@{version}"))?;
    preopens.func_wrap("get-directories", |_, ()| Ok((Vec::<(Resource<Descriptor>, String)>::new(),)))
}

fn streams(linker: &mut Linker<State>, version: &str) -> Result<()> {
    let mut io = linker.instance(&format!("wasi:io/streams@{version}"))?;
    type Done = std::result::Result<(), StreamError>;
    io.func_wrap("[method]output-stream.check-write", |_, (_,): (Resource<Output>,)| {
        Ok((Ok::<u64, StreamError>(1 << 12),))
    })?;
    for method in ["write", "blocking-write-and-flush"] {
        let name = format!("[method]output-stream.{method}");
        io.func_wrap(&name, |mut cx, (_, _): (Resource<Output>, Vec<u8>)| {
            cx.data_mut().host_call()?;
            Ok((Done::Ok(()),))
        })?;
    }
    for method in ["flush", "blocking-flush"] {
        let name = format!("[method]output-stream.{method}");
        io.func_wrap(&name, |_, (_,): (Resource<Output>,)| Ok((Done::Ok(()),)))?;
    }
    for method in ["read", "blocking-read"] {
        let name = format!("[method]input-stream.{method}");
        io.func_wrap(&name, |_, (_, _): (Resource<Input>, u64)| {
            Ok((Err::<Vec<u8>, StreamError>(StreamError::Closed),))
        })?;
    }
    Ok(())
}

fn clocks(linker: &mut Linker<State>, version: &str) -> Result<()> {
    let mut monotonic = linker.instance(&format!("wasi:clocks/monotonic-clock@{version}"))?;
    monotonic.func_wrap("now", |_, ()| Ok((0u64,)))?;
    monotonic.func_wrap("resolution", |_, ()| Ok((1_000_000u64,)))?;
    let mut wall = linker.instance(&format!("wasi:clocks/wall-clock@{version}"))?;
    wall.func_wrap("now", |cx, ()| {
        let now = cx.data().ports.now;
        let nanoseconds = u32::try_from(now % 1000).unwrap_or(0) * 1_000_000;
        Ok((Datetime { seconds: now / 1000, nanoseconds },))
    })?;
    wall.func_wrap("resolution", |_, ()| Ok((Datetime { seconds: 0, nanoseconds: 1_000_000 },)))?;
    Ok(())
}

fn random(linker: &mut Linker<State>, version: &str) -> Result<()> {
    for (interface, prefix) in [("random", "get-random"), ("insecure", "get-insecure-random")] {
        let mut random = linker.instance(&format!("wasi:random/{interface}@{version}"))?;
        random.func_wrap(&format!("{prefix}-u64"), |mut cx, ()| Ok((cx.data_mut().wasi.draw(),)))?;
        random.func_wrap(&format!("{prefix}-bytes"), |mut cx, (len,): (u64,)| {
            Ok((cx.data_mut().random_bytes(len)?,))
        })?;
    }
    let mut seed = linker.instance(&format!("wasi:random/insecure-seed@{version}"))?;
    seed.func_wrap("insecure-seed", |mut cx, ()| {
        let wasi = &mut cx.data_mut().wasi;
        Ok(((wasi.draw(), wasi.draw()),))
    })
}

// === impl Wasi ===

impl Wasi {
    /// SplitMix64 from a fixed seed: for hash tables, not for keys. Secrets are made by the host, never by a guest.
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.drawn;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl State {
    fn random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.host_call()?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > self.bounds.output {
            return Err(
                Wall { kind: FaultKind::Output, detail: format!("{len} random bytes at once") }.into()
            );
        }
        let words = (0..len.div_ceil(8)).flat_map(|_| self.wasi.draw().to_le_bytes());
        Ok(words.take(len).collect())
    }
}
