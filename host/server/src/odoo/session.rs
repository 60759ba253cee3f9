//! Logged in at an Odoo: by JSON-2 where the secret is an API key and Odoo has it (19 and later), else by JSON-RPC, where a
//! password does as well. A refused login costs Odoo half a second, so each way is tried once.

use std::fmt;

use reqwest::{Method, StatusCode, Url, header::HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    trouble::{Trouble, short},
    version,
    wire::{Answer, Wire},
};

/// What is needed to get in. It shows its secret to nobody.
#[derive(Clone)]
pub(crate) struct Access {
    /// What stands before `/web` or `/odoo` in the browser.
    pub(crate) url: Url,
    /// The database's name.
    pub(crate) database: String,
    /// The user's login.
    pub(crate) login: String,
    /// Its password or API key.
    pub(crate) secret: String,
}

/// How it is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    /// `POST /json/2/<model>/<method>` with an API key; 19 and later.
    #[value(name = "json-2")]
    #[serde(rename = "json-2")]
    Json2,
    /// `POST /jsonrpc` with a password or an API key; up to 21.
    #[value(name = "json-rpc")]
    JsonRpc,
}

/// A login that was answered.
pub(super) struct Session {
    wire: Wire,
    access: Access,
    /// How it is talked to.
    pub(super) transport: Transport,
    /// Odoo's major version.
    pub(super) version: u32,
    /// The user's identifier.
    pub(super) uid: i64,
}

/// One method of one model. JSON-RPC wants the first arguments by place, JSON-2 wants all by name.
pub(super) struct Call<'a> {
    /// Such as `res.partner`.
    pub(super) model: &'a str,
    /// Such as `search_read`.
    pub(super) method: &'a str,
    /// The records that it is called on; none for a method of the model.
    pub(super) ids: Option<Vec<i64>>,
    /// The arguments that have a place, with their names.
    pub(super) placed: Vec<(&'static str, Value)>,
    /// The others.
    pub(super) named: Map<String, Value>,
}

// === impl Access ===

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({} in {})", self.login, self.database)
    }
}

// === impl Session ===

impl Session {
    /// Logs in, by `only` where it says how.
    ///
    /// # Errors
    /// When nothing or no Odoo answers, or the database, the login or the secret is wrong.
    pub(super) async fn open(access: Access, only: Option<Transport>) -> Result<Self, Trouble> {
        let unusable = |error: reqwest::Error| Trouble::Unreachable {
            url: access.url.to_string(),
            cause: error.without_url().to_string(),
        };
        let wire = Wire::new(&access.url).map_err(unusable)?;
        let version = version::of(&wire).await?;
        if only != Some(Transport::JsonRpc) && version >= version::JSON_2 {
            match by_key(&wire, &access).await {
                Ok(uid) => return Ok(Self { wire, access, transport: Transport::Json2, version, uid }),
                // A password is no key: JSON-RPC takes it.
                Err(Trouble::Login { .. }) if only.is_none() => {}
                Err(trouble) => return Err(trouble),
            }
        }
        if only == Some(Transport::Json2) {
            let what = format!("version {version}, and JSON-2 came with {}", version::JSON_2);
            return Err(Trouble::NoOdoo { url: wire.at(), what });
        }
        let uid = by_password(&wire, &access).await?;
        Ok(Self { wire, access, transport: Transport::JsonRpc, version, uid })
    }

    /// Who is logged in.
    pub(super) fn login(&self) -> &str {
        &self.access.login
    }

    /// The same Odoo, for somebody else.
    pub(super) fn access_of(&self, login: &str, secret: &str) -> Access {
        Access { login: login.to_owned(), secret: secret.to_owned(), ..self.access.clone() }
    }

    /// Calls a method; a method that returns nothing is answered with `null`.
    ///
    /// # Errors
    /// When Odoo refuses, or nothing answers: what it did is then not known, and looking again tells.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Value, Trouble> {
        let name = format!("{}.{}", call.model, call.method);
        match self.transport {
            Transport::Json2 => {
                let mut body = call.named;
                body.extend(call.placed.into_iter().map(|(name, value)| (name.to_owned(), value)));
                if let Some(ids) = call.ids {
                    body.insert("ids".to_owned(), json!(ids));
                }
                let path = ["json", "2", call.model, call.method];
                let answer = self.wire.send(json_2(&self.wire, &self.access, &path, &body.into())).await?;
                if answer.status.is_success() {
                    return Ok(answer.json.unwrap_or_default());
                }
                Err(self.refusal(&name, answer.status, answer.json.as_ref()))
            }
            Transport::JsonRpc => {
                let placed = call.placed.into_iter().map(|(_, value)| value);
                let args: Vec<_> = call.ids.map(|ids| json!(ids)).into_iter().chain(placed).collect();
                let whole = json!([
                    self.access.database,
                    self.uid,
                    self.access.secret,
                    call.model,
                    call.method,
                    args,
                    call.named
                ]);
                let answer = rpc(&self.wire, "object", "execute_kw", whole).await?;
                match answer.json {
                    Some(Value::Object(mut envelope)) => match envelope.get("error") {
                        None => Ok(envelope.remove("result").unwrap_or_default()),
                        Some(error) => Err(self.refusal(&name, answer.status, error.get("data"))),
                    },
                    _ => Err(self.refusal(&name, answer.status, None)),
                }
            }
        }
    }

    /// By the exception's name: texts are translated.
    fn refusal(&self, call: &str, status: StatusCode, data: Option<&Value>) -> Trouble {
        let text =
            |key: &str| data.and_then(|data| data.get(key)).and_then(Value::as_str).unwrap_or_default();
        let (call, said) = (call.to_owned(), short(text("message"), 400));
        let login = self.access.login.clone();
        match text("name") {
            "odoo.exceptions.AccessDenied" | "werkzeug.exceptions.Unauthorized" => {
                Trouble::Login { login, database: self.access.database.clone() }
            }
            "odoo.exceptions.AccessError" => Trouble::Forbidden { login, call, said },
            "odoo.exceptions.ValidationError"
            | "odoo.exceptions.UserError"
            | "odoo.exceptions.MissingError" => Trouble::Refused { call, said },
            "" => Trouble::Odd { call, what: format!("{status}, and no JSON that says why") },
            name => Trouble::Odd { call, what: format!("{name}: {said}") },
        }
    }
}

/// JSON-2 knows its user by the key alone.
async fn by_key(wire: &Wire, access: &Access) -> Result<i64, Trouble> {
    let path = ["json", "2", "res.users", "context_get"];
    // What cannot stand in a header is no key.
    if HeaderValue::from_str(&access.secret).is_err() {
        return Err(wrong_login(access));
    }
    let answer = wire.send(json_2(wire, access, &path, &json!({}))).await?;
    let uid = answer.json.as_ref().and_then(|json| json.get("uid")).and_then(Value::as_i64);
    match (answer.status, uid) {
        (status, Some(uid)) if status.is_success() => Ok(uid),
        (StatusCode::UNAUTHORIZED, _) => Err(wrong_login(access)),
        (StatusCode::NOT_FOUND, _) if answer.json.is_none() => Err(wrong_database(wire, access)),
        (status, _) => Err(Trouble::NoOdoo { url: wire.at(), what: format!("it answers {status}") }),
    }
}

async fn by_password(wire: &Wire, access: &Access) -> Result<i64, Trouble> {
    let args = json!([access.database, access.login, access.secret, {}]);
    let answer = rpc(wire, "common", "authenticate", args).await?;
    let Some(json) = answer.json else {
        return Err(match answer.status {
            StatusCode::NOT_FOUND => wrong_database(wire, access),
            status => Trouble::NoOdoo { url: wire.at(), what: format!("it answers {status}") },
        });
    };
    let name = json.pointer("/error/data/name").and_then(Value::as_str);
    match (json.get("result"), name) {
        (Some(uid), _) => uid.as_i64().ok_or_else(|| wrong_login(access)),
        (None, Some("odoo.exceptions.AccessDenied")) => Err(wrong_login(access)),
        // The driver's own error, whose words name the database server: they are for nobody.
        (None, Some(name)) if name.starts_with("psycopg2.") => Err(wrong_database(wire, access)),
        (None, name) => {
            let what = format!("{} at the login", name.unwrap_or("an error without a name"));
            Err(Trouble::NoOdoo { url: wire.at(), what })
        }
    }
}

fn wrong_login(access: &Access) -> Trouble {
    Trouble::Login { login: access.login.clone(), database: access.database.clone() }
}

fn wrong_database(wire: &Wire, access: &Access) -> Trouble {
    Trouble::Database { database: access.database.clone(), url: wire.at() }
}

fn json_2(wire: &Wire, access: &Access, path: &[&str], body: &Value) -> reqwest::RequestBuilder {
    let request = wire.request(Method::POST, path).bearer_auth(&access.secret);
    request.header("X-Odoo-Database", &access.database).json(body)
}

async fn rpc(wire: &Wire, service: &str, method: &str, args: Value) -> Result<Answer, Trouble> {
    let params = json!({ "service": service, "method": method, "args": args });
    let body = json!({ "jsonrpc": "2.0", "method": "call", "id": 1, "params": params });
    wire.send(wire.request(Method::POST, &["jsonrpc"]).json(&body)).await
}
