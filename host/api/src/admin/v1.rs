//! Version 1 of the admin API: a file for each endpoint, named as its path.

use axum::{
    Router,
    routing::{get, post},
};

use super::AdminState;

pub mod connections;
pub mod desk;
pub mod events;
pub mod hooks;
pub mod parked;
pub mod plugins;
pub mod polls;
pub mod rooms;
pub mod status;
pub mod tickets;

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/status", get(status::handler))
        .route("/plugins", get(plugins::list::handler))
        .route("/plugins/{tenant}/rollback", post(plugins::rollback::handler))
        .route("/events/{id}/why", get(events::why::handler))
        .route("/events/{id}/export", get(events::export::handler))
        .route("/parked", get(parked::list::handler))
        .route("/parked/{id}", get(parked::show::handler))
        .route("/parked/{id}/export", get(parked::export::handler))
        .route("/parked/{id}/replay", post(parked::replay::handler))
        .route("/parked/{id}/discard", post(parked::discard::handler))
        .route("/tickets", get(tickets::list::handler))
        .route("/tickets/{tenant}/{id}", get(tickets::show::handler))
        .route("/tickets/{tenant}/{id}/reply", post(tickets::reply::handler))
        .route("/tickets/{tenant}/{id}/status", post(tickets::status::handler))
        .route("/desk/lines", get(desk::lines::handler))
        .route("/connections", get(connections::list::handler))
        .route("/connections/{tenant}/{adapter}/probe", post(connections::probe::handler))
        .route("/hooks", get(hooks::list::handler))
        .route("/polls", get(polls::list::handler))
        .route("/rooms", get(rooms::list::handler))
}
