//! The way out: what an adapter may reach, checked, bounded and filled with secrets by the host.
