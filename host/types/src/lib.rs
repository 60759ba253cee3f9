//! Words that every crate of the host shares: identifiers, digests, time, problems and a tenant's configuration.
//! Nothing here reads a file, a clock or a socket.

pub mod clock;
pub mod config;
pub mod digest;
pub mod egress;
pub mod failure;
pub mod ids;
pub mod media;
pub mod problem;
pub mod tenant;
pub mod units;

pub use clock::{Clock, Millis, MockClock, SystemClock};
pub use digest::Digest;
pub use ids::{AdapterName, ConversationId, EventId, RegistrationId, RoomId, TenantId, TicketId, UserId};
pub use problem::Problem;
pub use tenant::TenantConfig;
