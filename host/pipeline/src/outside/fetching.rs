//! The port behind an adapter's `http` while it fetches a file: it may ask, and take files; it changes nothing.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_egress::{Failure, Outlet};
use patchbay_plugin::{
    http::{self, Failure as Told},
    ports,
};

use super::convert;
use crate::media::TakenFiles;

/// The way out of one `fetch`.
pub(crate) struct Fetching {
    pub(crate) outlet: Outlet,
    pub(crate) files: Arc<TakenFiles>,
}

#[async_trait]
impl ports::Http for Fetching {
    async fn send(&mut self, asked: http::Request) -> Result<http::Response, Told> {
        if asked.step.is_some() {
            return Err(Told::Denied("`fetch` has no effects: a request of its has no step".to_owned()));
        }
        let answer = self.outlet.send(convert::request(asked), &*self.files).await;
        if let Err(Failure::TooLarge(most)) = &answer {
            self.files.is_too_large(*most);
        }
        answer.map(convert::response).map_err(convert::failure)
    }

    async fn forget(&mut self, _: String) {}
}
