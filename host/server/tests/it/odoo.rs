//! `patchbay odoo setup` and `odoo check` as an administrator meets them, against an Odoo that answers as the real ones
//! do.

mod again;
mod first;
mod refused;
mod scene;
