//! A tenant whose one room talks to a CRM outside: a real host with the generic adapter, `examples/receiver` as the CRM,
//! and a played homeserver.

use std::fs;

use receiver::{Behaviour, Books, Hook, Key, Receiver};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    homeserver::{Homeserver, Said},
    host::{Directory, Host, PATIENCE},
};

pub(super) const ROOM: &str = "!a:localhost";
/// What the CRM signs with, unless a test says otherwise.
pub(super) const SECRET: &str = "whsec_aW4gdGhlIG90aGVyIGRpcmVjdGlvbg==";
/// What the host signs with.
const OURS: &str = "whsec_aW4gdGhpcyBkaXJlY3Rpb24=";

/// The host, and everybody around it.
pub(super) struct Scene {
    pub(super) host: Host,
    pub(super) dir: Directory,
    pub(super) homeserver: Homeserver,
    /// Where the CRM sends its webhooks.
    pub(super) door: String,
    /// Where agents talk to the CRM.
    pub(super) crm: String,
    pub(super) http: Client,
}

/// How a webhook was answered.
pub(super) type Answer = (u16, String);

/// A directory with this `[hooks]`, and a tenant whose file a test may write anew.
fn directory(homeserver: &str, hooks: &str) -> Directory {
    let dir = Directory::new(homeserver);
    for component in ["mapper-matrix", "router-rules", "adapter-desk", "adapter-webhook"] {
        dir.component(component);
    }
    let file = dir.path().join("patchbay.toml");
    let text = fs::read_to_string(&file).unwrap().replace("[listen]\n", "[listen]\nhooks = '127.0.0.1:0'\n");
    fs::write(file, format!("[hooks]\n{hooks}\n{text}")).unwrap();
    dir.write("ours.secret", OURS);
    dir.write("theirs.secret", SECRET);
    dir
}

/// The tenant's file; `theirs` is where the secret of the CRM's webhooks comes from.
fn tenant(crm: &str, theirs: &str) -> String {
    format!(
        "[rooms]\nlink = ['{ROOM}']\n[mapper]\ncomponent = 'mapper-matrix'\n[router]\ncomponent = 'router-rules'\n\
         settings = {{ default = [{{ adapter = 'crm' }}] }}\n[adapters.desk]\ncomponent = 'adapter-desk'\n\
         grants = {{ desk = true }}\n[adapters.crm]\ncomponent = 'adapter-webhook'\n\
         settings = {{ url = '{crm}/', secret = 'ours', inbound-secret = 'theirs' }}\n\
         grants = {{ secrets = ['ours', 'theirs'], http = [{{ url = '{crm}', addresses = ['127.0.0.1'] }}] }}\n\
         [secrets.ours]\nfrom = {{ file = 'ours.secret' }}\nsign = true\n[secrets.theirs]\nfrom = {theirs}\n"
    )
}

// === impl Scene ===

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with("").await
    }

    /// With further keys of `[hooks]`.
    pub(super) async fn with(hooks: &str) -> Self {
        let (homeserver, at) = Homeserver::start().await;
        let dir = directory(&at, hooks);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let crm = format!("http://{}", listener.local_addr().unwrap());
        dir.write("tenants/acme.toml", &tenant(&crm, "{ file = 'theirs.secret' }"));
        let host = Host::start(&dir).await;
        let door = host.get("/admin/v1/hooks").await.1["hooks"][0]["url"].as_str().unwrap().to_owned();
        let back = Hook::new(door.clone(), Key::new(SECRET)).unwrap();
        let service = Receiver::new(Key::new(OURS), Some(back), Books::default(), Behaviour::default());
        tokio::spawn(async move { axum::serve(listener, service.router()).await });
        let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { host, dir, homeserver, door, crm, http }
    }

    /// Another place for the secret of the CRM's webhooks: the tenant's next generation.
    pub(super) fn believes(&self, theirs: &str) {
        self.dir.write("tenants/acme.toml", &tenant(&self.crm, theirs));
    }

    /// The customer says `text`; answers the CRM's ticket.
    pub(super) async fn customer(&self, text: &str) -> String {
        let event = json!({ "type": "m.room.message", "event_id": "$question", "room_id": ROOM,
            "sender": "@alice:localhost", "origin_server_ts": 1, "content": { "msgtype": "m.text", "body": text } });
        assert_eq!(self.host.put("1", &json!({ "events": [event] })).await, StatusCode::OK);
        let there = async || self.tickets().await.to_string().contains(text);
        self.host.until("the question is in the CRM", there).await;
        self.tickets().await["tickets"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn tickets(&self) -> Value {
        self.http.get(format!("{}/tickets", self.crm)).send().await.unwrap().json().await.unwrap()
    }

    /// A webhook that was signed with `key` at `seconds`.
    pub(super) fn signed(&self, key: &str, id: &str, seconds: u64, body: &str) -> RequestBuilder {
        self.http
            .post(&self.door)
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", receiver::sign(&Key::new(key), id, seconds, body.as_bytes()))
            .body(body.to_owned())
    }

    /// The same, by the CRM, just now.
    pub(super) fn webhook(&self, id: &str, body: &str) -> RequestBuilder {
        self.signed(SECRET, id, receiver::now(), body)
    }

    /// Sends until the adapter was asked in time: on a machine that has much else to do it may not be, and the host then
    /// keeps what it could not ask about.
    pub(super) async fn told(&self, webhook: impl Fn() -> RequestBuilder) -> Answer {
        loop {
            let before = self.counted("unheard").await;
            let answer = webhook().send().await.unwrap();
            let answer = (answer.status().as_u16(), answer.text().await.unwrap());
            if self.counted("unheard").await == before {
                return answer;
            }
        }
    }

    /// One of the door's figures.
    pub(super) async fn counted(&self, what: &str) -> u64 {
        self.host.get("/admin/v1/hooks").await.1["hooks"][0][what].as_u64().unwrap()
    }

    /// Whether anything is known under this identifier.
    pub(super) async fn knows(&self, id: &str) -> bool {
        self.host.get(&format!("/admin/v1/events/{id}/why")).await.0 == StatusCode::OK
    }

    /// Waits until `text` was said in a room; answers everything that says so.
    pub(super) async fn heard(&self, text: &str) -> Vec<Said> {
        let all = || self.homeserver.said().into_iter().filter(|said| said.content["body"] == text);
        self.host.until("it is said in the room", async || all().next().is_some()).await;
        all().collect()
    }
}

/// An agent says `text`.
pub(super) fn message(ticket: &str, text: &str) -> String {
    json!({ "type": "message", "ticket": ticket, "author": { "id": "eve", "name": "Eve" }, "text": text })
        .to_string()
}
