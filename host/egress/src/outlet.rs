//! One adapter's way out, and the way of a request: put together, checked, sent, followed, read, and searched for what
//! must not come back.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use patchbay_types::{AdapterName, TenantId, egress::HttpGrant};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use crate::{
    answer::{self, Broken, reason},
    body::{self, Parcel},
    egress::Shared,
    filed,
    files::Files,
    headers::{self, Filled},
    meters,
    pools::Key,
    redirect,
    request::{Failure, Method, Request, Response},
    resolve::NoneAllowed,
    secrets::Secrets,
    sent::Sent,
    take, target,
};

/// Cheap to clone; see [`crate::Egress::outlet`].
#[derive(Clone)]
pub struct Outlet(Arc<Way>);

struct Way {
    shared: Arc<Shared>,
    tenant: TenantId,
    adapter: AdapterName,
    grants: Box<[HttpGrant]>,
    secrets: Secrets,
    gate: Arc<Semaphore>,
}

// === impl Outlet ===

impl Outlet {
    pub(crate) fn new(
        shared: Arc<Shared>,
        tenant: TenantId,
        adapter: AdapterName,
        grants: Box<[HttpGrant]>,
        secrets: Secrets,
        gate: Arc<Semaphore>,
    ) -> Self {
        Self(Arc::new(Way { shared, tenant, adapter, grants, secrets, gate }))
    }

    /// Sends one request and answers what came back, of whatever status. Ends within the time that was asked for and
    /// is configured; waiting for a place among the requests under way counts.
    ///
    /// # Errors
    /// In the contract's words: see [`Failure`].
    pub async fn send(&self, request: Request, files: &dyn Files) -> Result<Response, Failure> {
        self.exchange(request, files).await.0
    }

    /// The same for a request with an effect: where the answer says success and then cannot be read, it is an answer all
    /// the same, since the effect is there.
    ///
    /// # Errors
    /// In the contract's words: see [`Failure`].
    pub async fn send_effect(&self, request: Request, files: &dyn Files) -> Result<Response, Failure> {
        match self.exchange(request, files).await {
            (Err(why @ (Failure::UnknownOutcome(_) | Failure::TooLarge(_))), Some(head)) => {
                Ok(Response { unread: Some(why), ..head })
            }
            (answer, _) => answer,
        }
    }

    /// Answers also the head of an answer that says success, once there was one.
    async fn exchange(
        &self,
        request: Request,
        files: &dyn Files,
    ) -> (Result<Response, Failure>, Option<Response>) {
        let (began, sent, method) = (Instant::now(), Sent::default(), request.method);
        let most = self.0.shared.config.timeout.0;
        let limit = request.timeout.map_or(most, |asked| asked.min(most));
        let (mut origin, mut head) = (None, None);
        let carry = self.0.carry(request, files, &sent, &mut origin, &mut head);
        let carried = timeout(limit, Box::pin(carry)).await;
        let answer = carried.unwrap_or_else(|_| Err(sent.failure(format!("it took longer than {limit:?}"))));
        let answer = answer.map_err(|failure| self.0.secrets.mask().hide_in(failure));
        self.0.record(method, origin.as_deref(), &answer, began.elapsed());
        (answer, head)
    }

    /// The secrets that it may use.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }
}

// === impl Way ===

impl Way {
    async fn carry(
        &self,
        request: Request,
        files: &dyn Files,
        sent: &Sent,
        origin: &mut Option<String>,
        success: &mut Option<Response>,
    ) -> Result<Response, Failure> {
        let config = &self.shared.config;
        take::allowed(&request.take, files)?;
        let url = target::build(&request.url, &self.secrets)?;
        *origin = Some(url.origin().ascii_serialization());
        target::check(&url, request.method, &self.grants)?;
        let fields = headers::fill(&request.headers, &self.secrets, &url)?;
        let body = body::pack(request.body, &self.secrets, &url, files, config.request.0).await?;
        let full = |_| sent.failure("too many requests are under way".to_owned());
        let _permit = self.gate.acquire().await.map_err(full)?;
        let answer = self.follow(request.method, url, fields, body, sent).await?;
        let mut mask = self.secrets.mask();
        let broken = |broken| match broken {
            Broken::TooLarge(bound) => Failure::TooLarge(bound),
            Broken::Cut(why) => sent.failure(why),
        };
        let mut response = answer::head(&answer);
        let (mut filed, mut takes) = (Vec::new(), request.take);
        if (200..300).contains(&response.status) {
            (filed, takes) = takes.into_iter().partition(filed::is_file);
            let mut head = response.clone();
            mask.hide(&mut head);
            *success = Some(head);
        }
        let body = if filed.is_empty() {
            answer::body(answer, config.response.0, !mask.is_empty()).await
        } else {
            Box::pin(filed::body(answer, &filed, files, config.response.0)).await
        };
        response.body = body.map_err(broken)?;
        take::from(&mut response, &takes, files, &mut mask).await.map_err(|why| sent.failure(why))?;
        mask.hide(&mut response);
        Ok(response)
    }

    /// Sends, and goes where a safe request without a body is sent on to: each place is checked as the first one was.
    async fn follow(
        &self,
        method: Method,
        mut url: Url,
        mut fields: Vec<Filled>,
        body: Parcel,
        sent: &Sent,
    ) -> Result<reqwest::Response, Failure> {
        let follows = method.is_safe() && body.length == 0;
        let mut body = Some(body);
        for _ in 0..=redirect::MOST {
            let parcel = body.take().unwrap_or_else(Parcel::empty);
            let answer = self.once(method, &url, &fields, parcel, sent).await?;
            let next = if follows { redirect::next(answer.status(), answer.headers(), &url)? } else { None };
            let Some(next) = next else { return Ok(answer) };
            if next.origin() != url.origin() {
                if self.secrets.mask_of_what_may_not_go_to(&next).finds(next.as_str()) {
                    let origin = next.origin().ascii_serialization();
                    return Err(Failure::Denied(format!("a redirect would show a secret to {origin}")));
                }
                fields.retain(|field| field.may_go_to(&next, &self.secrets));
            }
            url = next;
        }
        Err(Failure::Denied(format!("it was redirected more than {} times", redirect::MOST)))
    }

    async fn once(
        &self,
        method: Method,
        url: &Url,
        fields: &[Filled],
        body: Parcel,
        sent: &Sent,
    ) -> Result<reqwest::Response, Failure> {
        let addresses = target::check(url, method, &self.grants)?;
        let origin = url.origin().ascii_serialization();
        let (tenant, adapter) = (self.tenant.clone(), self.adapter.clone());
        let key = Key { tenant, adapter, origin, addresses };
        let client = self.shared.pools.client(key).map_err(|why| sent.failure(why))?;
        let mut request = reqwest::Request::new(method.into(), url.clone());
        for field in fields {
            request.headers_mut().append(field.name.clone(), field.value.clone());
        }
        *request.body_mut() = Some(reqwest::Body::wrap(body.leave(sent)));
        client.execute(request).await.map_err(|error| failed(error, url, sent))
    }

    /// Never a path or a query: those are a customer's business.
    fn record(
        &self,
        method: Method,
        origin: Option<&str>,
        answer: &Result<Response, Failure>,
        took: Duration,
    ) {
        meters::record(&self.tenant, &self.adapter, answer, took);
        let (tenant, adapter) = (self.tenant.as_str(), self.adapter.as_str());
        let (method, origin, took) = (method.as_str(), origin.unwrap_or("?"), took.as_millis());
        match answer {
            Ok(response) => {
                tracing::debug!(
                    tenant,
                    adapter,
                    origin,
                    method,
                    status = response.status,
                    took,
                    "request answered"
                );
            }
            Err(failure) => {
                let outcome = failure.as_str();
                tracing::debug!(tenant, adapter, origin, method, outcome, took, "request without answer");
            }
        }
    }
}

fn failed(error: reqwest::Error, url: &Url, sent: &Sent) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        if let Some(refused) = one.downcast_ref::<NoneAllowed>() {
            return Failure::Denied(format!("{}: {refused}", url.origin().ascii_serialization()));
        }
        cause = one.source();
    }
    if error.is_builder() { Failure::Denied(reason(error)) } else { sent.failure(reason(error)) }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("tenant", &self.0.tenant)
            .field("adapter", &self.0.adapter)
            .finish_non_exhaustive()
    }
}
