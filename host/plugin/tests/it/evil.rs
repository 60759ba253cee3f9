//! Each evil guest in each slot and at each time: bounded, named, and the host goes on as if nothing had been.

use std::time::{Duration, Instant};

use futures::executor::block_on;
use patchbay_plugin::{CallError, FaultKind, Plugin, Ports, World, adapter};
use patchbay_types::tenant::{InstancePolicy, Limits};
use patchbay_types::units::Span;

use crate::{
    corpus::{At, Evil, corpus},
    guest::Guest,
    host::{Host, caller, wanted},
    values,
};

const WORLDS: [(&str, World); 3] =
    [("mapper", World::Mapper), ("router", World::Router), ("crm-adapter", World::Adapter)];

fn load(host: &Host, evil: &Evil, (name, world): (&'static str, World), at: At) -> Result<Plugin, String> {
    let mut wanted = wanted(evil.guest(name, at), world);
    // Long enough for a busy machine where another wall is to be hit.
    let time = Some(Span::millis(if evil.ends == "timeout" { 200 } else { 10_000 }));
    wanted.limits = Limits { time, prepare_time: time, ..Limits::default() };
    if evil.warm {
        wanted.instance = InstancePolicy::Warm(100);
    }
    host.runtime.load(&wanted).map_err(|error| error.to_string())
}

fn call(plugin: &Plugin, world: World) -> Result<(), CallError> {
    match world {
        World::Mapper => plugin.to_matrix(&caller(), &values::update()).map(drop),
        World::Router => plugin.decide(&caller(), &values::message(), &values::conversation(), 1).map(drop),
        World::Adapter => {
            let customer = values::person();
            let conversation = "not the golden one".to_owned();
            let draft = adapter::Draft { conversation, customer, initial: Vec::new(), items: Vec::new() };
            block_on(plugin.open(&caller(), Ports::none(1), &draft, &values::call())).map(drop)
        }
    }
}

#[test]
fn an_evil_call_ends_with_the_right_fault_in_each_slot_and_the_next_one_is_served() {
    let host = Host::new();
    let good = host.load(Guest::of("router").build(), World::Router).unwrap();
    for evil in corpus() {
        for slot in
            WORLDS.into_iter().filter(|slot| evil.world.as_deref().is_none_or(|world| world == slot.0))
        {
            let plugin = load(&host, &evil, slot, At::Call)
                .unwrap_or_else(|error| panic!("{} ({}): {error}", evil.name, evil.what));
            for attempt in 1..=2 {
                let begun = Instant::now();
                let ended = call(&plugin, slot.1);
                let took = begun.elapsed();
                let kind = match &ended {
                    Ok(()) => "well".to_owned(),
                    Err(CallError::Fault(fault)) => fault.kind.to_string(),
                    Err(CallError::Guest(error)) => format!("error {error}"),
                };
                let what = format!("{} in a {}, attempt {attempt}: {ended:?}", evil.name, slot.0);
                assert_eq!(kind, evil.ends, "{what}");
                assert!(took < Duration::from_secs(30), "{what} took {took:?}");
                plugin.golden(&caller()).unwrap_or_else(|error| panic!("{what}, then {error}"));
                call(&good, World::Router)
                    .unwrap_or_else(|error| panic!("{what}, then another plugin: {error}"));
            }
        }
    }
}

#[test]
fn evil_in_prepare_or_at_the_start_is_refused_and_the_host_goes_on() {
    let host = Host::new();
    for evil in corpus().into_iter().filter(|evil| evil.world.is_none() && evil.ends != "well") {
        for at in [At::Prepare, At::Start] {
            // What an answer holds is nothing at the start, and in `prepare` another type is answered.
            if evil.name.starts_with("answers") {
                continue;
            }
            let error = load(&host, &evil, WORLDS[0], at).err();
            let error = error.unwrap_or_else(|| panic!("{} at {at:?} was loaded", evil.name));
            // The module's start may call nothing that is imported with the help of its own memory.
            let expected =
                if at == At::Start && evil.name == "floods-the-host" { "trap" } else { &evil.ends };
            assert!(error.contains(expected), "{} at {at:?}: {error}", evil.name);
        }
    }
    let good = host.load(Guest::of("router").build(), World::Router).unwrap();
    call(&good, World::Router).unwrap();
}

#[test]
fn fuel_ends_a_loop_at_the_same_instruction_each_time() {
    let host = Host::new();
    let corpus = corpus();
    let loops = corpus.iter().find(|evil| evil.name == "loops").unwrap();
    let mut wanted = wanted(loops.guest("router", At::Call), World::Router);
    wanted.limits.fuel = Some(100_000);
    let plugin = host.runtime.load(&wanted).unwrap();
    let CallError::Fault(fault) = call(&plugin, World::Router).unwrap_err() else { panic!("no fault") };
    assert_eq!(fault.kind, FaultKind::Fuel);

    let mut wanted = crate::host::wanted(Guest::of("router").build(), World::Router);
    wanted.limits.fuel = Some(100_000);
    let plugin = host.runtime.load(&wanted).unwrap();
    let fuel =
        || plugin.decide(&caller(), &values::message(), &values::conversation(), 1).unwrap().fuel.unwrap();
    let first = fuel();
    assert!(first > 0);
    assert_eq!(fuel(), first);
}
