//! What stands behind one instance while it runs: whose call it is, how much of everything is left, and the ports.

use std::{sync::Arc, time::Instant};

use patchbay_types::Digest;
use wasmtime::ResourceLimiter;

use crate::{
    bounds::Bounds,
    call::{Caller, FaultKind},
    host_fns::wasi::Wasi,
    ports::Ports,
};

/// A store's data.
pub(crate) struct State {
    pub(crate) caller: Caller,
    pub(crate) digest: Digest,
    pub(crate) settings: Arc<str>,
    pub(crate) bounds: Bounds,
    pub(crate) ports: Ports,
    pub(crate) started: Instant,
    pub(crate) log_lines: u32,
    pub(crate) dropped_lines: u32,
    pub(crate) wasi: Wasi,
    /// `prepare` is under way: nothing but `log` and `settings` answers.
    pub(crate) preparing: bool,
    host_calls: u32,
    memory: usize,
    table: usize,
    /// Memory or table space was refused. Whatever the guest dies of afterwards, this is why.
    pub(crate) starved: bool,
}

/// A host function ends the call.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Wall {
    pub(crate) kind: FaultKind,
    pub(crate) detail: String,
}

// === impl State ===

impl State {
    pub(crate) fn new(
        caller: &Caller,
        digest: Digest,
        settings: &Arc<str>,
        bounds: Bounds,
        ports: Ports,
    ) -> Self {
        Self {
            caller: caller.clone(),
            digest,
            settings: Arc::clone(settings),
            bounds,
            ports,
            started: Instant::now(),
            log_lines: 0,
            dropped_lines: 0,
            wasi: Wasi::default(),
            preparing: false,
            host_calls: 0,
            memory: 0,
            table: 0,
            starved: false,
        }
    }

    /// The next call of an instance that is kept: everything counts from nothing again, but the space that it holds.
    pub(crate) fn renew(&mut self, caller: &Caller, ports: Ports) {
        self.caller = caller.clone();
        self.ports = ports;
        self.started = Instant::now();
        self.log_lines = 0;
        self.dropped_lines = 0;
        self.host_calls = 0;
        self.starved = false;
    }

    /// Counts one call of a host function.
    ///
    /// # Errors
    /// When there were too many: that ends the call.
    pub(crate) fn host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls <= self.bounds.host_calls {
            return Ok(());
        }
        let detail = format!("more than {} calls of host functions", self.bounds.host_calls);
        Err(Wall { kind: FaultKind::HostCalls, detail }.into())
    }

    /// Counts one call of a host function that reaches out of the sandbox.
    ///
    /// # Errors
    /// As [`Self::host_call`], and in `prepare`.
    pub(crate) fn port_call(&mut self) -> wasmtime::Result<()> {
        if self.preparing {
            let detail = "`prepare` may call `log` and `settings` alone".to_owned();
            return Err(Wall { kind: FaultKind::Trap, detail }.into());
        }
        self.host_call()
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        let granted = total <= self.bounds.memory;
        if granted {
            self.memory = total;
        }
        self.starved |= !granted;
        Ok(granted)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.starved = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table.saturating_add(desired.saturating_sub(current));
        let granted = total <= self.bounds.table;
        if granted {
            self.table = total;
        }
        self.starved |= !granted;
        Ok(granted)
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.starved = true;
        Ok(())
    }
}
