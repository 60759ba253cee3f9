//! Where each function of the contract is in a component: names are looked up once, when it is loaded. Per call only
//! the one function that is called is looked at; bindgen's own handles check the types of all functions of an
//! interface, and for types as large as ours that takes longer than the call.

use wasmtime::{
    Result,
    component::{Component, ComponentExportIndex},
    error::Context as _,
};

/// None: the component does not export the interface.
type Function = Option<ComponentExportIndex>;

/// The functions that the host calls.
pub(super) struct Functions {
    pub(super) prepare: ComponentExportIndex,
    pub(super) from_matrix: Function,
    pub(super) to_matrix: Function,
    pub(super) plan_room: Function,
    pub(super) decide: Function,
    pub(super) contact: Function,
    pub(super) open: Function,
    pub(super) append: Function,
    pub(super) update: Function,
    pub(super) notify: Function,
    pub(super) fetch: Function,
    pub(super) probe: Function,
    pub(super) accept: Function,
    pub(super) receive: Function,
    pub(super) poll: Function,
}

// === impl Functions ===

impl Functions {
    /// # Errors
    /// When the component has no `prepare`, or an interface without one of its functions.
    pub(super) fn find(component: &Component) -> Result<Self> {
        let find = |interface: &str, function: &str| {
            let interface = format!("patchbay:plugin/{interface}@{}", patchbay_package::CONTRACT);
            let Some(instance) = component.get_export_index(None, &interface) else { return Ok(None) };
            let index = component.get_export_index(Some(&instance), function);
            index.map(Some).with_context(|| format!("`{interface}` has no function `{function}`"))
        };
        Ok(Self {
            prepare: find("plugin", "prepare")?.context("it does not export `plugin`")?,
            from_matrix: find("mapping", "from-matrix")?,
            to_matrix: find("mapping", "to-matrix")?,
            plan_room: find("mapping", "plan-room")?,
            decide: find("routing", "decide")?,
            contact: find("adapter", "contact")?,
            open: find("adapter", "open")?,
            append: find("adapter", "append")?,
            update: find("adapter", "update")?,
            notify: find("adapter", "notify")?,
            fetch: find("adapter", "fetch")?,
            probe: find("adapter", "probe")?,
            accept: find("webhooks", "accept")?,
            receive: find("webhooks", "receive")?,
            poll: find("polling", "poll")?,
        })
    }
}
