//! Words on their way: from Matrix to Odoo, and back.

pub(crate) mod html;
pub(crate) mod inward;
pub(crate) mod outward;
