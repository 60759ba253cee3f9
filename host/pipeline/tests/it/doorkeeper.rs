//! Adapters whose `accept` does what a webhook's first letter says.

use crate::guest::Guest;

/// `k` and whatever is not named is kept and answered 202; `f` is a forgery (401); `t` traps; `l` loops; `1` answers an
/// informational status; `h` splits a header. A `GET` is a challenge, whose word is in the answer.
const ACCEPT: &str = r#"
    (local $c i32)
    (if (local.get 7) (then (local.set $c (i32.load8_u (local.get 6)))))
    (i32.store8 (i32.const 3000) (i32.const 1))
    (i32.store16 (i32.const 3002) (i32.const 202))
    (i32.store (i32.const 3004) (i32.const 3100))
    (i32.store (i32.const 3008) (i32.const 0))
    (i32.store (i32.const 3012) (i32.const 3200))
    (i32.store (i32.const 3016) (i32.const 9))
    (i32.store (i32.const 3100) (i32.const 3220))
    (i32.store (i32.const 3104) (i32.const 7))
    (i32.store (i32.const 3108) (i32.const 3230))
    (i32.store (i32.const 3112) (i32.const 12))
    (if (i32.eq (local.get $c) (i32.const 102)) (then
      (i32.store8 (i32.const 3000) (i32.const 0)) (i32.store16 (i32.const 3002) (i32.const 401))))
    (if (i32.eq (local.get $c) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $c) (i32.const 108)) (then (loop $for-ever (br $for-ever))))
    (if (i32.eq (local.get $c) (i32.const 49)) (then (i32.store16 (i32.const 3002) (i32.const 103))))
    (if (i32.eq (local.get $c) (i32.const 104)) (then (i32.store (i32.const 3008) (i32.const 1))))
    (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 71)) (then
      (i32.store8 (i32.const 3000) (i32.const 0)) (i32.store16 (i32.const 3002) (i32.const 200))))
    (i32.const 3000)"#;

const WORDS: &str = r#"(data (i32.const 3200) "challenge") (data (i32.const 3220) "x-split")
    (data (i32.const 3230) "a\0d\0ax-evil:1")"#;

const MANIFEST: &str = "delivery-id = ['webhook-id']\n";

/// It does what it is told.
pub(crate) fn good() -> Vec<u8> {
    Guest::of("crm-adapter").manifest(MANIFEST).fields(WORDS).body("accept", ACCEPT).build()
}

/// It traps, whatever comes.
pub(crate) fn broken() -> Vec<u8> {
    Guest::of("crm-adapter").manifest(MANIFEST).body("accept", "unreachable").build()
}

/// It exports no `webhooks`.
pub(crate) fn deaf() -> Vec<u8> {
    Guest::of("crm-adapter-base").build()
}
