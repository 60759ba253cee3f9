//! A person with a Matrix client: what she does goes over Synapse's client-server API, as any client's would.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{homeserver::SERVER_NAME, wait::PATIENCE};

/// A user who is logged in.
pub(crate) struct User {
    /// Her Matrix user ID.
    pub(crate) id: String,
    homeserver: String,
    token: String,
    http: Client,
}

// === impl User ===

impl User {
    /// Registers a new account.
    pub(crate) async fn register(homeserver: &str, name: &str, display_name: &str) -> Self {
        let mut user = Self {
            id: format!("@{name}:{SERVER_NAME}"),
            homeserver: homeserver.to_owned(),
            token: String::new(),
            http: Client::builder().timeout(PATIENCE).build().unwrap(),
        };
        let account = json!({ "username": name, "password": "only for this test", "auth": { "type": "m.login.dummy" } });
        let answer = user.call(Method::POST, "v3/register", &[], Some(&account)).await;
        user.token = text(&answer, "/access_token");
        let path = format!("v3/profile/{}/displayname", user.id);
        user.call(Method::PUT, &path, &[], Some(&json!({ "displayname": display_name }))).await;
        user
    }

    /// Makes a room with this name and further initial state, invites `bot`, and answers the room's ID.
    pub(crate) async fn room_with(&self, bot: &str, name: &str, state: Value) -> String {
        let room = json!({ "name": name, "preset": "private_chat", "invite": [bot], "initial_state": state });
        text(&self.call(Method::POST, "v3/createRoom", &[], Some(&room)).await, "/room_id")
    }

    /// Sends an event; the transaction ID has to be new. Answers the event's ID.
    pub(crate) async fn send(&self, room: &str, kind: &str, transaction: &str, content: &Value) -> String {
        let path = format!("v3/rooms/{room}/send/{kind}/{transaction}");
        text(&self.call(Method::PUT, &path, &[], Some(content)).await, "/event_id")
    }

    /// Says something. What is said must differ each time: it is the transaction ID too.
    pub(crate) async fn say(&self, room: &str, words: &str) -> String {
        let transaction: String =
            words.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.send(room, "m.room.message", &transaction, &json!({ "msgtype": "m.text", "body": words })).await
    }

    /// Takes an event back.
    pub(crate) async fn redact(&self, room: &str, event: &str) {
        let path = format!("v3/rooms/{room}/redact/{event}/redact-{}", &event[1..]);
        self.call(Method::PUT, &path, &[], Some(&json!({}))).await;
    }

    /// Uploads a file and answers its `mxc://` URI.
    pub(crate) async fn upload(&self, name: &str, mime_type: &str, bytes: &'static [u8]) -> String {
        let url = format!("{}/_matrix/media/v3/upload?filename={name}", self.homeserver);
        let request = self.http.post(url).bearer_auth(&self.token);
        let answer = request.header("Content-Type", mime_type).body(bytes).send().await.unwrap();
        text(&answer.json().await.unwrap(), "/content_uri")
    }

    /// Everything that is in the room, oldest first.
    pub(crate) async fn history(&self, room: &str) -> Vec<Value> {
        let query = [("dir", "f"), ("limit", "1000")];
        let answer = self.call(Method::GET, &format!("v3/rooms/{room}/messages"), &query, None).await;
        answer["chunk"].as_array().cloned().unwrap_or_default()
    }

    /// Waits, as a client does, until the room holds an event that fits, and answers it.
    pub(crate) async fn see(&self, room: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut since = String::new();
        loop {
            let mut query = vec![("timeout", "5000"), ("set_presence", "offline")];
            if !since.is_empty() {
                query.push(("since", since.as_str()));
            }
            let news = self.call(Method::GET, "v3/sync", &query, None).await;
            // What a limited timeline leaves out is in the history.
            if let Some(event) = self.history(room).await.into_iter().find(&fits) {
                return event;
            }
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
            since = text(&news, "/next_batch");
        }
    }

    async fn call(&self, method: Method, path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Value {
        let mut url = reqwest::Url::parse(&self.homeserver).unwrap();
        url.path_segments_mut().unwrap().extend(["_matrix", "client"]).extend(path.split('/'));
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.http.request(method, url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body = answer.json::<Value>().await.unwrap_or_default();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }
}

fn text(answer: &Value, at: &str) -> String {
    answer.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("no {at} in {answer}")).to_owned()
}
