//! The contract as Rust types, generated from `wit/` in pieces: what every plugin imports and exports, and beside it
//! each interface that only some export. A component's world is the sum of the pieces that its macro exports, so a
//! person is the same type wherever it stands. What a plugin does not call is not imported.

/// The world `base`, and all that an adapter may import.
pub mod base {
    wit_bindgen::generate!({
        path: "../wit",
        inline: r#"
            package patchbay:sdk;
            world base {
                import patchbay:plugin/log@0.1.0;
                import patchbay:plugin/settings@0.1.0;
                import patchbay:plugin/clock@0.1.0;
                import patchbay:plugin/http@0.1.0;
                import patchbay:plugin/secrets@0.1.0;
                import patchbay:plugin/store@0.1.0;
                import patchbay:plugin/desk@0.1.0;
                export patchbay:plugin/plugin@0.1.0;
            }
        "#,
        world: "patchbay:sdk/base",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}

/// What a mapper exports.
pub mod mapper {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package patchbay:sdk; world mapper { export patchbay:plugin/mapping@0.1.0; }",
        world: "patchbay:sdk/mapper",
        with: { "patchbay:plugin/types@0.1.0": super::base::patchbay::plugin::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}

/// What a router exports.
pub mod router {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package patchbay:sdk; world router { export patchbay:plugin/routing@0.1.0; }",
        world: "patchbay:sdk/router",
        with: { "patchbay:plugin/types@0.1.0": super::base::patchbay::plugin::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}

/// What an adapter exports that has webhooks and polling too. Adapters with less are made of its parts.
pub mod adapter {
    wit_bindgen::generate!({
        path: "../wit",
        inline: r#"
            package patchbay:sdk;
            world adapter {
                export patchbay:plugin/adapter@0.1.0;
                export patchbay:plugin/webhooks@0.1.0;
                export patchbay:plugin/polling@0.1.0;
            }
        "#,
        world: "patchbay:sdk/adapter",
        with: { "patchbay:plugin/types@0.1.0": super::base::patchbay::plugin::types },
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
}

/// The worlds of adapters that export less than [`adapter`] does, as the section from which a component is made. The
/// build script writes them: bindings for each world would make each type several times.
#[cfg(target_arch = "wasm32")]
pub mod worlds {
    /// Neither webhooks nor polling.
    pub const BASE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter-base.wit"));
    /// Webhooks alone.
    pub const WEBHOOKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter-webhooks.wit"));
    /// Polling alone.
    pub const POLLING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter-polling.wit"));
}
