//! The engines: how components are compiled, where their memory lies, and what ends a call that takes too long. Slots
//! that want a deterministic budget run on a second, metered engine, which is made when the first of them is loaded.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    thread,
};

use patchbay_types::{Digest, config::PluginsConfig};
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::ticker;

/// Kept in a slot of the pool between two calls: what a call wrote is copied back instead of being faulted in again.
/// Measured: 30 µs for a fresh instance without it, 8 µs with it.
const KEEP_RESIDENT: usize = 8 << 20;
const KEEP_RESIDENT_TABLE: usize = 256 << 10;

/// Each slot reserves 4 GiB of addresses, so that no access needs a bounds check; beyond this many, `mmap` refuses.
const MOST_SLOTS: u32 = 10_000;

/// A component of Rust is three core instances (itself, and two that tie its imports to it); other languages need more.
const CORE_INSTANCES: u32 = 6;

/// One engine.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    /// Stands for everything that a compiled artefact depends on: version, settings, processor.
    pub(crate) compatibility: Digest,
    pub(crate) metered: bool,
}

/// The engine for most, and the metered one.
pub(crate) struct Engines {
    sizes: PluginsConfig,
    pagemap_scan: Enabled,
    plain: Engine,
    metered: Mutex<Option<Engine>>,
}

// === impl Engines ===

impl Engines {
    /// Starts the plain engine. `pagemap_scan` is `Auto` but in tests: wasmtime then asks the kernel (Linux 6.7) itself.
    ///
    /// # Errors
    /// When the pool cannot be reserved, or no thread started.
    pub(crate) fn new(sizes: PluginsConfig, pagemap_scan: Enabled) -> wasmtime::Result<Self> {
        let plain = Engine::start(&sizes, pagemap_scan, false)?;
        Ok(Self { sizes, pagemap_scan, plain, metered: Mutex::default() })
    }

    /// The engine that runs what has a budget of instructions, or the one for everything else.
    ///
    /// # Errors
    /// When the metered engine has to be started and cannot be.
    pub(crate) fn get(&self, metered: bool) -> wasmtime::Result<Engine> {
        if !metered {
            return Ok(self.plain.clone());
        }
        let mut made = self.metered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*made {
            return Ok(engine.clone());
        }
        let engine = Engine::start(&self.sizes, self.pagemap_scan, true)?;
        Ok(made.insert(engine).clone())
    }
}

// === impl Engine ===

impl Engine {
    fn start(sizes: &PluginsConfig, pagemap_scan: Enabled, metered: bool) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(sizes, pagemap_scan)))
            .memory_init_cow(true)
            .epoch_interruption(true)
            .consume_fuel(metered)
            // Nobody uses the component model's own async; without its bookkeeping a call is 0.25 µs shorter.
            .concurrency_support(false)
            // Compilation has a thread of its own, of low priority; it must not spread over those that serve.
            .parallel_compilation(false)
            .relaxed_simd_deterministic(true)
            .wasm_threads(false)
            .wasm_memory64(false);
        let wasmtime = wasmtime::Engine::new(&config)?;
        ticker::start(&wasmtime)?;
        let mut hash = DefaultHasher::new();
        wasmtime.precompile_compatibility_hash().hash(&mut hash);
        let parts: [&[u8]; 2] = [b"patchbay engine 1", &hash.finish().to_le_bytes()];
        Ok(Self { compatibility: Digest::of_parts(parts), wasmtime, metered })
    }
}

/// wasmtime divides the pool among as many shards as there are processors, and a thread takes from its own: each shard
/// needs a warm slot for every component that its thread comes round to. Too few, and every call maps its memory anew:
/// measured, two threads were then slower than one.
fn pool(sizes: &PluginsConfig, pagemap_scan: Enabled) -> PoolingAllocationConfig {
    let shards = thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(16).min(16));
    let warm = sizes.warm.saturating_mul(shards).min(MOST_SLOTS);
    let slots = warm.saturating_add(sizes.instances).min(MOST_SLOTS);
    let mut pool = PoolingAllocationConfig::new();
    pool.pagemap_scan(pagemap_scan)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT_TABLE)
        .max_unused_warm_slots(warm)
        .total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_memories(slots)
        .total_tables(slots.saturating_mul(CORE_INSTANCES))
        .total_stacks(slots)
        .max_tables_per_module(8);
    pool
}
