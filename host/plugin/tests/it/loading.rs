//! From bytes to a plugin that answers.

use patchbay_plugin::{World, mapping::Mapped};

use crate::{
    guest::Guest,
    host::{Host, caller, wanted},
    values,
};

#[test]
fn a_mapper_and_a_router_answer() {
    let host = Host::new();
    let mapper = host.load(Guest::of("mapper").build(), World::Mapper).unwrap();
    let answer = mapper.from_matrix(&caller(), &values::event(), &values::room()).unwrap();
    assert!(matches!(answer.value, Mapped::Message(_)), "{answer:?}");
    assert_eq!(answer.fuel, None);

    let router = host.load(Guest::of("router").build(), World::Router).unwrap();
    let answer = router.decide(&caller(), &values::message(), &values::conversation(), 1).unwrap();
    assert_eq!(answer.value.routes, []);
}

#[test]
fn what_prepare_left_in_memory_is_there_in_each_call_and_nothing_else() {
    // Answers with a text whose length is what it finds in memory: 5 after `prepare`; each call adds 1 to it.
    let guest = Guest::of("mapper")
        .body("prepare", "(i32.store (i32.const 2000) (i32.const 5)) (i32.const 1024)")
        .body(
            "from-matrix",
            "(i32.store (i32.const 2000) (i32.add (i32.load (i32.const 2000)) (i32.const 1)))
             (i32.store8 (i32.const 3008) (i32.const 1)) ;; `ignore`
             (i32.store (i32.const 3020) (i32.load (i32.const 2000)))
             (i32.const 3000)",
        );
    let host = Host::new();
    let mapper = host.load(guest.build(), World::Mapper).unwrap();
    for _ in 0..3 {
        let answer = mapper.from_matrix(&caller(), &values::event(), &values::room()).unwrap();
        assert_eq!(answer.value, Mapped::Ignore("\0".repeat(6)));
    }
}

#[test]
fn a_component_loads_out_of_the_cache_after_a_restart() {
    let host = Host::new();
    let guest = Guest::of("mapper").build();
    host.load(guest.clone(), World::Mapper).unwrap();
    let again = host.restarted().load(&wanted(guest, World::Mapper)).unwrap();
    again.golden(&caller()).unwrap();
}
