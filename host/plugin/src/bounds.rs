//! What a call may use: `min(what the plugin asks, what the operator grants)`, worked out in one place.

use std::time::Duration;

use patchbay_types::{
    tenant::Limits,
    units::{Bytes, Span},
};

use crate::runtime::World;

/// A line of log is cut to this many bytes.
pub(crate) const LOG_LINE: usize = 1 << 10;

/// Every bound of one plugin, decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) time: Duration,
    pub(crate) prepare_time: Duration,
    /// Bytes of all linear memories together.
    pub(crate) memory: usize,
    /// Elements of all tables together.
    pub(crate) table: usize,
    /// Bytes that cross from the guest to the host at once, as they lie in the host's memory.
    pub(crate) output: usize,
    pub(crate) log_lines: u32,
    pub(crate) host_calls: u32,
    /// None: not metered.
    pub(crate) fuel: Option<u64>,
}

// === impl Bounds ===

impl Bounds {
    /// What holds for a plugin of this world. `granted` replaces the host's defaults, up or down; `asked`, out of the
    /// plugin's manifest, can only lower them.
    pub(crate) fn effective(world: World, asked: &Limits, granted: &Limits) -> Self {
        let default = defaults(world);
        let size = |of: fn(&Limits) -> Option<Bytes>, default: u64| {
            let bytes = least(of(asked), of(granted).unwrap_or(Bytes(default))).0;
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        let time = |of: fn(&Limits) -> Option<Span>, default: Span| {
            least(of(asked), of(granted).unwrap_or(default)).0
        };
        let memory = size(|limits| limits.memory, default.memory);
        Self {
            time: time(|limits| limits.time, default.time),
            prepare_time: time(|limits| limits.prepare_time, Span::millis(2000)),
            memory,
            table: 20_000,
            output: size(|limits| limits.output, default.output),
            log_lines: least(asked.log_lines, granted.log_lines.unwrap_or(16)),
            host_calls: least(asked.host_calls, granted.host_calls.unwrap_or(default.host_calls)),
            fuel: granted.fuel.map(|fuel| least(asked.fuel, fuel)).or(asked.fuel),
        }
    }
}

// === impl World ===

impl World {
    /// The most that a call may use where nobody says otherwise: for tools that show it.
    #[must_use]
    pub fn defaults(self) -> Limits {
        let bounds = Bounds::effective(self, &Limits::default(), &Limits::default());
        Limits {
            time: Some(Span(bounds.time)),
            prepare_time: Some(Span(bounds.prepare_time)),
            memory: Some(Bytes(bounds.memory as u64)),
            fuel: bounds.fuel,
            output: Some(Bytes(bounds.output as u64)),
            log_lines: Some(bounds.log_lines),
            host_calls: Some(bounds.host_calls),
        }
    }
}

struct Defaults {
    time: Span,
    memory: u64,
    output: u64,
    host_calls: u32,
}

fn defaults(world: World) -> Defaults {
    match world {
        World::Mapper | World::Router => {
            Defaults { time: Span::millis(50), memory: 16 << 20, output: 256 << 10, host_calls: 64 }
        }
        World::Adapter => {
            Defaults { time: Span::millis(10_000), memory: 64 << 20, output: 1 << 20, host_calls: 1000 }
        }
    }
}

fn least<T: Ord>(asked: Option<T>, granted: T) -> T {
    match asked {
        Some(asked) => asked.min(granted),
        None => granted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_gets_the_smaller_of_what_it_asks_and_what_is_granted() {
        let limits = |time| Limits { time: Some(Span::millis(time)), ..Limits::default() };
        let time = |asked: &Limits, granted: &Limits| {
            Bounds::effective(World::Mapper, asked, granted).time.as_millis()
        };
        let none = Limits::default();
        assert_eq!(time(&none, &none), 50);
        assert_eq!(time(&limits(10), &none), 10);
        assert_eq!(time(&limits(500), &none), 50);
        assert_eq!(time(&none, &limits(500)), 500);
        assert_eq!(time(&limits(100), &limits(500)), 100);
        assert_eq!(time(&limits(500), &limits(100)), 100);
    }

    #[test]
    fn either_side_may_want_a_budget_of_instructions() {
        let fuel = |fuel| Limits { fuel, ..Limits::default() };
        let effective = |asked, granted| Bounds::effective(World::Router, &fuel(asked), &fuel(granted)).fuel;
        assert_eq!(effective(None, None), None);
        assert_eq!(effective(Some(5), None), Some(5));
        assert_eq!(effective(None, Some(7)), Some(7));
        assert_eq!(effective(Some(5), Some(7)), Some(5));
        assert_eq!(effective(Some(9), Some(7)), Some(7));
    }

    #[test]
    fn adapters_have_more_room_than_pure_plugins() {
        let bounds = |world| Bounds::effective(world, &Limits::default(), &Limits::default());
        assert_eq!(bounds(World::Mapper), bounds(World::Router));
        assert_eq!(bounds(World::Adapter).memory, 64 << 20);
        assert_eq!(bounds(World::Adapter).host_calls, 1000);
    }
}
