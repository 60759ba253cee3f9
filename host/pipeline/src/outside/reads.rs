//! The port behind `http` where a call has no journal: a poll, a signal. It asks and tells, and what it does is done again
//! whenever it is called again; so it has no steps.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_egress::{NoFiles, Outlet};
use patchbay_plugin::{
    http::{self, Failure as Told},
    ports,
};

use super::{convert, course::Course};

/// One call's way out.
pub(crate) struct Reads {
    pub(crate) outlet: Outlet,
    pub(crate) course: Arc<Course>,
}

#[async_trait]
impl ports::Http for Reads {
    async fn send(&mut self, asked: http::Request) -> Result<http::Response, Told> {
        if let Some(step) = &asked.step {
            let why =
                format!("`{step}` is a step, and this call has none: nobody would know that it was done");
            return Err(Told::Denied(why));
        }
        let answer = self.outlet.send(convert::request(asked), &NoFiles).await;
        if answer.is_ok() {
            self.course.hears();
        }
        answer.map(convert::response).map_err(convert::failure)
    }

    async fn forget(&mut self, _: String) {}
}
