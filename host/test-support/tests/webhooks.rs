//! Webhooks, against the recording: what is sent, when, how often, and what the sender waits for.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::LOCATION},
    response::{IntoResponse, Response},
};
use patchbay_test_support::odoo::{Automation, FILES, Fault, Odoo, Version};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Receiver(Arc<Inner>);

#[derive(Default)]
struct Inner {
    got: Mutex<Vec<Value>>,
    mode: Mutex<Mode>,
    read_back: Mutex<Option<(String, Value)>>,
    read: Mutex<Vec<Value>>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Mode {
    #[default]
    Ok,
    Fails,
    Slow,
    Redirects,
}

async fn hook(
    State(receiver): State<Receiver>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    receiver.0.got.lock().unwrap().push(json!({
        "method": method.as_str(), "path": uri.path_and_query().unwrap().as_str(),
        "body": serde_json::from_slice::<Value>(&body).unwrap_or(json!("")),
        "type": header("content-type"), "agent": header("user-agent"), "authorization": header("authorization"),
    }));
    let read_back = receiver.0.read_back.lock().unwrap().clone();
    if let Some((url, call)) = read_back {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer: Value = client.post(url).json(&call).send().await.unwrap().json().await.unwrap();
        receiver.0.read.lock().unwrap().push(answer["result"].clone());
    }
    let mode = *receiver.0.mode.lock().unwrap();
    match mode {
        Mode::Ok => StatusCode::OK.into_response(),
        Mode::Fails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mode::Redirects if method == Method::POST => {
            (StatusCode::FOUND, [(LOCATION, "/moved")]).into_response()
        }
        Mode::Redirects => StatusCode::OK.into_response(),
        Mode::Slow => std::future::pending().await,
    }
}

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self::default();
        let app = Router::new().fallback(hook).with_state(receiver.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, format!("127.0.0.1:{}", address.port()))
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.0.got.lock().unwrap())
    }

    fn mode(&self, mode: Mode) {
        *self.0.mode.lock().unwrap() = mode;
    }
}

fn recorded(name: &str) -> Value {
    let (_, text) = FILES.iter().find(|(file, _)| *file == "odoo-webhooks").unwrap();
    let all: Vec<Value> = serde_json::from_str(text).unwrap();
    all.into_iter().find(|entry| entry["name"] == name).unwrap()
}

const LEAD_FIELDS: [&str; 10] = [
    "active",
    "description",
    "email_from",
    "name",
    "partner_id",
    "priority",
    "probability",
    "stage_id",
    "tag_ids",
    "user_id",
];

fn kinds(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), kinds(value))).collect(),
        Value::Array(_) => json!("list"),
        Value::String(_) => json!("text"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::Null => json!("null"),
    }
}

struct Bench {
    odoo: Odoo,
    receiver: Receiver,
    address: String,
    lead: i64,
    number: u8,
}

impl Bench {
    async fn new(version: Version) -> Self {
        let odoo = Odoo::start(version).await;
        let (receiver, address) = Receiver::start().await;
        let partner = odoo.seed("res.partner", json!({"name": "Bob", "email": "bob@example.org"}));
        let lead = odoo
            .new_ticket(
                "crm.lead",
                json!({"name": "hook lead", "description": "<p>d</p>", "partner_id": partner}),
            )
            .await;
        let number = if version == Version::V18 { 18 } else { 19 };
        Self { odoo, receiver, address, lead, number }
    }

    fn stage_rule(&self) {
        let fields: Vec<&str> = LEAD_FIELDS.into_iter().chain(["write_date"]).collect();
        self.odoo.automation(
            &format!("http://{}/hook/sekret-token", self.address),
            &Automation::changes("crm.lead", &["stage_id"], &fields),
        );
    }

    async fn stage(&self, stage: i64) {
        self.odoo.set("crm.lead", self.lead, "stage_id", json!(stage)).await;
    }

    fn same_shape(&self, entry: &str, got: &[Value]) {
        let entry = recorded(&format!("odoo{}.{entry}", self.number));
        let want = entry["received"].as_array().unwrap();
        assert_eq!(got.len(), want.len(), "{entry} {got:?}");
        for (want, got) in want.iter().zip(got) {
            assert_eq!((&got["method"], &got["path"]), (&want["method"], &want["path"]));
            assert_eq!(kinds(&got["body"]), kinds(&want["body"]), "{entry}");
        }
    }
}

#[tokio::test]
async fn a_change_is_told_once_with_the_recorded_fields_and_only_when_it_is_one() {
    for version in [Version::V18, Version::V19] {
        let bench = Bench::new(version).await;
        bench.stage_rule();
        bench.stage(2).await;
        let got = bench.receiver.take();
        bench.same_shape("lead_stage.ok", &got);
        assert_eq!(got[0]["type"], "application/json");
        assert!(got[0]["agent"].as_str().unwrap().starts_with("python-requests/"));
        assert_eq!(
            got[0]["body"]["_action"].as_str().unwrap().split('(').next(),
            Some("Send Webhook Notification")
        );
        assert_eq!(got[0]["body"]["write_date"].as_str().unwrap().len(), "2026-11-20 07:02:02.387997".len());
        bench.stage(2).await;
        bench.same_shape("lead_stage.same_value", &bench.receiver.take());
        bench.odoo.set("crm.lead", bench.lead, "priority", json!("1")).await;
        bench.same_shape("lead_other_field", &bench.receiver.take());
    }
}

#[tokio::test]
async fn eighteen_tells_before_its_commit_and_nineteen_after_it() {
    for version in [Version::V18, Version::V19] {
        let bench = Bench::new(version).await;
        bench.stage_rule();
        bench.stage(2).await;
        let who = bench.odoo.bridge();
        let call = json!({"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": [
            bench.odoo.database(), who.uid, who.key, "crm.lead", "read", [[bench.lead]], {"fields": ["stage_id"]},
        ]}});
        *bench.receiver.0.read_back.lock().unwrap() = Some((format!("{}/jsonrpc", bench.odoo.url()), call));
        bench.stage(3).await;
        let entry = recorded(&format!("odoo{}.lead_stage.read_back", bench.number));
        let want = &entry["received"][0]["rpc_read_back_during_webhook"][0]["stage_id"];
        assert_eq!(bench.receiver.0.read.lock().unwrap()[0][0]["stage_id"], *want, "{version:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_twice_and_a_redirect_is_followed_with_an_empty_get() {
    for version in [Version::V18, Version::V19] {
        let bench = Bench::new(version).await;
        bench.stage_rule();
        bench.receiver.mode(Mode::Fails);
        bench.stage(2).await;
        bench.same_shape("lead_stage.receiver_500", &bench.receiver.take());
        bench.receiver.mode(Mode::Redirects);
        bench.stage(3).await;
        bench.same_shape("lead_stage.redirect_302", &bench.receiver.take());
        bench.receiver.mode(Mode::Slow);
        let begun = Instant::now();
        bench.stage(2).await;
        assert!(begun.elapsed() >= Duration::from_millis(950), "the user waits a second");
        bench.same_shape("lead_stage.receiver_slow_3s", &bench.receiver.take());
        assert_eq!(bench.odoo.record("crm.lead", bench.lead)["stage_id"], 2);
    }
}

#[tokio::test]
async fn a_write_that_is_rolled_back_was_told_on_eighteen_and_never_is_on_nineteen() {
    for (version, told) in [(Version::V18, 1), (Version::V19, 0)] {
        let bench = Bench::new(version).await;
        bench.stage_rule();
        bench.odoo.faults().next_of("write", Fault::Rollback);
        let who = bench.odoo.agent();
        let call = json!({"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": [
            bench.odoo.database(), who.uid, who.key, "crm.lead", "write", [[bench.lead], {"stage_id": 3}],
        ]}});
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/jsonrpc", bench.odoo.url());
        let answer: Value = client.post(&url).json(&call).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["error"]["data"]["name"], "odoo.exceptions.UserError");
        assert_eq!(bench.receiver.take().len(), told);
        assert_eq!(bench.odoo.record("crm.lead", bench.lead)["stage_id"], 1);

        // One that loses a race and is tried again is told twice on 18.
        bench.odoo.faults().next_of("write", Fault::ConflictOnce);
        let answer: Value = client.post(&url).json(&call).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["result"], true);
        assert_eq!(bench.receiver.take().len(), 1 + told);
    }
}

#[tokio::test]
async fn comments_are_told_and_neither_notes_nor_what_the_bridge_wrote() {
    for version in [Version::V18, Version::V19] {
        let bench = Bench::new(version).await;
        let rule = Automation::comments(&["crm.lead", "helpdesk.ticket"], bench.odoo.bridge().uid);
        bench.odoo.automation(&format!("http://{}/hook/sekret-token", bench.address), &rule);
        bench.odoo.agent_comment("crm.lead", bench.lead, "<p>plain</p>").await;
        let got = bench.receiver.take();
        bench.same_shape("message.agent_reply_lead", &got);
        assert_eq!(got[0]["body"]["body"], "<p>plain</p>");
        bench.odoo.agent_note("crm.lead", bench.lead, "<p>note</p>").await;
        bench.same_shape("message.agent_internal_note", &bench.receiver.take());
    }
}

#[tokio::test]
async fn a_rule_on_messages_sends_the_record_and_skips_notes() {
    for version in [Version::V18, Version::V19] {
        let bench = Bench::new(version).await;
        let mut rule = Automation::changes("crm.lead", &[], &["name", "stage_id", "write_date"]);
        rule.trigger = "on_message_sent".to_owned();
        bench.odoo.automation(&format!("http://{}/hook/sekret-token", bench.address), &rule);
        bench.odoo.agent_comment("crm.lead", bench.lead, "<p>a</p>").await;
        bench.same_shape("on_message_sent.agent_comment", &bench.receiver.take());
        bench.odoo.agent_note("crm.lead", bench.lead, "<p>b</p>").await;
        bench.same_shape("on_message_sent.note", &bench.receiver.take());
    }
}

#[tokio::test]
async fn a_name_and_password_in_the_url_become_basic_authorization() {
    let bench = Bench::new(Version::V19).await;
    let rule = Automation::changes("crm.lead", &["stage_id"], &["name"]);
    bench.odoo.automation(&format!("http://odoo:s3cr3t@{}/hook?token=abc", bench.address), &rule);
    bench.stage(2).await;
    let got = bench.receiver.take();
    bench.same_shape("secret_in_url_userinfo", &got);
    assert_eq!(got[0]["authorization"], "Basic b2RvbzpzM2NyM3Q=");
}
