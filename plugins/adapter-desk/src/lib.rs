//! adapter-desk.
