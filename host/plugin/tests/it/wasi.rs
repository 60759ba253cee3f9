//! WASI preview 2, for whoever imports it: it links, and there is nothing behind it.

use patchbay_plugin::{CallError, FaultKind, Plugin, World, mapping::Mapped};

use crate::{
    guest::Guest,
    host::{Host, caller},
    values,
};

/// What the runtimes of languages import, in part, and in another patch version than the stubs were written for.
const WIT: &str = "
package test:further;

world mapper-on-wasi {
    include patchbay:plugin/mapper@0.1.0;
    import wasi:cli/environment@0.2.3;
    import wasi:cli/stderr@0.2.3;
    import wasi:clocks/wall-clock@0.2.3;
    import wasi:io/streams@0.2.3;
    import wasi:random/random@0.2.3;
    import wasi:sockets/instance-network@0.2.3;
}

package wasi:cli@0.2.3 {
    interface environment { get-environment: func() -> list<tuple<string, string>>; }
    interface stderr { use wasi:io/streams@0.2.3.{output-stream}; get-stderr: func() -> output-stream; }
}
package wasi:clocks@0.2.3 {
    interface wall-clock {
        record datetime { seconds: u64, nanoseconds: u32 }
        now: func() -> datetime;
    }
}
package wasi:io@0.2.3 {
    interface error { resource error; }
    interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream {
            check-write: func() -> result<u64, stream-error>;
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
        }
    }
}
package wasi:random@0.2.3 {
    interface random { get-random-u64: func() -> u64; get-random-bytes: func(len: u64) -> list<u8>; }
}
package wasi:sockets@0.2.3 {
    interface instance-network { resource network; instance-network: func() -> network; }
}
";

const FIELDS: &str = r#"
(import "wasi:cli/environment@0.2.3" "get-environment" (func $environment (param i32)))
(import "wasi:cli/stderr@0.2.3" "get-stderr" (func $stderr (result i32)))
(import "wasi:clocks/wall-clock@0.2.3" "now" (func $now (param i32)))
(import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
(import "wasi:random/random@0.2.3" "get-random-u64" (func $random (result i64)))
(import "wasi:random/random@0.2.3" "get-random-bytes" (func $bytes (param i64 i32)))
(import "wasi:sockets/instance-network@0.2.3" "instance-network" (func $network (result i32)))"#;

fn mapper(host: &Host, body: &str) -> Plugin {
    let guest = Guest::of("mapper-on-wasi").fields(FIELDS).body("to-matrix", body);
    host.load(guest.build_with(WIT), World::Mapper).unwrap()
}

#[test]
fn what_a_runtime_needs_to_start_is_there_and_empty() {
    // Answers an error as long as the environment has entries and the clock has seconds, after writing to `stderr`.
    let body = "
        (call $write (call $stderr) (i32.const 5000) (i32.const 100) (i32.const 4000))
        (if (i32.load8_u (i32.const 4000)) (then unreachable))
        (call $environment (i32.const 4000))
        (call $now (i32.const 4104))
        (i32.store8 (i32.const 2000) (i32.const 1))
        (i32.store (i32.const 2008) (i32.add (i32.load (i32.const 4004)) (i32.load (i32.const 4104))))
        (i32.const 2000)";
    let host = Host::new();
    let ended = mapper(&host, body).to_matrix(&caller(), &values::update());
    assert_eq!(ended.err(), Some(CallError::Guest(String::new())));
}

#[test]
fn random_numbers_are_the_same_in_each_instance_and_differ_within_one() {
    let body = "(local $first i64)
        (local.set $first (call $random))
        (if (i64.eq (local.get $first) (call $random)) (then unreachable))
        (call $bytes (i64.const 8) (i32.const 4000))
        (i32.store8 (i32.const 2000) (i32.const 1))
        (i32.store (i32.const 2004) (i32.const 3000))
        (i32.store (i32.const 2008) (i32.const 2))
        (i32.store8 (i32.const 3000) (i32.and (i32.wrap_i64 (local.get $first)) (i32.const 0x7f)))
        (i32.store8 (i32.const 3001) (i32.and (i32.load (i32.load (i32.const 4000))) (i32.const 0x7f)))
        (i32.const 2000)";
    let host = Host::new();
    let mapper = mapper(&host, body);
    let first = mapper.to_matrix(&caller(), &values::update()).err();
    assert!(matches!(first, Some(CallError::Guest(_))), "{first:?}");
    assert_eq!(mapper.to_matrix(&caller(), &values::update()).err(), first);
}

#[test]
fn the_rest_of_wasi_traps_when_it_is_called() {
    let host = Host::new();
    let mapper = mapper(&host, "(drop (call $network)) (i32.const 1024)");
    let Some(CallError::Fault(fault)) = mapper.to_matrix(&caller(), &values::update()).err() else {
        panic!("no fault")
    };
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.detail.contains("instance-network"), "{fault}");
    let mapped = mapper.from_matrix(&caller(), &values::event(), &values::room()).unwrap().value;
    assert!(matches!(mapped, Mapped::Message(_)));
}

#[test]
fn what_is_neither_the_contracts_nor_wasis_is_refused_by_name() {
    let wit = "package test:further;
        world mapper-with-http {
            include patchbay:plugin/mapper@0.1.0;
            import wasi:http/outgoing-handler@0.2.3;
        }
        package wasi:http@0.2.3 { interface outgoing-handler { handle: func(); } }";
    let handle = r#"(import "wasi:http/outgoing-handler@0.2.3" "handle" (func $handle))"#;
    let host = Host::new();
    let guest = Guest::of("mapper-with-http").fields(handle).build_with(wit);
    let refused = host.load(guest, World::Mapper).unwrap_err().to_string();
    assert!(refused.contains("wasi:http/outgoing-handler@0.2.3"), "{refused}");
}
