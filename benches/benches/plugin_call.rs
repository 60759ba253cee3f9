//! What one call into a plugin costs, in CPU time of the thread that makes it (the machine may be busy with other
//! things), beside the same work as a native function. Needs the real components: `cargo xtask guests`.

mod shared;

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use cpu_time::ThreadTime;
use criterion::{BenchmarkId, Criterion, Throughput};
use patchbay_plugin::{World, mapping};
use patchbay_types::tenant::InstancePolicy;

use crate::shared::{Host, caller, conversation, event_of_host, message, room_of_host};

fn main() -> anyhow::Result<()> {
    let host = Host::start()?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(50);
    mapper(&mut criterion, &host)?;
    router(&mut criterion, &host)?;
    chain(&mut criterion, &host)?;
    threads(&mut criterion, &host)?;
    first_result(&mut criterion, &host)?;
    criterion.final_summary();
    Ok(())
}

/// A mapper's call: native, in an instance that is kept, in a fresh one.
fn mapper(criterion: &mut Criterion, host: &Host) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("mapper");
    let native = native::mapper()?;
    let (event, room) = (native::event(), native::room());
    group.bench_function("native", |bencher| cpu(bencher, || native::call(&native, &event, &room)));
    let (caller, event, room) = (caller(), event_of_host(), room_of_host());
    for (name, instance) in [("warm", InstancePolicy::Warm(u32::MAX)), ("fresh", InstancePolicy::Fresh)] {
        let mapper = host.load("mapper-matrix", World::Mapper, "{}", instance)?;
        group.bench_function(name, |bencher| cpu(bencher, || mapper.from_matrix(&caller, &event, &room)));
    }
    group.finish();
    Ok(())
}

/// A router's call with more and more rules, of which the one in the middle decides.
fn router(criterion: &mut Criterion, host: &Host) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("router");
    let (caller, message, conversation) = (caller(), message(), conversation());
    for rules in [0, 10, 100] {
        let router = host.load("router-rules", World::Router, &settings(rules), InstancePolicy::Fresh)?;
        group.bench_with_input(BenchmarkId::new("fresh", rules), &rules, |bencher, _| {
            cpu(bencher, || router.decide(&caller, &message, &conversation, 1));
        });
    }
    group.finish();
    Ok(())
}

/// Mapper and router after one another, as the pipeline calls them.
fn chain(criterion: &mut Criterion, host: &Host) -> anyhow::Result<()> {
    let mapper = host.load("mapper-matrix", World::Mapper, "{}", InstancePolicy::Fresh)?;
    let router = host.load("router-rules", World::Router, &settings(10), InstancePolicy::Fresh)?;
    let (caller, event, room, conversation) = (caller(), event_of_host(), room_of_host(), conversation());
    criterion.bench_function("mapper and router with 10 rules", |bencher| {
        cpu(bencher, || {
            let mapped = mapper.from_matrix(&caller, &event, &room).map(|answer| answer.value);
            let Ok(mapping::Mapped::Message(said)) = mapped else { return None };
            Some(router.decide(&caller, &said.message, &conversation, 1))
        });
    });
    Ok(())
}

/// Fresh calls a second, on one thread and on two: by the wall clock, so only a quiet machine tells the truth.
fn threads(criterion: &mut Criterion, host: &Host) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("threads");
    let mapper = host.load("mapper-matrix", World::Mapper, "{}", InstancePolicy::Fresh)?;
    let (caller, event, room) = (caller(), event_of_host(), room_of_host());
    for threads in [1_u64, 2] {
        group.throughput(Throughput::Elements(threads));
        group.bench_with_input(BenchmarkId::new("fresh", threads), &threads, |bencher, &threads| {
            bencher.iter_custom(|calls| {
                let begun = Instant::now();
                thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| {
                            (0..calls)
                                .for_each(|_| drop(black_box(mapper.from_matrix(&caller, &event, &room))));
                        });
                    }
                });
                begun.elapsed()
            });
        });
    }
    group.finish();
    Ok(())
}

/// From an artefact in the cache, after a restart, to the first answer.
fn first_result(criterion: &mut Criterion, host: &Host) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("cached artefact to first result");
    let (caller, event, room) = (caller(), event_of_host(), room_of_host());
    host.load("mapper-matrix", World::Mapper, "{}", InstancePolicy::Fresh)?;
    group.bench_function("mapper", |bencher| {
        bencher.iter_custom(|loads| {
            let mut took = Duration::ZERO;
            for _ in 0..loads {
                let begun = Instant::now();
                let mapper = host.load("mapper-matrix", World::Mapper, "{}", InstancePolicy::Fresh);
                let answer = mapper.as_ref().map(|mapper| mapper.from_matrix(&caller, &event, &room));
                took += begun.elapsed();
                // Dropped here: whoever still holds an image would lend it to the next one.
                drop(black_box(answer));
                drop(mapper);
            }
            took
        });
    });
    group.finish();
    Ok(())
}

/// Times `call` by its thread's own CPU clock.
fn cpu<T>(bencher: &mut criterion::Bencher<'_>, mut call: impl FnMut() -> T) {
    bencher.iter_custom(|calls| {
        let begun = ThreadTime::now();
        for _ in 0..calls {
            black_box(call());
        }
        begun.elapsed()
    });
}

/// Rules of which the one in the middle matches.
fn settings(rules: usize) -> String {
    let rule = |n: usize| {
        let word = if n == rules / 2 { "invoice".to_owned() } else { format!("word{n}") };
        serde_json::json!({
            "name": format!("rule {n}"),
            "when": format!("content.lower.contains('{word}') && sender.party == 'customer'"),
            "route": [{ "adapter": "desk", "queue": "billing" }],
        })
    };
    let rules: Vec<_> = (0..rules).map(rule).collect();
    serde_json::json!({ "rules": rules, "default": [{ "adapter": "desk" }] }).to_string()
}

/// The same mapper as a native function.
mod native {
    use anyhow::anyhow;
    use mapper_matrix::MatrixMapper;
    use patchbay_sdk::prelude::{
        Audience, Encryption, Event, Mapped, Mapper as _, Party, Person, Plugin as _, Room,
    };

    pub(super) fn mapper() -> anyhow::Result<MatrixMapper> {
        MatrixMapper::prepare(serde_json::from_str("{}")?).map_err(|problems| anyhow!("{problems:?}"))
    }

    /// With a copy of its input, which a sandboxed call makes as well.
    pub(super) fn call(mapper: &MatrixMapper, event: &Event, room: &Room) -> Result<Mapped, String> {
        mapper.from_matrix(event.clone(), room.clone())
    }

    pub(super) fn event() -> Event {
        let host = super::event_of_host();
        Event {
            event_id: host.event_id,
            sender: person(),
            event_type: host.event_type,
            state_key: None,
            origin_server_ts: host.origin_server_ts,
            content: host.content,
            encryption: Encryption::Clear,
            related: None,
        }
    }

    pub(super) fn room() -> Room {
        let host = super::room_of_host();
        Room {
            room_id: host.room_id,
            conversation: None,
            name: host.name,
            encrypted: false,
            network: host.network,
            channel: None,
            features: host.features,
            audience: Audience::Customer,
            people: vec![person()],
            member_count: host.member_count,
            entity: None,
        }
    }

    fn person() -> Person {
        let host = super::shared::person();
        Person {
            id: host.id,
            remote: None,
            party: Party::Customer,
            display_name: host.display_name,
            phone: host.phone,
            email: None,
            locale: None,
            identifiers: host.identifiers,
            network: host.network,
            attributes: Vec::new(),
        }
    }
}
