//! What is said once only, such as that an encrypted room cannot be read.

use patchbay_types::Millis;

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What was said, as a word.
    pub kind: String,
    /// To whom or where.
    pub key: String,
    /// When.
    pub at: Millis,
}
