//! Stamps: sixteen bytes in a built component that its output shows. Another stamp is another component, made without
//! a compiler; and what an output shows tells which components made it.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context, ensure};

use crate::journal::{DeskLine, MatrixSend, REPLY_MARK};

/// The length of a stamp.
const LENGTH: usize = 16;

/// Which components a tenant's chain had, one after another. Each change is the next generation.
#[derive(Debug, Clone)]
pub struct History {
    generations: Vec<Chain>,
}

/// The stamps of one generation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chain {
    /// The mapper's.
    pub mapper: String,
    /// The router's.
    pub router: String,
    /// The adapter's.
    pub adapter: String,
}

/// What the outputs showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Different mappers, routers and adapters seen at work.
    pub mappers: BTreeSet<String>,
    /// See above.
    pub routers: BTreeSet<String>,
    /// See above.
    pub adapters: BTreeSet<String>,
    /// Events of which both the mapper and the router are known.
    pub pairs: u64,
    /// What cannot be: an event mapped and routed by components that never served together, or delivered by an adapter
    /// that was replaced before its event was mapped.
    pub mixed: Vec<String>,
}

// === impl Chain ===

impl Chain {
    /// What the guests bear as they are built.
    #[must_use]
    pub fn built() -> Self {
        let [mapper, router, adapter] =
            ["stamp-mapper-000", "stamp-router-000", "stamp-adapter-00"].map(str::to_owned);
        Self { mapper, router, adapter }
    }
}

// === impl History ===

impl History {
    /// Begins with the guests as they are built.
    #[must_use]
    pub fn new() -> Self {
        Self { generations: vec![Chain::built()] }
    }

    /// The current generation.
    #[must_use]
    pub fn now(&self) -> Chain {
        self.generations.last().cloned().unwrap_or_else(Chain::built)
    }

    /// A change follows.
    pub fn push(&mut self, chain: Chain) {
        self.generations.push(chain);
    }

    /// Reads the stamps off what arrived, and compares them with what served together.
    #[must_use]
    pub fn compare(&self, lines: &[DeskLine], sends: &[MatrixSend]) -> Shown {
        let mut shown = Shown::default();
        let (mut first, mut last): (HashMap<&str, usize>, HashMap<&str, usize>) = Default::default();
        for (n, chain) in self.generations.iter().enumerate() {
            first.entry(&chain.mapper).or_insert(n);
            last.insert(&chain.adapter, n);
        }
        for line in lines {
            let text = line.text.as_deref().unwrap_or_default();
            let (Some(mapper), Some(adapter)) = (after(text, "[m="), after(text, "[a=")) else { continue };
            shown.mappers.insert(mapper.to_owned());
            shown.adapters.insert(adapter.to_owned());
            match (first.get(mapper), last.get(adapter)) {
                (Some(mapped), Some(delivered)) if delivered >= mapped => {}
                _ => {
                    shown.mixed.push(format!("line {}: mapped by {mapper}, delivered by {adapter}", line.id))
                }
            }
        }
        let together: BTreeSet<(&str, &str)> =
            self.generations.iter().map(|chain| (&*chain.mapper, &*chain.router)).collect();
        for text in
            sends.iter().filter_map(|send| send.text.as_deref()).filter(|text| text.starts_with(REPLY_MARK))
        {
            let (Some(mapper), Some(router)) = (after(text, " m="), after(text, " r=")) else { continue };
            shown.routers.insert(router.to_owned());
            shown.pairs += 1;
            if !together.contains(&(mapper, router)) {
                shown.mixed.push(format!("mapped by {mapper}, routed by {router}"));
            }
        }
        shown
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

/// The component with another stamp.
///
/// # Errors
/// When `before` does not stand in it exactly once, or the stamps are not of one length.
pub fn patch(component: &[u8], before: &str, after: &str) -> anyhow::Result<Vec<u8>> {
    ensure!(before.len() == LENGTH && after.len() == LENGTH, "a stamp has {LENGTH} bytes: {before}, {after}");
    let mut places = component.windows(LENGTH).enumerate().filter(|(_, bytes)| *bytes == before.as_bytes());
    let (at, _) = places.next().with_context(|| format!("there is no {before} in this component"))?;
    ensure!(places.next().is_none(), "{before} stands in this component twice");
    let (head, tail) = component.split_at(at);
    Ok([head, after.as_bytes(), tail.get(LENGTH..).unwrap_or_default()].concat())
}

/// The stamp behind `mark`.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.rsplit_once(mark)?.1.get(..LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(mapper: u32, router: u32, adapter: u32) -> Chain {
        let name = |letter: char, n: u32| format!("stamp-{letter}-{n:08}");
        Chain { mapper: name('m', mapper), router: name('r', router), adapter: name('a', adapter) }
    }

    fn line(mapper: u32, adapter: u32) -> DeskLine {
        let Chain { mapper, adapter, .. } = chain(mapper, 0, adapter);
        DeskLine { text: Some(format!("hello #10 [m={mapper}] [a={adapter}]")), ..DeskLine::default() }
    }

    fn reply(mapper: u32, router: u32) -> MatrixSend {
        let Chain { mapper, router, .. } = chain(mapper, router, 0);
        MatrixSend {
            event_id: "$e".into(),
            room: "!r".into(),
            sender: "@b:x".into(),
            event_type: "m.room.message".into(),
            text: Some(format!("reply $x m={mapper} r={router}")),
            at: 1,
        }
    }

    fn history() -> History {
        History { generations: vec![chain(0, 0, 0), chain(1, 1, 1), chain(1, 1, 2)] }
    }

    #[test]
    fn what_served_together_is_fine_and_a_later_adapter_too() {
        let shown = history().compare(&[line(0, 0), line(0, 2), line(1, 1)], &[reply(0, 0), reply(1, 1)]);
        assert!(shown.mixed.is_empty(), "{shown:?}");
        assert_eq!((shown.mappers.len(), shown.adapters.len(), shown.pairs), (2, 3, 2));
    }

    #[test]
    fn what_never_served_together_is_found() {
        assert_eq!(history().compare(&[], &[reply(0, 1)]).mixed.len(), 1);
        assert_eq!(history().compare(&[line(1, 0)], &[]).mixed.len(), 1);
    }

    #[test]
    fn a_patched_component_differs_in_its_stamp_alone() {
        let patched = patch(b"..stamp-mapper-000..", "stamp-mapper-000", "stamp-m-00000001").unwrap();
        assert_eq!(patched, b"..stamp-m-00000001..");
        assert!(patch(&patched, "stamp-mapper-000", "stamp-m-00000002").is_err());
    }
}
