//! Each recorded request is sent to the double again, in order and with the identifiers of the recording, and the answers
//! are compared: status, exception, the shape of the result, and its values where they do not depend on time or chance.

use std::collections::{BTreeMap, BTreeSet};

use patchbay_test_support::odoo::{FILES, Odoo, Version};
use patchbay_types::MockClock;
use serde_json::{Map, Value, json};

/// Entries that are not replayed, and why.
const NOT_REPLAYED: [(&str, &str); 25] = [
    ("odoo18-jsonrpc:xmlrpc.version", "XML-RPC is not spoken by any adapter of ours"),
    ("odoo18-jsonrpc:xmlrpc.search_read", "XML-RPC is not spoken by any adapter of ours"),
    ("odoo18-jsonrpc:xmlrpc.fault_access_denied", "XML-RPC is not spoken by any adapter of ours"),
    ("odoo18-jsonrpc:xmlrpc.fault_missing", "XML-RPC is not spoken by any adapter of ours"),
    ("odoo18-jsonrpc:load.concurrent_same_external_id", "six calls at once: `tests/odoo.rs`"),
    ("odoo19-jsonrpc:load.concurrent_same_external_id", "six calls at once: `tests/odoo.rs`"),
    (
        "odoo18-jsonrpc:mono_db.attachment.download.anonymous",
        "another way to start the server: `downloads_want_a_token_and_a_database`",
    ),
    (
        "odoo18-jsonrpc:mono_db.attachment.download.access_token",
        "another way to start the server: `downloads_want_a_token_and_a_database`",
    ),
    (
        "odoo18-jsonrpc:mono_db.attachment.download.bearer",
        "another way to start the server: `downloads_want_a_token_and_a_database`",
    ),
    (
        "odoo18-jsonrpc:attachment.download.access_token",
        "the token is not in the recording: `downloads_want_a_token_and_a_database`",
    ),
    (
        "odoo19-jsonrpc:attachment.download.access_token",
        "the token is not in the recording: `downloads_want_a_token_and_a_database`",
    ),
    (
        "odoo19-json2:mono_db.no_header",
        "another way to start the server: `a_server_of_one_database_needs_no_header`",
    ),
    (
        "odoo19-json2:mono_db.header_ok",
        "another way to start the server: `a_server_of_one_database_needs_no_header`",
    ),
    (
        "odoo19-json2:mono_db.header_other_db",
        "another way to start the server: `a_server_of_one_database_needs_no_header`",
    ),
    (
        "odoo18-jsonrpc:partner.load_with_external_id",
        "the partner's external identifier stood from an earlier run",
    ),
    ("odoo18-jsonrpc:mail.mail.created", "mails of notices and templates, which nothing of ours reads"),
    ("odoo19-jsonrpc:mail.mail.created", "mails of notices and templates, which nothing of ours reads"),
    ("odoo18-jsonrpc:notifications", "notices of mails and templates, which nothing of ours reads"),
    ("odoo19-jsonrpc:notifications", "notices of mails and templates, which nothing of ours reads"),
    (
        "odoo18-jsonrpc:tracking_values.as_admin",
        "a row by its number, which came of tracking that is not recorded",
    ),
    ("odoo18-jsonrpc:custom_field.message_search", "needs a field on messages that nothing of ours makes"),
    ("odoo18-jsonrpc:message_post.return_shape_with_on_message_automation", "needs a rule: `tests/odoo.rs`"),
    ("odoo19-jsonrpc:message_post.return_shape_with_on_message_automation", "needs a rule: `tests/odoo.rs`"),
    (
        "odoo18-jsonrpc:messages.of_record",
        "the note of a mail template between two messages: `tests/odoo.rs`",
    ),
    (
        "odoo18-jsonrpc:lead.set_lost_when_won",
        "answered alike, but leaves an archived lead that the recording did not",
    ),
];

/// Entries of which only the shape is compared, and why.
const SHAPE_ONLY: [(&str, &str); 9] = [
    ("odoo18-jsonrpc:followers", "numbers of followers"),
    ("odoo18-jsonrpc:mail.mail.state_after_force_send_false", "numbers of mails"),
    ("odoo18-jsonrpc:mail.mail.state_after_force_send_kwarg", "numbers of mails"),
    ("odoo19-json2:auth.ok", "how many partners there were"),
    ("odoo19-json2:auth.capital_Bearer", "how many partners there were"),
    ("odoo19-json2:envelope.charset", "how many partners there were"),
    ("odoo19-json2:partner.search_read", "a phone that other calls wrote"),
    ("odoo18-jsonrpc:partner.load_with_external_id.again", "a number from an earlier run"),
    ("odoo19-json2:load.via_json2", "a number from a later run"),
];

/// Webhooks that no test compares with their recording, of either version, and where they are shown or why not.
const WEBHOOKS_ELSEWHERE: [(&str, &str); 11] = [
    (
        "lead_stage.bulk3_slow",
        "one for each record, in a row: nothing of ours writes several records at once",
    ),
    ("lead_stage.receiver_down", "nothing was received, and nothing came of it, as after a receiver's 500"),
    (
        "lead_stage.rollback",
        "`a_write_that_is_rolled_back_was_told_on_eighteen_and_never_is_on_nineteen` has its own second action",
    ),
    ("message.agent_reply_ticket", "the same rule as `message.agent_reply_lead`, which is compared"),
    (
        "message.bridge_post",
        "nothing was received: `comments_are_told_and_neither_notes_nor_what_the_bridge_wrote`",
    ),
    (
        "message.id_vs_commit_order",
        "the order of reads: `a_later_message_is_seen_before_an_earlier_one_that_is_not_committed`",
    ),
    (
        "on_message_sent.customer_author_by_bridge",
        "sends the ticket without the message: nothing of ours makes it",
    ),
    ("on_message_received.agent_comment", "sends the ticket without the message: nothing of ours makes it"),
    ("on_message_received.note", "sends the ticket without the message: nothing of ours makes it"),
    (
        "on_message_received.customer_author_by_bridge",
        "sends the ticket without the message: nothing of ours makes it",
    ),
    ("concurrent_writes_webhook_duplicates", "how many writes lost a race by chance, and were told twice"),
];

/// Fields whose values depend on time or chance.
const VOLATILE: [&str; 16] = [
    "create_date",
    "write_date",
    "date",
    "message_id",
    "last_stage_update",
    "closed_date",
    "date_last_stage_update",
    "checksum",
    "store_fname",
    "debug",
    "arguments",
    "message_ids",
    "parent_id",
    "probability",
    "message_partner_ids",
    "notified_partner_ids",
];

struct Replay {
    odoo: Odoo,
    http: reqwest::Client,
    /// The recording's version, whose identifiers stand in the requests.
    recorded: Version,
    failures: Vec<String>,
}

fn entries(file: &str) -> Vec<Value> {
    let (_, text) = FILES.iter().find(|(name, _)| *name == file).unwrap();
    serde_json::from_str(text).unwrap()
}

fn skipped(file: &str, name: &str) -> bool {
    NOT_REPLAYED.iter().any(|(entry, _)| *entry == format!("{file}:{name}"))
}

impl Replay {
    async fn new(version: Version, recorded: Version) -> Self {
        // The moment at which the recording read a write date.
        let moment = if version == Version::V18 { 1_795_157_960_000 } else { 1_795_157_975_000 };
        let odoo = Odoo::start_at(version, std::sync::Arc::new(MockClock::at(moment))).await;
        odoo.login_cost(std::time::Duration::ZERO);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { odoo, http, recorded, failures: Vec::new() }
    }

    /// Keys, database and users of the recording become those of the double.
    fn translated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let mut text = text.clone();
                for login in ["bridge", "agent", "limited", "admin"] {
                    text = text.replace(&format!("<APIKEY:{login}>"), &self.odoo.login(login).key);
                }
                if self.recorded != self.odoo.version() {
                    text = text.replace("crm18", "crm19");
                }
                json!(text)
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.translated(item)).collect()),
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(name, value)| (name.clone(), self.translated(value))).collect(),
            ),
            other => other.clone(),
        }
    }

    async fn send(&self, request: &Value) -> (u16, Value) {
        let path = request["path"].as_str().unwrap();
        let method = request["method"].as_str().unwrap().parse().unwrap();
        let mut sent = self.http.request(method, format!("{}{path}", self.odoo.url()));
        let headers = self.translated(&request["headers"]);
        let mut typed = false;
        for (name, value) in headers.as_object().into_iter().flatten() {
            typed |= name.eq_ignore_ascii_case("content-type");
            sent = sent.header(name, value.as_str().unwrap());
        }
        let mut body = self.translated(&request["body"]);
        if self.recorded != self.odoo.version() {
            shift_user(&mut body);
        }
        match body {
            Value::Null => {}
            Value::String(text) => {
                if !typed {
                    sent = sent.header("Content-Type", "application/json");
                }
                sent = sent.body(text);
            }
            body => sent = sent.json(&body),
        }
        let answer = sent.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The records that the recording made get the same identifiers here.
    fn prepare(&self, entry: &Value) {
        let body = &entry["response"]["body"];
        let (model, method) = called(&entry["request"]);
        let result = body.get("result").unwrap_or(body);
        let first = match method.as_str() {
            "create" => result.as_i64().or_else(|| result[0].as_i64()).map(|id| (model, id)),
            "load" => result["ids"][0].as_i64().map(|id| (model, id)),
            "message_post" => {
                result.as_i64().or_else(|| result[0].as_i64()).map(|id| ("mail.message".to_owned(), id))
            }
            _ => None,
        };
        if let Some((model, id)) = first
            && self.odoo.record(&model, id).is_null()
        {
            self.odoo.next_id(&model, id);
        }
    }

    async fn replay(&mut self, file: &str, entry: &Value) {
        let name = entry["name"].as_str().unwrap();
        if entry["request"].is_null() {
            return;
        }
        self.prepare(entry);
        let (status, body) = self.send(&entry["request"]).await;
        let mut differences = Vec::new();
        if Some(u64::from(status)) != entry["response"]["status"].as_u64() {
            differences.push(format!("status {status} for {}", entry["response"]["status"]));
        }
        let shape_only = SHAPE_ONLY.iter().any(|(entry, _)| *entry == format!("{file}:{name}"));
        let exact = self.recorded == self.odoo.version() && !shape_only;
        compare("", &entry["response"]["body"], &body, exact, &mut differences);
        if !differences.is_empty() {
            self.failures.push(format!("{file}:{name}\n    {}", differences.join("\n    ")));
        }
    }

    fn finish(self) {
        let Self { odoo, failures, .. } = self;
        assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
        odoo.assert_backed();
    }
}

/// On 19 every user but the administrator has the number before.
fn shift_user(body: &mut Value) {
    if let Some(args) = body.pointer_mut("/params/args").and_then(Value::as_array_mut)
        && let Some(uid) = args.get_mut(1)
        && let Some(number @ 6..=8) = uid.as_i64()
    {
        *uid = json!(number - 1);
    }
}

fn called(request: &Value) -> (String, String) {
    let args = &request["body"]["params"]["args"];
    if let (Some(model), Some(method)) = (args[3].as_str(), args[4].as_str()) {
        return (model.to_owned(), method.to_owned());
    }
    let mut parts = request["path"].as_str().unwrap_or("").split('/').skip(3);
    (parts.next().unwrap_or("").to_owned(), parts.next().unwrap_or("").to_owned())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// `exact`: values too. Else the shape alone.
fn compare(at: &str, want: &Value, have: &Value, exact: bool, out: &mut Vec<String>) {
    let field = at.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or("");
    let exact = exact && !VOLATILE.contains(&field);
    match (want, have) {
        (Value::Object(want), Value::Object(have)) => {
            let keys = |map: &Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
            if keys(want) != keys(have) {
                out.push(format!("{at}: keys {:?} for {:?}", keys(have), keys(want)));
                return;
            }
            for (name, value) in want {
                compare(&format!("{at}/{name}"), value, &have[name], exact, out);
            }
        }
        (Value::Array(want), Value::Array(have)) => {
            if exact && want.len() != have.len() {
                out.push(format!("{at}: {} items for {}: {have:?}", have.len(), want.len()));
                return;
            }
            for (n, (want, have)) in want.iter().zip(have).enumerate() {
                compare(&format!("{at}/{n}"), want, have, exact, out);
            }
        }
        _ if kind(want) != kind(have) => out.push(format!("{at}: {have} for {want}")),
        _ if exact && want != have && !redacted(want) => out.push(format!("{at}: {have} for {want}")),
        _ => {}
    }
}

fn redacted(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.contains("<REDACTED>") || text.contains("<traceback>") || text.starts_with("<same")
    })
}

/// What stood before the recording of 18 began, or came about outside it.
fn seed18(odoo: &Odoo) {
    odoo.next_id("res.partner", 10);
    odoo.seed(
        "res.partner",
        json!({
            "name": "Bob Customer 1795157849", "email": "Bob.1795157849@Example.org", "phone": "+49 30 1",
            "ref": "matrix:@bob:example.org", "comment": "<p>from <b>matrix</b></p>",
        }),
    );
    odoo.custom_field("crm.lead", "x_matrix_room_id", "char");
    odoo.custom_field("mail.message", "x_matrix_event_id", "char");
    for (id, message_id) in
        [(1895, "<$timeout1795158540:x>"), (1896, "<$dup1795158540:x>"), (1897, "<$dup1795158540:x>")]
    {
        odoo.next_id("mail.message", id);
        odoo.seed("mail.message", json!({"message_id": message_id}));
    }
    odoo.next_id("mail.message", 60);
    for (id, name) in [(8, "Other"), (145, "Queued"), (146, "Shape")] {
        odoo.next_id("crm.lead", id);
        odoo.seed("crm.lead", json!({"name": name, "user_id": odoo.agent().uid}));
    }
}

/// The same for 19, whose recording leaves out what is as on 18.
fn seed19(odoo: &Odoo) {
    odoo.next_id("res.partner", 9);
    odoo.seed(
        "res.partner",
        json!({
            "name": "Bob Customer 1795157877", "email": "Bob.1795157877@Example.org", "phone": "+49 30 1",
            "ref": "matrix:@bob:example.org", "comment": "<p>from <b>matrix</b></p>",
        }),
    );
    odoo.custom_field("crm.lead", "x_matrix_room_id", "char");
    odoo.custom_field("mail.message", "x_matrix_event_id", "char");
    let agent = odoo.agent().uid;
    for (model, id, values) in [
        ("crm.lead", 7, json!({"name": "Matrix lead 1795157969", "user_id": agent, "stage_id": 4})),
        ("crm.lead", 8, json!({"name": "Other"})),
        ("crm.lead", 11, json!({"name": "Lost"})),
        ("crm.lead", 148, json!({"name": "Queued", "user_id": agent})),
        ("crm.lead", 149, json!({"name": "Shape"})),
        (
            "project.task",
            6,
            json!({"name": "Matrix task 1795157969", "project_id": 1, "user_ids": [[6, 0, [agent]]]}),
        ),
        ("helpdesk.ticket", 4, json!({"name": "Matrix ticket 1795157969", "description": "<p>broken</p>"})),
        ("mail.message", 132, json!({"model": "crm.lead", "res_id": 7, "message_type": "notification"})),
        ("mail.message", 156, json!({"model": "project.task", "res_id": 6, "message_type": "notification"})),
        (
            "mail.message",
            161,
            json!({"model": "helpdesk.ticket", "res_id": 4, "message_type": "notification"}),
        ),
        ("ir.attachment", 48, json!({"name": "pixel.png", "datas": "iVBORw0KGgo="})),
        (
            "ir.attachment",
            52,
            json!({"name": "t.txt", "datas": "dA==", "res_model": "project.task", "res_id": 6}),
        ),
        (
            "ir.model.data",
            27572,
            json!({"module": "__matrix__", "name": "ev_1795157969", "model": "mail.message", "res_id": 134}),
        ),
    ] {
        odoo.next_id(model, id);
        odoo.seed(model, values);
    }
}

#[tokio::test]
async fn the_recording_of_18_is_answered_as_it_was() {
    let mut replay = Replay::new(Version::V18, Version::V18).await;
    seed18(&replay.odoo);
    for entry in entries("odoo18-jsonrpc") {
        if !skipped("odoo18-jsonrpc", entry["name"].as_str().unwrap()) {
            replay.replay("odoo18-jsonrpc", &entry).await;
        }
    }
    replay.finish();
}

#[tokio::test]
async fn the_recording_of_19_over_json_rpc_and_json_2_is_answered_as_it_was() {
    let mut replay = Replay::new(Version::V19, Version::V19).await;
    seed19(&replay.odoo);
    for file in ["odoo19-jsonrpc", "odoo19-json2"] {
        for entry in entries(file) {
            if !skipped(file, entry["name"].as_str().unwrap()) {
                replay.replay(file, &entry).await;
            }
        }
    }
    replay.finish();
}

#[tokio::test]
async fn what_19_answers_like_18_has_its_shape() {
    let mut replay = Replay::new(Version::V19, Version::V18).await;
    seed18(&replay.odoo);
    let same: BTreeSet<String> = entries("odoo19-jsonrpc")
        .iter()
        .filter(|entry| entry["name"] == "_same_as_odoo18")
        .flat_map(|entry| entry["names"].as_array().unwrap().clone())
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    for entry in entries("odoo18-jsonrpc") {
        let name = entry["name"].as_str().unwrap();
        if skipped("odoo18-jsonrpc", name) {
            continue;
        }
        if same.contains(name) {
            replay.replay("odoo18-jsonrpc", &entry).await;
        } else if !entry["request"].is_null() {
            // It makes what later ones read, whatever 19 answers to it.
            replay.prepare(&entry);
            replay.send(&entry["request"]).await;
        }
    }
    replay.finish();
}

#[test]
fn the_list_of_what_is_not_replayed_is_not_stale() {
    let known: BTreeMap<&str, BTreeSet<String>> = FILES
        .iter()
        .map(|(file, _)| {
            (*file, entries(file).iter().map(|e| e["name"].as_str().unwrap().to_owned()).collect())
        })
        .collect();
    for (entry, why) in NOT_REPLAYED.into_iter().chain(SHAPE_ONLY) {
        let (file, name) = entry.split_once(':').unwrap();
        assert!(known[file].contains(name), "{entry} is in no recording");
        assert!(!why.is_empty());
    }
}

#[test]
fn each_recorded_webhook_is_compared_or_it_is_said_where_it_is_shown() {
    let tests = [include_str!("webhooks.rs"), include_str!("odoo.rs"), include_str!("conformance.rs")];
    let there: BTreeSet<String> = entries("odoo-webhooks")
        .iter()
        .map(|entry| entry["name"].as_str().unwrap().split_once('.').unwrap().1.to_owned())
        .collect();
    let compared = |name: &&String| tests[0].contains(&format!("{name}\""));
    let elsewhere: BTreeSet<&str> = WEBHOOKS_ELSEWHERE.iter().map(|(name, _)| *name).collect();
    let left: BTreeSet<&str> = there.iter().filter(|name| !compared(name)).map(String::as_str).collect();
    assert_eq!(left, elsewhere);
    for (entry, why) in NOT_REPLAYED.into_iter().chain(WEBHOOKS_ELSEWHERE) {
        for place in why.split('`').skip(1).step_by(2) {
            let is_file = ["tests/odoo.rs"].contains(&place);
            let is_test = tests.iter().any(|test| test.contains(&format!("async fn {place}(")));
            assert!(is_file || is_test || there.contains(place), "{entry}: there is no {place}");
        }
    }
}

#[tokio::test]
async fn a_server_of_one_database_needs_no_header() {
    let replay = Replay::new(Version::V19, Version::V19).await;
    replay.odoo.one_database();
    for entry in
        entries("odoo19-json2").iter().filter(|e| e["name"].as_str().unwrap().starts_with("mono_db."))
    {
        let (status, body) = replay.send(&entry["request"]).await;
        assert_eq!(Some(u64::from(status)), entry["response"]["status"].as_u64(), "{entry} {body}");
        assert_eq!(kind(&body), kind(&entry["response"]["body"]), "{entry}");
    }
}

#[tokio::test]
async fn downloads_want_a_token_and_a_database() {
    for (version, database) in [(Version::V18, false), (Version::V18, true), (Version::V19, false)] {
        let replay = Replay::new(version, version).await;
        if database {
            replay.odoo.one_database();
        }
        let lead = replay.odoo.new_ticket("crm.lead", json!({"name": "Lead"})).await;
        let (_, file) =
            replay.odoo.agent_attach("crm.lead", lead, "", "dl.txt", "text/plain", b"hello dl").await;
        let call = json!({"method": "POST", "path": "/jsonrpc", "body": {
            "jsonrpc": "2.0", "method": "call", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": [
                replay.odoo.database(), replay.odoo.bridge().uid, "<APIKEY:bridge>", "ir.attachment", "generate_access_token", [[file]],
            ]},
        }});
        let (_, token) = replay.send(&call).await;
        let token = token["result"][0].as_str().unwrap().to_owned();
        let header =
            json!({"X-Odoo-Database": replay.odoo.database(), "Authorization": "bearer <APIKEY:bridge>"});
        let get = |path: String| json!({"method": "GET", "path": path, "headers": header});
        let (with, body) =
            replay.send(&get(format!("/web/content/{file}?access_token={token}&download=true"))).await;
        let (without, _) = replay.send(&get(format!("/web/content/{file}"))).await;
        // 18 takes a database from its own configuration alone.
        let expected = if version == Version::V19 || database { 200 } else { 404 };
        assert_eq!((with, without), (expected, 404), "{version:?} {database}");
        if expected == 200 {
            assert_eq!(body, "hello dl");
        }
    }
}
