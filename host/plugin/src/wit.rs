//! The contract as Rust types, generated from `wit/`. One world with everything in it is bound here; a component
//! exports what its own world says, and each exported interface is looked up by name.
#![expect(missing_docs, reason = "generated; the contract itself is the documentation")]

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: r#"
        package patchbay:host;
        world everything {
            import patchbay:plugin/desk@0.1.0;
            import patchbay:plugin/http@0.1.0;
            import patchbay:plugin/secrets@0.1.0;
            import patchbay:plugin/store@0.1.0;
            import patchbay:plugin/clock@0.1.0;
            import patchbay:plugin/log@0.1.0;
            import patchbay:plugin/settings@0.1.0;
            export patchbay:plugin/plugin@0.1.0;
            export patchbay:plugin/mapping@0.1.0;
            export patchbay:plugin/routing@0.1.0;
            export patchbay:plugin/adapter@0.1.0;
            export patchbay:plugin/webhooks@0.1.0;
            export patchbay:plugin/polling@0.1.0;
        }
    "#,
    world: "patchbay:host/everything",
    imports: {
        "patchbay:plugin/http@0.1.0.send": async | trappable,
        "patchbay:plugin/http@0.1.0.forget": async | trappable,
        "patchbay:plugin/store@0.1.0.get": async | trappable,
        default: trappable,
    },
    exports: {
        "patchbay:plugin/plugin@0.1.0": async,
        "patchbay:plugin/adapter@0.1.0": async,
        "patchbay:plugin/webhooks@0.1.0": async,
        "patchbay:plugin/polling@0.1.0": async,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});
