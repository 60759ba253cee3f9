//! The commands' way to the running host: its admin API, by the address and the token that its own directory names.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::Args;
use patchbay_types::Problem;
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::Directory;
use crate::{
    config::Loaded,
    data_dir::ADMIN_TOKEN,
    failure::{Failure, refused},
};

/// A running host does not need longer, unless it compiles for a rollback.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer that is read.
const ANSWER: usize = 256 << 20;

/// Which running host a command talks to.
#[derive(Debug, Clone, Args)]
pub(super) struct Host {
    #[command(flatten)]
    directory: Directory,
    /// The admin API's address; else the one that `patchbay.toml` says.
    #[arg(long, global = true, value_name = "URL", env = "PATCHBAY_URL")]
    url: Option<Url>,
    /// The file with the admin token; else `admin.token` in the data directory.
    #[arg(long, global = true, value_name = "FILE", env = "PATCHBAY_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// The admin API of one host.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    token: String,
    runtime: tokio::runtime::Runtime,
}

/// A request on its way.
pub(super) struct Call<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    header: Option<(&'static str, String)>,
    body: Option<serde_json::Value>,
}

// === impl Host ===

impl Host {
    /// The host's admin API; nothing is sent yet.
    ///
    /// # Errors
    /// When neither the command line nor `patchbay.toml` say where it is, or its token cannot be read.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let (base, token_file) = self.locate()?;
        let token = std::fs::read_to_string(&token_file).with_context(|| {
            format!(
                "cannot read the admin token {}; the host makes it at its first start, and `--token-file` names another",
                token_file.display()
            )
        })?;
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            // The token is for the host alone: no proxy of the environment may see it.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Client { http, base, token: token.trim().to_owned(), runtime })
    }

    fn locate(&self) -> anyhow::Result<(Url, PathBuf)> {
        if let (Some(url), Some(file)) = (&self.url, &self.token_file) {
            return Ok((url.clone(), file.clone()));
        }
        let loaded = Loaded::read(&self.directory.config)?;
        let url = match &self.url {
            Some(url) => url.clone(),
            None => {
                let mut at = loaded.host.listen.admin;
                if at.ip().is_unspecified() {
                    at.set_ip(if at.is_ipv4() {
                        [127, 0, 0, 1].into()
                    } else {
                        [0, 0, 0, 0, 0, 0, 0, 1].into()
                    });
                }
                Url::parse(&format!("http://{at}"))?
            }
        };
        let file = self.token_file.clone().unwrap_or_else(|| loaded.data().join(ADMIN_TOKEN));
        Ok((url, file))
    }
}

// === impl Client ===

impl Client {
    /// `GET` of a path, each of whose parts is escaped.
    pub(super) fn get(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// `POST` to a path, each of whose parts is escaped.
    pub(super) fn post(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::POST, path)
    }

    fn call(&self, method: Method, path: &[&str]) -> Call<'_> {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(["admin", "v1"]).extend(path);
        }
        Call { client: self, method, url, header: None, body: None }
    }
}

// === impl Call ===

impl Call<'_> {
    /// With this query parameter, where there is a value for it.
    pub(super) fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        self
    }

    /// With this JSON body.
    pub(super) fn json(mut self, body: serde_json::Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With this header.
    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.header = Some((name, value));
        self
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// When no host answers, it refuses, or its answer is not what this release understands.
    pub(super) fn send<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let base = &self.client.base;
        let (status, body) = self.client.runtime.block_on(exchange(self.request())).map_err(|error| {
            let cause = anyhow::Error::from(error.without_url());
            Failure::Unreachable(format!(
                "no host answers at {base} ({}); is `patchbay serve` running with this directory?",
                cause.root_cause()
            ))
        })?;
        if status.is_success() {
            let answer = serde_json::from_slice(&body);
            return Ok(
                answer.with_context(|| format!("{base} answered what this release does not understand"))?
            );
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(refused(&problem)),
            Err(_) => Err(Failure::Failed(anyhow!("{base} answered {status}: this is no Patchbay host"))),
        }
    }

    fn request(&self) -> RequestBuilder {
        let client = self.client;
        let mut request =
            client.http.request(self.method.clone(), self.url.clone()).bearer_auth(&client.token);
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        request
    }
}

async fn exchange(request: RequestBuilder) -> reqwest::Result<(StatusCode, Vec<u8>)> {
    let mut response = request.send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), body))
}
