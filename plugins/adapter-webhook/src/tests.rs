use std::fs;

use patchbay_sdk::{
    http::contract::Failure as HttpFailure,
    testing::{Expect, Host, Sent, sample, standard_webhook},
};
use serde_json::{Value, json};

use super::*;

const URL: &str = "https://crm.example.org/hooks";

fn adapter(host: &Host) -> WebhookAdapter {
    host.secret("webhook", "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==");
    host.prepare(json!({ "url": URL })).unwrap()
}

fn of(kind: &'static str) -> Expect {
    Expect::post(URL).with(move |sent| sent.json()["type"] == kind)
}

fn with_file(key: &str) -> Item {
    let mut item = sample::item(key, "look");
    let Content::Post(post) = &mut item.message.content else { unreachable!() };
    post.files.push(sample::attachment("a.png"));
    item
}

/// Whether the receiver would believe it.
fn signed(sent: &Sent, body: &[u8], host: &Host) -> bool {
    let mut hook = sample::webhook(body);
    let header = |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone() };
    hook.headers = sent.headers.iter().map(header).collect();
    webhook::standard_webhooks(&hook, "webhook", host.now()).is_ok()
}

#[test]
fn an_envelope_is_signed_and_the_same_on_every_attempt() {
    let host = Host::new();
    let adapter = adapter(&host);
    host.expect(of("contact.upsert").lost());
    host.expect(of("contact.upsert").answer(200, json!({ "id": "c7" })));
    let first = host.call("k1");
    let failure = adapter.contact(sample::customer(), first.clone()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    host.set_now(host.now() + 60_000);
    assert_eq!(adapter.contact(sample::customer(), host.again(&first)).unwrap(), "c7");
    let sent = host.requests();
    assert_eq!(sent[0].body, sent[1].body);
    for name in ["webhook-id", "idempotency-key"] {
        assert_eq!((sent[0].header(name), sent[1].header(name)), (Some("k1-contact"), Some("k1-contact")));
    }
    assert_ne!(sent[0].header("webhook-timestamp"), sent[1].header("webhook-timestamp"));
    assert!(signed(&sent[1], &sent[1].body, &host));
    assert!(!signed(&sent[1], b"{}", &host));
    assert_eq!(sent[0].json()["data"]["person"]["phone"], "+380441234567");
}

#[test]
fn a_ticket_is_opened_alone_and_a_retry_opens_no_second_one() {
    let host = Host::new();
    let adapter = adapter(&host);
    let draft = || sample::draft(vec![sample::item("m1", "one")]);
    host.expect(of("ticket.open").answer(201, json!({ "id": "T1", "url": "https://crm.example.org/T1" })));
    let first = host.call("k");
    let opened = adapter.open(draft(), first.clone()).unwrap();
    assert_eq!(opened.ticket, Ticket::new("T1").at("https://crm.example.org/T1"));
    assert_eq!(opened.written, [], "the host appends the messages, and hears of each");
    assert_eq!(adapter.open(draft(), host.again(&first)).unwrap(), opened);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn messages_are_appended_in_order_by_the_names_that_the_receiver_gives_them() {
    let host = Host::new();
    let adapter = adapter(&host);
    host.expect(of("message.append").answer(201, json!({ "id": "M1" })));
    host.expect(of("message.append").answer(201, json!({ "parts": ["M2", "M2b"] })));
    let items = vec![sample::item("m1", "one"), sample::item("m2", "two")];
    let written = adapter.append("T1".to_owned(), items, host.call("k")).unwrap();
    let parts: Vec<_> = written.iter().map(|written| written.parts.clone()).collect();
    assert_eq!(parts, [vec!["M1"], vec!["M2", "M2b"]]);
    assert_eq!(host.requests()[0].json()["data"]["ticket"], "T1");
}

#[test]
fn a_failure_in_the_middle_tells_what_was_written() {
    let host = Host::new();
    let adapter = adapter(&host);
    host.expect(of("message.append"));
    host.expect(of("message.append").answer(429, json!({})).answer_header("retry-after", "2"));
    let items = vec![sample::item("m1", "one"), sample::item("m2", "two")];
    let failure = adapter.append("T".to_owned(), items, host.call("k")).unwrap_err();
    assert_eq!(
        (failure.kind, failure.retry_after, failure.written.len()),
        (FailureKind::Busy, Some(2000), 1)
    );
}

#[test]
fn a_file_is_an_effect_of_its_own_whose_envelope_is_signed_in_a_header() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let host = Host::new();
    let adapter = adapter(&host);
    host.expect(Expect::post(URL).step("m1-file-0").answer(201, json!({ "id": "F1" })));
    host.expect(of("message.append"));
    adapter.append("T".to_owned(), vec![with_file("m1")], host.call("k")).unwrap();
    let sent = host.requests();
    assert_eq!(
        (sent[0].text().as_str(), sent[0].header("content-type")),
        ("<handle-of-a.png>", Some("image/png"))
    );
    let envelope = STANDARD.decode(sent[0].header("patchbay-envelope").unwrap()).unwrap();
    assert!(signed(&sent[0], &envelope, &host));
    let envelope: Value = serde_json::from_slice(&envelope).unwrap();
    assert_eq!(
        (&envelope["type"], &envelope["data"]["file"]["name"]),
        (&json!("file.upload"), &json!("a.png"))
    );
    assert_eq!(sent[1].json()["data"]["files"][0]["id"], "F1");
}

#[test]
fn where_files_are_not_sent_a_message_tells_that_there_is_one() {
    let host = Host::new();
    host.secret("webhook", "x");
    let adapter: WebhookAdapter =
        host.prepare(json!({ "url": URL, "files": false, "contacts": false })).unwrap();
    host.expect(of("message.append"));
    adapter.append("T".to_owned(), vec![with_file("m1")], host.call("k")).unwrap();
    assert_eq!(host.requests()[0].json()["data"]["files"][0]["id"], Value::Null);
    assert_eq!(adapter.contact(sample::customer(), host.call("c")).unwrap(), sample::customer().id);
}

#[test]
fn a_file_that_the_host_does_not_hand_out_is_told_of_and_holds_nothing_up() {
    let host = Host::new();
    let adapter = adapter(&host);
    let denied = HttpFailure::Denied("there is no such file".to_owned());
    host.expect(Expect::post(URL).step("m1-file-0").fails(denied));
    host.expect(of("message.append").answer(201, json!({ "id": "M1" })));
    let written = adapter.append("T".to_owned(), vec![with_file("m1")], host.call("k")).unwrap();
    assert_eq!(written[0].parts, ["M1"]);
    let told = host.requests()[1].json();
    assert_eq!(
        (&told["data"]["files"][0]["id"], &told["data"]["files"][0]["name"]),
        (&Value::Null, &json!("a.png"))
    );
    // What is wrong with the receiver is another matter.
    host.expect(Expect::post(URL).step("m2-file-0").answer(503, json!({})));
    let failure = adapter.append("T".to_owned(), vec![with_file("m2")], host.call("k2")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
}

#[test]
fn edits_removals_and_reactions_name_what_they_are_about_and_make_no_parts() {
    let host = Host::new();
    let adapter = adapter(&host);
    let target = || vec!["M1".to_owned()];
    let post = Post { text: Some("new".into()), files: Vec::new() };
    let items = [
        ("e", Content::Edit(Edit { target: target(), post })),
        ("d", Content::Removal(target())),
        ("r", Content::Reaction(Reaction { target: target(), key: "👍".to_owned(), removed: None })),
    ];
    for kind in ["message.edit", "message.remove", "message.react"] {
        host.expect(of(kind).with(|sent| sent.json()["data"]["target"] == json!(["M1"])));
    }
    let items = items.map(|(key, content)| {
        let mut item = sample::item(key, "");
        item.message.content = content;
        item
    });
    let written = adapter.append("T".to_owned(), items.into(), host.call("k")).unwrap();
    assert!(written.iter().all(|written| written.parts.is_empty()));
    let sent = host.requests();
    assert_eq!(sent[0].json()["data"]["text"], "new");
    assert_eq!(sent[2].json()["data"]["on"], true);
}

#[test]
fn what_nobody_can_show_is_not_sent() {
    let host = Host::new();
    let adapter = adapter(&host);
    let mut item = sample::item("o", "");
    let (kind, data) = ("m.custom".to_owned(), "{}".to_owned());
    item.message.content = Content::Other(Other { kind, plain: None, data });
    let written = adapter.append("T".to_owned(), vec![item], host.call("k")).unwrap();
    assert_eq!(written[0].parts, Vec::<String>::new());
}

#[test]
fn a_ticket_that_the_receiver_does_not_know_is_gone() {
    let host = Host::new();
    let adapter = adapter(&host);
    host.expect(of("ticket.update").answer(404, json!({})));
    let changes: Changes = vec![Change::Status(TicketStatus::Solved), Change::Assignee(None)].into();
    let failure = adapter.update("T".to_owned(), changes, host.call("k")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Gone);
    assert_eq!(
        host.requests()[0].json()["data"]["changes"],
        json!([{ "status": "solved" }, { "assignee": null }])
    );
}

#[test]
fn an_address_at_which_nobody_takes_envelopes_is_no_ticket_that_is_gone() {
    let host = Host::new();
    let adapter = adapter(&host);
    host.expect(of("ticket.open").answer(404, json!({})));
    let failure = adapter.open(sample::draft(Vec::new()), host.call("k")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.detail.contains("`url`"), "{}", failure.detail);
}

#[test]
fn what_was_not_granted_pauses_the_connection() {
    let host = Host::new();
    let unsigned: WebhookAdapter = host.prepare(json!({ "url": URL, "secret": "other" })).unwrap();
    let kind = |result: Result<Health, Failure>| result.unwrap_err().kind;
    assert_eq!(kind(unsigned.probe()), FailureKind::Unauthorised);
    let adapter = adapter(&host);
    host.expect(of("ping").fails(HttpFailure::Denied("no grant".to_owned())));
    assert_eq!(kind(adapter.probe()), FailureKind::Unauthorised);
}

#[test]
fn signals_are_told_only_where_they_are_wanted_and_never_as_a_step() {
    let host = Host::new();
    let quiet = adapter(&host);
    let signal = || Signal { kind: SignalKind::Typing, by: sample::customer(), target: Vec::new() };
    quiet.notify("T".to_owned(), signal()).unwrap();
    let chatty: WebhookAdapter =
        host.prepare(json!({ "url": URL, "signals": true, "bearer": "token" })).unwrap();
    host.expect(of("signal").header("authorization", "Bearer <token>"));
    chatty.notify("T".to_owned(), signal()).unwrap();
    assert_eq!(host.requests()[0].step, None);
}

fn hook(host: &Host, id: &str, body: &Value) -> Webhook {
    standard_webhook("webhook", id, host.now(), body.to_string().as_bytes())
}

#[test]
fn what_an_agent_does_comes_back_as_news_with_the_same_identifiers_each_time() {
    let host = Host::new();
    let adapter = adapter(&host);
    let body = json!([
        { "type": "message", "ticket": "T", "author": { "id": "eve", "name": "Eve" }, "text": "hi", "reply_to": ["M1"] },
        { "type": "note", "id": "n1", "ticket": "T", "author": { "id": "@eve:example.org" }, "text": "rude" },
        { "type": "changed", "ticket": "T", "changes": [{ "status": "solved" }], "by": { "id": "eve" } },
        { "type": "report", "ticket": "T", "target": ["M1"], "progress": "delivered" },
        { "type": "typing", "ticket": "T", "by": { "id": "eve" }, "active": true },
        { "type": "edit", "ticket": "T", "target": ["R1"], "author": { "id": "eve" }, "text": "hello" },
    ]);
    let hook = hook(&host, "w1", &body);
    assert!(adapter.accept(hook.clone()).keep);
    let entries = adapter.receive(hook.clone()).unwrap().entries;
    assert_eq!(entries, adapter.receive(hook).unwrap().entries);
    let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["w1-0", "n1", "w1-2", "w1-3", "w1-4", "w1-5"]);
    let News::Message(message) = &entries[0].news else { panic!("{:?}", entries[0]) };
    assert_eq!((message.author.id.as_str(), message.plain()), ("webhook:eve", Some("hi")));
    assert_eq!(message.reply_to, ["M1"]);
    assert!(matches!(&entries[1].news, News::Note(note) if note.author.network.is_none()));
    assert!(matches!(&entries[2].news, News::Changed(_)));
    assert!(matches!(&entries[5].news, News::Message(Message { content: Content::Edit(_), .. })));
}

#[test]
fn a_forged_a_stale_and_an_unreadable_webhook_are_not_kept() {
    let host = Host::new();
    let adapter = adapter(&host);
    let body = json!({ "type": "message", "ticket": "T", "author": { "id": "eve" }, "text": "hi" });
    let right = hook(&host, "w1", &body);
    let mut forged = right.clone();
    forged.body.push(b' ');
    assert_eq!((adapter.accept(forged.clone()).keep, adapter.accept(forged).status), (false, 401));
    let answer = adapter.accept(hook(&host, "w2", &json!({ "type": "dance", "ticket": "T" })));
    assert_eq!((answer.keep, answer.status), (false, 400));
    assert!(String::from_utf8(answer.body).unwrap().contains("dance"));
    host.set_now(host.now() + 301_000);
    assert_eq!(adapter.accept(right).status, 401);
}

#[test]
fn an_agents_file_is_fetched_from_where_the_receiver_says() {
    let host = Host::new();
    let adapter = adapter(&host);
    let file =
        json!({ "url": "https://crm.example.org/f/1", "name": "a.pdf", "mime_type": "application/pdf" });
    let body = json!({ "type": "message", "ticket": "T", "author": { "id": "eve" }, "files": [file] });
    let entries = adapter.receive(hook(&host, "w1", &body)).unwrap().entries;
    let News::Message(Message { content: Content::Post(post), .. }) = &entries[0].news else { panic!() };
    host.expect(Expect::get("https://crm.example.org/f/1").answer_bytes(200, b"pdf"));
    let handle = adapter.fetch(post.files[0].handle.clone()).unwrap();
    assert_eq!(host.file(&handle).as_deref(), Some(&b"pdf"[..]));
}

#[test]
fn settings_that_cannot_work_are_refused_by_their_place() {
    let host = Host::new();
    let refused = |settings: Value| host.prepare::<WebhookAdapter>(settings).map(drop).unwrap_err();
    assert_eq!(refused(json!({ "url": "crm.example.org" }))[0].at, "/url");
    assert!(refused(json!({ "url": URL, "secrets": "x" }))[0].message.contains("secrets"));
}

/// With `BLESS=1` in the environment the files are written anew.
#[test]
fn the_published_schemas_are_those_of_the_types() {
    use patchbay_sdk::schemars::{Schema, schema_for};
    let check = |name: &str, schema: Schema| {
        let path = format!("{}/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let made = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap_or_default(),
            made,
            "out of date: BLESS=1 writes {path} anew"
        );
    };
    check("envelope", schema_for!(envelope::Envelope));
    check("reply", schema_for!(reply::Reply));
    check("webhook", schema_for!(told::Body));
}
