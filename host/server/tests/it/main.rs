//! The program as its users meet it.

mod access;
mod captures;
mod commands;
mod homeserver;
mod host;
mod manual;
mod operator;
mod plugins;
mod replies;
mod shutdown;
mod startup;
