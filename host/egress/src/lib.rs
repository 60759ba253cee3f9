//! The way out: what an adapter may reach, checked, bounded and filled with secrets by the host.
//!
//! [`Egress`] is the process's; [`Egress::outlet`] is the way out of one adapter of one tenant under one generation.
//! What leaves by [`Outlet::send`] was granted (origin, path, method, address), holds a secret only where that secret
//! may go, and comes back without it. What failed says whether it can have been carried out: see [`Failure`].
//!
//! Nothing here knows components, SQL or Matrix. Requests name their secrets and are safe to keep; values are filled in
//! on the way out and live no longer than the request.

mod address;
mod answer;
mod body;
mod egress;
mod filed;
mod files;
mod headers;
mod mask;
mod meters;
mod outlet;
mod pools;
mod redirect;
mod request;
mod resolve;
mod secrets;
mod sent;
mod take;
mod target;
mod text;
mod tls;

pub use address::is_public;
pub use egress::{Egress, EgressError};
pub use files::{Files, Keeping, NoFiles, Opened};
pub use outlet::Outlet;
pub use request::{Chunk, Destination, Failure, Field, Method, Piece, Request, Response, Take};
pub use resolve::{Resolver, SystemResolver};
pub use secrets::{Algorithm, Secrets};
