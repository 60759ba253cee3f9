//! What the generator makes of the contract.

wit_bindgen::generate!({
    path: "../../../wit",
    inline: r#"
        package patchbay:cost;
        world bare {
            include patchbay:plugin/crm-adapter-base@0.1.0;
            export patchbay:plugin/webhooks@0.1.0;
        }
    "#,
    world: "patchbay:cost/bare",
    generate_all,
    pub_export_macro: true,
});
