//! What agents did, on its way back.

use super::*;

fn row(id: i64, ticket: i64, body: &str) -> Value {
    json!({
        "id": id, "res_id": ticket, "author_id": [8, "Alice Agent"], "email_from": "\"Alice Agent\" <agent@example.test>",
        "body": body, "date": "2026-11-20 06:59:25", "message_type": "comment", "subtype_id": [1, "Discussions"],
        "is_internal": false, "message_id": "<1@vm>", "attachment_ids": [],
    })
}

fn alice() -> Value {
    json!([{ "id": 8, "name": "Alice Agent", "user_ids": [7], "image_128": "1.20 Kb" }])
}

/// One sweep: what it finds of messages (and, where there are new ones, of their authors), and of tickets.
struct Sweep {
    messages: Value,
    authors: Option<Value>,
    tickets: Value,
}

fn sweep(host: &Host, by_json2: bool, model: &str, sweep: Sweep) {
    host.expect(call(by_json2, "mail.message", "search_read", sweep.messages));
    if let Some(authors) = sweep.authors {
        host.expect(call(by_json2, "res.partner", "search_read", authors));
    }
    host.expect(call(by_json2, model, "search_read", sweep.tickets));
}

fn begins(host: &Host, odoo: &Odoo, by_json2: bool, model: &str) -> String {
    host.expect(call(by_json2, "mail.message", "search_read", json!([{ "id": 107 }])));
    host.expect(call(
        by_json2,
        model,
        "search_read",
        json!([{ "id": 4, "write_date": "2026-11-20 06:59:24" }]),
    ));
    let page = odoo.poll(None).unwrap();
    assert_eq!((page.entries, page.more), (Vec::new(), false));
    page.cursor
}

fn polls(rule: impl Fn(&Host, &Odoo, bool)) {
    for by_json2 in [false, true] {
        let host = Host::new();
        let settings = settings("helpdesk.ticket");
        known(&host, &settings, by_json2);
        let odoo = odoo(&host, settings);
        rule(&host, &odoo, by_json2);
    }
}

const TICKET: &str = "helpdesk.ticket";

#[test]
fn an_agents_comment_is_told_once_with_who_said_it() {
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        let found = || json!([row(110, 4, "<p>Hi <b>Bob</b></p>")]);
        sweep(
            host,
            by_json2,
            TICKET,
            Sweep { messages: found(), authors: Some(alice()), tickets: json!([]) },
        );
        let page = odoo.poll(Some(cursor)).unwrap();
        let [entry] = &page.entries[..] else { panic!("{page:?}") };
        assert_eq!((entry.id.as_str(), entry.ticket.as_str()), ("msg:110", "4"));
        let News::Message(message) = &entry.news else { panic!("{entry:?}") };
        assert_eq!((message.id.as_str(), message.sent_at), ("110", 1_795_157_965_000));
        assert_eq!((message.author.id.as_str(), message.author.party), ("odoo:partner:8", Party::Agent));
        assert_eq!(message.author.name(), "Alice Agent");
        assert!(message.author.attributes[0].value.starts_with("avatar:8:"));
        let text = Text { plain: "Hi Bob".to_owned(), html: Some("<p>Hi <b>Bob</b></p>".to_owned()) };
        assert_eq!(message.content, Content::Post(Post { text: Some(text), files: Vec::new() }));
        // It is young, so it is read again, and costs nothing more.
        sweep(host, by_json2, TICKET, Sweep { messages: found(), authors: None, tickets: json!([]) });
        assert_eq!(odoo.poll(Some(page.cursor)).unwrap().entries, []);
    });
}

#[test]
fn what_is_asked_leaves_out_notes_log_lines_and_our_own() {
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        sweep(host, by_json2, TICKET, Sweep { messages: json!([]), authors: None, tickets: json!([]) });
        odoo.poll(Some(cursor)).unwrap();
        assert_eq!(
            given(&host.requests()[2], 0, "domain"),
            json!([
                ["id", ">", 107],
                ["model", "=", "helpdesk.ticket"],
                ["message_type", "in", ["comment", "email"]],
                ["subtype_id.internal", "=", false],
                ["create_uid", "!=", 6],
            ])
        );
    });
}

#[test]
fn what_looks_internal_or_ours_is_not_told_even_if_it_was_found() {
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        let with = |id: i64, key: &str, value: Value| {
            let mut row = row(id, 4, "<p>secret</p>");
            row[key] = value;
            row
        };
        let messages = json!([
            with(110, "is_internal", json!(true)),
            with(111, "subtype_id", json!(false)),
            with(112, "message_id", json!("<patchbay.k@patchbay>")),
            row(113, 4, ""),
        ]);
        sweep(host, by_json2, TICKET, Sweep { messages, authors: Some(alice()), tickets: json!([]) });
        assert_eq!(odoo.poll(Some(cursor)).unwrap().entries, []);
    });
}

#[test]
fn a_lower_number_that_becomes_visible_after_a_higher_one_is_told() {
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        let both = [row(134, 4, "<p>A</p>"), row(135, 4, "<p>B</p>")];
        sweep(
            host,
            by_json2,
            TICKET,
            Sweep { messages: json!([both[1]]), authors: Some(alice()), tickets: json!([]) },
        );
        let page = odoo.poll(Some(cursor)).unwrap();
        assert_eq!(page.entries[0].id, "msg:135");
        // Nine minutes later it is still looked for.
        host.set_now(host.now() + 9 * 60 * 1000);
        sweep(
            host,
            by_json2,
            TICKET,
            Sweep { messages: json!(both), authors: Some(alice()), tickets: json!([]) },
        );
        let page = odoo.poll(Some(page.cursor)).unwrap();
        let ids: Vec<_> = page.entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["msg:134"]);
        // And once the overlap is over, neither is read again.
        let mut cursor = page.cursor;
        for _ in 0..3 {
            host.set_now(host.now() + 11 * 60 * 1000);
            sweep(host, by_json2, TICKET, Sweep { messages: json!([]), authors: None, tickets: json!([]) });
            cursor = odoo.poll(Some(cursor)).unwrap().cursor;
        }
        let last =
            host.requests().into_iter().rev().find(|sent| given(sent, 0, "domain")[0][0] == "id").unwrap();
        assert_eq!(given(&last, 0, "domain")[0], json!(["id", ">", 135]));
    });
}

#[test]
fn an_edit_is_told_as_one_and_an_emptied_message_as_a_removal() {
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        let said = |words: &str| json!([row(110, 4, words)]);
        sweep(
            host,
            by_json2,
            TICKET,
            Sweep { messages: said("<p>teh</p>"), authors: Some(alice()), tickets: json!([]) },
        );
        let page = odoo.poll(Some(cursor)).unwrap();
        sweep(
            host,
            by_json2,
            TICKET,
            Sweep { messages: said("<p>the</p>"), authors: Some(alice()), tickets: json!([]) },
        );
        let page = odoo.poll(Some(page.cursor)).unwrap();
        let [entry] = &page.entries[..] else { panic!() };
        let News::Message(message) = &entry.news else { panic!() };
        let Content::Edit(edit) = &message.content else { panic!("{message:?}") };
        assert_eq!((edit.target.as_slice(), message.plain()), (&["110".to_owned()][..], Some("the")));
        assert!(entry.id.starts_with("msg:110:"));
        sweep(
            host,
            by_json2,
            TICKET,
            Sweep { messages: said(""), authors: Some(alice()), tickets: json!([]) },
        );
        let page = odoo.poll(Some(page.cursor)).unwrap();
        let News::Message(message) = &page.entries[0].news else { panic!() };
        assert_eq!(message.content, Content::Removal(vec!["110".to_owned()]));
    });
}

#[test]
fn an_agents_files_come_as_files_with_handles_for_fetch() {
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        let mut message = row(110, 4, "<p>see</p>");
        message["attachment_ids"] = json!([48, 47]);
        host.expect(call(by_json2, "mail.message", "search_read", json!([message])));
        host.expect(call(by_json2, "res.partner", "search_read", alice()));
        let files = json!([
            { "id": 47, "name": "note.txt", "mimetype": "text/plain", "file_size": 16 },
            { "id": 48, "name": "pixel.png", "mimetype": "image/png", "file_size": 70 },
        ]);
        host.expect(call(by_json2, "ir.attachment", "search_read", files));
        host.expect(call(by_json2, TICKET, "search_read", json!([])));
        let page = odoo.poll(Some(cursor)).unwrap();
        let News::Message(message) = &page.entries[0].news else { panic!() };
        let Content::Post(post) = &message.content else { panic!() };
        let handles: Vec<_> = post.files.iter().map(|file| (file.handle.as_str(), file.size)).collect();
        assert_eq!(handles, [("att:47", Some(16)), ("att:48", Some(70))]);
        host.expect(call(
            by_json2,
            "ir.attachment",
            "read",
            json!([{ "id": 47, "datas": "aGVsbG8gYXR0YWNobWVudA==" }]),
        ));
        let handle = odoo.fetch("att:47".to_owned()).unwrap();
        assert!(host.file(&handle).is_some());
        host.expect(call(by_json2, "ir.attachment", "read", json!([])));
        assert_eq!(odoo.fetch("att:99".to_owned()).unwrap_err().kind, FailureKind::Gone);
        assert_eq!(odoo.fetch("../47".to_owned()).unwrap_err().kind, FailureKind::Rejected);
    });
}

fn ticket(stage: i64, user: Value, written: &str, by: i64) -> Value {
    json!([{
        "id": 4, "stage_id": [stage, "x"], "user_id": user, "team_id": false, "priority": "1", "tag_ids": [],
        "active": true, "write_date": written, "write_uid": [by, "somebody"],
    }])
}

#[test]
fn a_ticket_tells_what_somebody_else_changed_and_nothing_of_what_we_did() {
    polls(|host, odoo, by_json2| {
        let mut cursor = begins(host, odoo, by_json2, TICKET);
        let mut poll = |tickets: Value| {
            sweep(host, by_json2, TICKET, Sweep { messages: json!([]), authors: None, tickets });
            let page = odoo.poll(Some(cursor.clone())).unwrap();
            cursor = page.cursor;
            page.entries
        };
        // We opened it.
        assert_eq!(poll(ticket(1, json!(false), "2026-11-20 07:00:00", 6)), []);
        // Somebody takes it and closes it; the overlap shows that again and again.
        let closed = ticket(4, json!([7, "Alice Agent"]), "2026-11-20 07:01:00", 7);
        let [entry] = &poll(closed.clone())[..] else { panic!() };
        let alice = Named { id: "7".to_owned(), name: Some("Alice Agent".to_owned()) };
        let told = vec![Change::Status(TicketStatus::Closed), Change::Assignee(Some(alice))];
        assert!(matches!(&entry.news, News::Changed(changes) if changes.changes == told), "{entry:?}");
        assert!(entry.id.starts_with("rec:4:2026-11-20T07:01:00:"));
        assert_eq!(poll(closed), []);
        // We reopen it.
        host.expect(call(by_json2, TICKET, "search_read", ticket(4, json!(false), "", 7)));
        host.expect(call(by_json2, TICKET, "write", json!(true)));
        let changes = vec![Change::Status(TicketStatus::Open)];
        odoo.update("4".to_owned(), changes.into(), host.call("k")).unwrap();
        assert_eq!(poll(ticket(1, json!([7, "Alice Agent"]), "2026-11-20 07:02:00", 6)), []);
        // And somebody closes it again: that is news once more.
        let again = poll(ticket(4, json!([7, "Alice Agent"]), "2026-11-20 07:03:00", 7));
        assert_eq!(again.len(), 1);
    });
}

#[test]
fn a_full_page_goes_on_where_it_ended_before_tickets_are_read() {
    let host = Host::new();
    known(&host, &settings(TICKET), false);
    let odoo = odoo(&host, settings(TICKET));
    let cursor = begins(&host, &odoo, false, TICKET);
    let page: Vec<Value> = (0..100).map(|n| row(200 + n, 4, "<p>x</p>")).collect();
    host.expect(rpc("mail.message", "search_read").answer(200, result(json!(page))));
    host.expect(rpc("res.partner", "search_read").answer(200, result(alice())));
    let page = odoo.poll(Some(cursor)).unwrap();
    assert_eq!((page.entries.len(), page.more), (100, true));
    sweep(&host, false, TICKET, Sweep { messages: json!([]), authors: None, tickets: json!([]) });
    odoo.poll(Some(page.cursor)).unwrap();
    let asked = &host.requests()[4];
    assert_eq!(given(asked, 0, "domain")[0], json!(["id", ">", 299]));
}

#[test]
fn a_conversation_that_an_agent_begins_with_someone_we_know_opens_before_its_first_message() {
    for (external, opens) in [("patchbay.person_0af3", true), ("", false), ("base.partner_admin", false)] {
        for by_json2 in [false, true] {
            let host = Host::new();
            let mut settings = settings(TICKET);
            settings["start-conversations"] = json!(true);
            known(&host, &settings, by_json2);
            let odoo = odoo(&host, settings);
            let cursor = begins(&host, &odoo, by_json2, TICKET);
            host.expect(call(by_json2, "mail.message", "search_read", json!([row(110, 9, "<p>Hello</p>")])));
            host.expect(call(by_json2, "res.partner", "search_read", alice()));
            let made = json!([{ "id": 9, "name": "Your order", "partner_id": [15, "Bob"], "create_uid": [7, "Alice"] }]);
            host.expect(call(by_json2, TICKET, "search_read", made));
            host.expect(call(by_json2, "res.partner", "get_external_id", json!({ "15": external })));
            host.expect(call(by_json2, TICKET, "search_read", json!([])));
            let entries = odoo.poll(Some(cursor)).unwrap().entries;
            let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
            let wanted: &[&str] = if opens { &["open:9", "msg:110"] } else { &["msg:110"] };
            assert_eq!(ids, wanted);
            if let News::Opening(opening) = &entries[0].news {
                let seats: Vec<_> =
                    opening.seats.iter().map(|s| (s.role.as_str(), s.person.remote.as_deref())).collect();
                assert_eq!(opening.name, "Your order");
                assert_eq!(seats, [("customer", Some("15")), ("agent", Some("8"))]);
            }
        }
    }
}

#[test]
fn history_is_one_tickets_messages_oldest_first() {
    polls(|host, odoo, by_json2| {
        host.expect(call(
            by_json2,
            "mail.message",
            "search_read",
            json!([row(110, 4, "<p>a</p>"), row(111, 4, "<p>b</p>")]),
        ));
        host.expect(call(by_json2, "res.partner", "search_read", alice()));
        let page = odoo.history("4".to_owned(), None).unwrap();
        assert_eq!((page.entries.len(), page.more, page.cursor.as_str()), (2, false, "111"));
        assert_eq!(given(&host.requests()[0], 0, "domain")[1], json!(["res_id", "=", 4]));
    });
}

fn hook(body: &Value) -> Webhook {
    sample::webhook(body.to_string().as_bytes())
}

#[test]
fn each_recorded_webhook_is_a_hint_if_it_is_about_our_model_and_refused_if_not() {
    let host = Host::new();
    let all: Vec<Value> = {
        let path = format!("{}/../../fixtures/odoo/odoo-webhooks.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let mut kept = [0, 0];
    for entry in &all {
        for received in entry["received"].as_array().into_iter().flatten() {
            let body = &received["body"];
            for (n, model) in ["crm.lead", "helpdesk.ticket"].into_iter().enumerate() {
                let about = if body["_model"] == "mail.message" { &body["model"] } else { &body["_model"] };
                let mut webhook = hook(body);
                received["method"].as_str().unwrap().clone_into(&mut webhook.method);
                let answer = odoo(&host, settings(model)).accept(webhook.clone());
                assert_eq!(answer.keep, *about == model, "{} {body}", entry["name"]);
                if answer.keep {
                    kept[n] += 1;
                    let batch = odoo(&host, settings(model)).receive(webhook).unwrap();
                    assert_eq!(batch, Batch { entries: Vec::new(), poll: true });
                } else {
                    assert!((400..500).contains(&answer.status));
                }
            }
        }
    }
    assert!(kept[0] > 20 && kept[1] >= 2, "{kept:?}");
}

#[test]
fn what_is_no_webhook_of_odoos_is_refused_before_it_is_stored() {
    let host = Host::new();
    let odoo = odoo(&host, settings("crm.lead"));
    let status = |bytes: &[u8]| odoo.accept(sample::webhook(bytes)).status;
    assert_eq!(status(b""), 400);
    assert_eq!(status(b"[]"), 400);
    assert_eq!(status(b"{\"_model\":\"crm.lead\"}"), 400);
    assert_eq!(status(b"{\"_model\":\"crm.lead\",\"_id\":\"7\"}"), 400);
    assert_eq!(status(&vec![b' '; 65 << 10]), 413);
    let mut get = hook(&json!({ "_model": "crm.lead", "_id": 7 }));
    get.method = "GET".to_owned();
    assert_eq!(odoo.accept(get).status, 405);
}

#[test]
fn messages_that_are_too_large_together_are_read_one_by_one_and_hold_up_nobody() {
    use patchbay_sdk::http::contract::Failure as Lost;
    polls(|host, odoo, by_json2| {
        let cursor = begins(host, odoo, by_json2, TICKET);
        for _ in 0..3 {
            host.expect(
                call(by_json2, "mail.message", "search_read", json!([])).fails(Lost::TooLarge(1 << 20)),
            );
        }
        let mut huge = row(110, 4, "");
        huge.as_object_mut().unwrap().remove("body");
        host.expect(call(by_json2, "mail.message", "search_read", json!([huge])));
        host.expect(call(by_json2, "res.partner", "search_read", alice()));
        let page = odoo.poll(Some(cursor)).unwrap();
        let News::Message(message) = &page.entries[0].news else { panic!() };
        assert!(message.plain().unwrap().contains("too large") && page.more);
        // What is much is told in pieces.
        let large = |id| row(id, 4, &"<p>x</p>".repeat(20_000));
        host.expect(call(
            by_json2,
            "mail.message",
            "search_read",
            json!([large(111), large(112), large(113)]),
        ));
        host.expect(call(by_json2, "res.partner", "search_read", alice()));
        let page = odoo.poll(Some(page.cursor)).unwrap();
        assert_eq!((page.entries.len(), page.more), (1, true));
    });
}
