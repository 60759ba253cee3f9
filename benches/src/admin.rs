//! The host as its operator sees it: readiness, metrics, the desk's lines, replies, what is parked.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::journal::DeskLine;

/// Lines asked for at once.
const PAGE: usize = 10_000;
/// What waits for so long waits for something that will not come.
const SETTLING: Duration = Duration::from_secs(60);
/// How often we look.
const GLANCE: Duration = Duration::from_millis(5);

/// The admin API of one host.
#[derive(Clone)]
pub struct Admin {
    client: Client,
    base: String,
    token: String,
}

// === impl Admin ===

impl Admin {
    /// With the token from the host's data directory.
    ///
    /// # Errors
    /// When there is no token.
    pub fn new(address: SocketAddr, data: &Path) -> anyhow::Result<Self> {
        let path = data.join("admin.token");
        let token = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self { client: client()?, base: format!("http://{address}"), token: token.trim().to_owned() })
    }

    /// A tenant's desk lines behind `after`, in commit order.
    ///
    /// # Errors
    /// When the host does not answer, or something else than lines.
    pub async fn lines(&self, tenant: &str, after: u64) -> anyhow::Result<Vec<DeskLine>> {
        let (mut after, mut lines) = (after, Vec::new());
        loop {
            let path = format!("/admin/v1/desk/lines?tenant={tenant}&after={after}&limit={PAGE}");
            let text = self.text(&path).await?;
            let page = text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
            let page: Vec<DeskLine> = page.collect::<Result<_, _>>().context("a desk line")?;
            let Some(last) = page.last() else { return Ok(lines) };
            after = last.id;
            lines.extend(page);
        }
    }

    /// A metric's values by its labels, as Prometheus' text format has them; empty if there is no such metric.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn metric(&self, name: &str) -> anyhow::Result<Vec<(String, f64)>> {
        let text = self.text("/metrics").await?;
        Ok(text.lines().filter_map(|line| sample(line, name)).collect())
    }

    /// Waits until no event, no delivery and no Matrix action waits any more.
    ///
    /// # Errors
    /// When the host does not answer, or something waits for longer than a minute.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let status = self.json("/admin/v1/status").await?;
            let waits =
                |kind: &str| status.get(kind).and_then(Value::as_array).is_none_or(|rows| !rows.is_empty());
            let events = status.pointer("/events/count").and_then(Value::as_u64);
            if events == Some(0) && !waits("deliveries") && !waits("actions") {
                return Ok(());
            }
            ensure!(begun.elapsed() < SETTLING, "events, deliveries or actions still wait: {status}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Any JSON that the admin API answers.
    ///
    /// # Errors
    /// When the host does not answer with success.
    pub async fn json(&self, path: &str) -> anyhow::Result<Value> {
        serde_json::from_str(&self.text(path).await?).with_context(|| path.to_owned())
    }

    /// An agent's reply; answers whether the host accepted it.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn reply(&self, tenant: &str, ticket: &str, text: &str) -> anyhow::Result<bool> {
        let request = self.client.post(format!("{}/admin/v1/tickets/{tenant}/{ticket}/reply", self.base));
        let response = self.send(request.json(&json!({ "text": text }))).await?;
        Ok(response.status().is_success())
    }

    async fn text(&self, path: &str) -> anyhow::Result<String> {
        let response = self.send(self.client.get(format!("{}{path}", self.base))).await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "GET {path} answered {status}: {text}");
        Ok(text)
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<reqwest::Response> {
        Ok(request.bearer_auth(&self.token).send().await?)
    }
}

/// Waits until `GET /readyz` succeeds.
///
/// # Errors
/// When it does not within `patience`.
pub async fn ready(address: SocketAddr, patience: Duration) -> anyhow::Result<()> {
    let (client, begun) = (client()?, Instant::now());
    while begun.elapsed() < patience {
        let answer = client.get(format!("http://{address}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
    bail!("the host at {address} was not ready within {patience:?}")
}

fn client() -> anyhow::Result<Client> {
    Ok(Client::builder().timeout(Duration::from_secs(30)).no_proxy().build()?)
}

/// `name{labels} value`, or `name value`.
fn sample(line: &str, name: &str) -> Option<(String, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let labels = series.strip_prefix(name)?;
    (labels.is_empty() || labels.starts_with('{')).then_some(())?;
    Some((labels.to_owned(), value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_belongs_to_the_metric_of_exactly_that_name() {
        assert_eq!(sample("a_total{x=\"1 2\"} 3", "a_total"), Some(("{x=\"1 2\"}".to_owned(), 3.0)));
        assert_eq!(sample("a_total 4", "a_total"), Some((String::new(), 4.0)));
        assert_eq!(sample("a_total_sum 4", "a_total"), None);
        assert_eq!(sample("# TYPE a_total counter", "a_total"), None);
    }
}
