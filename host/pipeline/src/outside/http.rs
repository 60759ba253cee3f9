//! The port behind an adapter's `http`: reads go straight out; a named step is written down before it goes, and again
//! with what was answered, before the adapter goes on.

use std::sync::Arc;

use async_trait::async_trait;
use patchbay_egress::{Failure, Files, Outlet, Request, Response};
use patchbay_plugin::{
    http::{self, Failure as Told},
    ports,
};
use patchbay_storage::{StepState, StorageError};
use patchbay_types::Clock;
use tracing::{error, info, warn};

use super::{
    convert,
    course::Course,
    journal::{self, Begun, Journal},
};
use crate::crash;

/// One attempt's way out.
pub(crate) struct Steps {
    pub(crate) outlet: Outlet,
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) course: Arc<Course>,
    /// What its requests may send on.
    pub(crate) files: Arc<dyn Files>,
}

/// The header that says why a body is empty.
const UNREAD: &str = "patchbay-unread";

#[async_trait]
impl ports::Http for Steps {
    async fn send(&mut self, mut asked: http::Request) -> Result<http::Response, Told> {
        let step = asked.step.take();
        let request = convert::request(asked);
        let answer = match step {
            Some(step) => self.step(&step, request).await?,
            None => self.heard(self.outlet.send(request, &*self.files).await),
        };
        answer.map(convert::response).map_err(convert::failure)
    }

    async fn forget(&mut self, step: String) {
        if let Err(error) = self.journal.forget(&self.course.name(step)).await {
            error!(%error, "a step is not forgotten: a later attempt takes it for finished");
        }
    }
}

// === impl Steps ===

impl Steps {
    fn heard(&self, answer: Result<Response, Failure>) -> Result<Response, Failure> {
        if answer.is_ok() {
            self.course.hears();
        }
        answer
    }

    async fn step(&mut self, step: &str, request: Request) -> Result<Result<Response, Failure>, Told> {
        if let Err(why) = journal::is_name(step) {
            return Err(Told::Denied(why));
        }
        let step = &self.course.name(step.to_owned());
        crash::point("before-begin");
        match self.journal.begin(step, &request, self.clock.now()).await {
            Ok(Begun::Send) => crash::point("after-begin"),
            Ok(Begun::Finished { response, other }) => {
                let attempt = self.journal.attempt();
                info!(
                    step,
                    attempt,
                    other_request = other,
                    "a step is finished already: it is not sent again"
                );
                return Ok(Ok(response));
            }
            Ok(Begun::Refused(why)) => return Err(Told::Denied(why)),
            Err(error) => return Err(unwritten(&error)),
        }
        let answer = self.heard(self.outlet.send_effect(request, &*self.files).await).map(told);
        crash::point("before-end");
        let (state, response) = match &answer {
            Ok(response) if (200..300).contains(&response.status) => (StepState::Finished, Some(response)),
            // The other side has answered, and not with success; or it never heard of it.
            Ok(_) | Err(Failure::Denied(_) | Failure::Unreachable(_)) => (StepState::Undone, None),
            // It stands as sent: nobody knows.
            Err(Failure::UnknownOutcome(_) | Failure::TooLarge(_)) => return Ok(answer),
        };
        let ended = self.journal.end(step, state, response).await;
        crash::point("after-end");
        match ended {
            Ok(()) => Ok(answer),
            Err(error) if state == StepState::Finished => {
                error!(%error, step, "a step was answered, and that is not written down");
                Err(Told::UnknownOutcome("the answer could not be written down".to_owned()))
            }
            // To take it for unknown is safe.
            Err(_) => Ok(answer),
        }
    }
}

/// Success is success, whatever became of the words about it: sent again, it would be there twice.
fn told(mut response: Response) -> Response {
    if let Some(why) = response.unread.take() {
        warn!(status = response.status, %why, "a step was answered with success, and its answer cannot be read");
        response.headers.push((UNREAD.to_owned(), why.to_string()));
    }
    response
}

fn unwritten(error: &StorageError) -> Told {
    error!(%error, "a step is not sent: it cannot be written down");
    Told::Unreachable("the host cannot write down that it is sent, so it was not".to_owned())
}
