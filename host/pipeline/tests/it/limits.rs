//! How much a component may do outside in one delivery, and how badly a server may answer it: what the component is told,
//! how the delivery ends, and that nobody else feels it.

mod answers;
mod floods;
mod hanging;
mod many;
mod steps;

use crate::played::Server;

/// The bodies of all requests to this server, in order.
fn bodies(server: &Server) -> Vec<String> {
    server.requests().iter().map(|said| said.split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
}
