use patchbay_sdk::testing::{Expect, Host, sample};

use super::*;

const API: &str = "https://zammad.example/api/v1";

fn zammad(host: &Host) -> Zammad {
    host.prepare(json!({ "url": "https://zammad.example/", "group": "Users" })).unwrap()
}

fn articles(ticket: u64, found: Value) -> Expect {
    Expect::get(format!("{API}/ticket_articles/by_ticket/{ticket}")).answer(200, found)
}

#[test]
fn a_person_is_found_by_their_login_or_made() {
    let host = Host::new();
    let search = || Expect::get(format!("{API}/users/search?query=login%3A%22whatsapp%3A380441234567%22"));
    host.expect(search().header("authorization", "Token token=<zammad-token>").answer(200, json!([])));
    host.expect(Expect::post(format!("{API}/users")).step("create-user").answer(201, json!({ "id": 5 })));
    host.expect(search().answer(200, json!([{ "id": 5, "login": "whatsapp:380441234567" }])));
    assert_eq!(zammad(&host).contact(sample::customer(), host.call("a")).unwrap(), "5");
    assert_eq!(zammad(&host).contact(sample::customer(), host.call("b")).unwrap(), "5");
}

#[test]
fn a_ticket_whose_answer_was_lost_is_found_and_not_opened_twice() {
    let host = Host::new();
    let mut draft = sample::draft(vec![sample::item("m1", "Printer"), sample::item("m2", "is broken")]);
    draft.initial = vec![Change::Queue(Some(Named::new("Hardware"))), Change::Tag("matrix".to_owned())];
    host.expect(
        Expect::post(format!("{API}/tickets"))
            .with(|sent| {
                let body = sent.text();
                body.contains(r#""note":"patchbay-k""#) && body.contains(r#""message_id":"patchbay-m1""#)
            })
            .lost(),
    );
    let search = format!("{API}/tickets/search?query=note%3A%22patchbay-k%22&expand=true");
    host.expect(Expect::get(search).answer(200, json!([{ "id": 7, "note": "patchbay-k" }])));
    host.expect(
        Expect::post(format!("{API}/tags/add"))
            .json(json!({ "item": "matrix", "object": "Ticket", "o_id": 7 })),
    );
    host.expect(articles(7, json!([{ "id": 70, "message_id": "patchbay-m1" }])));
    let first = host.call("k");
    assert_eq!(zammad(&host).open(draft.clone(), first.clone()).unwrap_err().kind, FailureKind::Unavailable);
    let opened = zammad(&host).open(draft, host.again(&first)).unwrap();
    assert_eq!(opened.ticket, Ticket::new("7").at("https://zammad.example/#ticket/zoom/7"));
    assert_eq!(opened.written, [Written { key: "m1".to_owned(), parts: vec!["70".to_owned()] }]);
}

#[test]
fn an_article_is_written_once_and_carries_its_file() {
    let host = Host::new();
    let mut item = sample::item("m1", "look");
    item.message.content = Content::Post(Post { text: None, files: vec![sample::attachment("a.png")] });
    host.expect(
        Expect::post(format!("{API}/ticket_articles"))
            .with(|sent| sent.json()["attachments"][0]["data"] == "<base64 handle-of-a.png>")
            .answer(503, json!({})),
    );
    host.expect(articles(7, json!([{ "id": 71, "message_id": "patchbay-m1" }])));
    let first = host.call("k");
    zammad(&host).append("7".to_owned(), vec![item.clone()], first.clone()).unwrap_err();
    let written = zammad(&host).append("7".to_owned(), vec![item], host.again(&first)).unwrap();
    assert_eq!(written[0].parts, ["71"]);
}

#[test]
fn what_zammad_cannot_show_is_said_again_as_a_post_and_a_ticket_it_lost_is_gone() {
    let host = Host::new();
    let mut edit = sample::item("m1", "");
    edit.message.content = Content::Removal(vec!["70".to_owned()]);
    let kind = |result: Result<Vec<Written>, Failure>| result.unwrap_err().kind;
    assert_eq!(
        kind(zammad(&host).append("7".to_owned(), vec![edit], host.call("a"))),
        FailureKind::Unsupported
    );
    host.expect(Expect::post(format!("{API}/ticket_articles")).answer(404, json!({})));
    let item = sample::item("m2", "hello");
    assert_eq!(kind(zammad(&host).append("7".to_owned(), vec![item], host.call("b"))), FailureKind::Gone);
}

#[test]
fn an_update_is_one_request_with_zammads_own_words() {
    let host = Host::new();
    let fields = json!({ "state": "closed", "priority": "3 high", "owner_id": 1 });
    host.expect(Expect::put(format!("{API}/tickets/7")).json(fields));
    let changes = vec![
        Change::Status(TicketStatus::Solved),
        Change::Priority(Priority::Urgent),
        Change::Assignee(None),
    ];
    zammad(&host).update("7".to_owned(), changes.into(), host.call("k")).unwrap();
}

fn hook(article: Value) -> Webhook {
    let ticket = json!({ "id": 7, "state": { "name": "closed" }, "updated_at": "2026-01-01T00:00:00Z" });
    sample::webhook(json!({ "ticket": ticket, "article": article }).to_string().as_bytes())
}

#[test]
fn an_agents_article_becomes_a_message_and_our_own_becomes_nothing() {
    let host = Host::new();
    let article = |message_id: &str, internal: bool| {
        json!({
            "id": 72, "body": "Try again", "internal": internal, "sender": "Agent", "message_id": message_id,
            "created_by": { "login": "eve", "firstname": "Eve", "lastname": "" },
        })
    };
    let receive = |article| zammad(&host).receive(hook(article)).unwrap().entries;
    let [entry] = &receive(article("", false))[..] else { panic!() };
    assert_eq!((entry.id.as_str(), entry.ticket.as_str()), ("article-72", "7"));
    assert!(matches!(&entry.news, News::Message(message) if message.author.name() == "Eve"));
    assert!(matches!(receive(article("", true))[0].news, News::Note(_)));
    assert_eq!(receive(article("patchbay-m1", false)), []);
    let [entry] = &receive(json!({}))[..] else { panic!() };
    assert!(
        matches!(&entry.news, News::Changed(changes) if changes.changes == [Change::Status(TicketStatus::Closed)])
    );
}

#[test]
fn a_webhook_without_zammads_signature_is_refused() {
    let host = Host::new();
    host.secret("zammad-webhook", "Jefe");
    let mut hook = sample::webhook(b"what do ya want for nothing?");
    assert_eq!(zammad(&host).accept(hook.clone()).status, 401);
    // RFC 2202, test 2.
    let value = "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79".to_owned();
    hook.headers.push(Header { name: "X-Hub-Signature".to_owned(), value });
    assert!(zammad(&host).accept(hook).keep);
}
