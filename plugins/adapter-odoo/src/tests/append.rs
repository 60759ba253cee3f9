//! Messages on their way into Odoo, over both transports.

use patchbay_sdk::http::contract::Failure as Lost;

use super::*;

fn both(rule: impl Fn(&Host, &Odoo, bool)) {
    for by_json2 in [false, true] {
        let host = Host::new();
        let settings = settings("crm.lead");
        known(&host, &settings, by_json2);
        let odoo = odoo(&host, settings);
        rule(&host, &odoo, by_json2);
    }
}

fn append(odoo: &Odoo, call: Call, items: Vec<Item>) -> Result<Vec<Written>, Failure> {
    odoo.append("7".to_owned(), items, call)
}

#[test]
fn a_message_is_posted_as_the_customer_shown_to_everybody_and_mailed_to_nobody_while_we_wait() {
    both(|host, odoo, by_json2| {
        host.expect(call(by_json2, "crm.lead", "message_post", json!([82])));
        let mut said = item("m1", "one\n<two> & three");
        said.message.author.email = Some("bob@example.org".to_owned());
        let written = append(odoo, host.call("k"), vec![said]).unwrap();
        assert_eq!(written, [Written { key: "m1".to_owned(), parts: vec!["82".to_owned()] }]);
        let sent = &host.requests()[0];
        let ids =
            sent.json().pointer("/params/args/5/0").cloned().unwrap_or_else(|| sent.json()["ids"].clone());
        assert_eq!(ids, json!([7]));
        let mut named = named(sent);
        named.as_object_mut().unwrap().remove("ids");
        assert_eq!(
            named,
            json!({
                "body": "<p>one<br>&lt;two&gt; &amp; three</p>", "body_is_html": true, "message_type": "comment",
                "subtype_xmlid": "mail.mt_comment", "author_id": 15, "message_id": "<patchbay.m1@patchbay>",
                "context": {
                    "mail_notify_force_send": false, "mail_create_nosubscribe": true, "mail_post_autofollow": false,
                },
            })
        );
        assert_eq!(sent.step.as_deref(), Some("post-m1"));
    });
}

#[test]
fn each_shape_of_the_answer_names_the_message() {
    for (file, name, id) in [
        (OLD, "message_post.comment", "79"),
        (NEW, "message_post.comment", "134"),
        (OLD, "message_post.return_shape_with_on_message_automation", "1923"),
        (OLD, "message_post.html_body_is_html", "83"),
        (OLD, "message_post.unclosed_html", "84"),
        (OLD, "message_post.empty_body", "85"),
        (OLD, "message_post.emoji_unicode_null", "86"),
        (OLD, "message_post.nul_char", "87"),
        (OLD, "message_post.message_id.set", "95"),
        (OLD, "message_post.message_id.set_again", "96"),
        (OLD, "message_post.message_id.raw_matrix_event_id", "97"),
        (OLD, "message_post.attachment_ids", "99"),
        (OLD, "message_post.ticket", "107"),
    ] {
        let host = Host::new();
        known(&host, &settings("crm.lead"), false);
        host.expect(rpc("crm.lead", "message_post").answer(200, body(file, name)));
        let odoo = odoo(&host, settings("crm.lead"));
        assert_eq!(append(&odoo, host.call("k"), vec![item("a", "x")]).unwrap()[0].parts, [id], "{name}");
    }
}

#[test]
fn an_internal_item_is_a_note() {
    both(|host, odoo, by_json2| {
        host.expect(
            call(by_json2, "crm.lead", "message_post", json!([82]))
                .with(|sent| named(sent)["subtype_xmlid"] == "mail.mt_note"),
        );
        append(odoo, host.call("k"), vec![Item { internal: true, ..item("m1", "psst") }]).unwrap();
    });
}

#[test]
fn a_message_whose_answer_was_lost_is_looked_for_and_not_written_twice() {
    both(|host, odoo, by_json2| {
        host.expect(call(by_json2, "crm.lead", "message_post", json!([])).lost());
        host.expect(
            call(
                by_json2,
                "mail.message",
                "search_read",
                json!([{ "id": 1895, "message_id": "<patchbay.m1@patchbay>" }]),
            )
            .with(|sent| given(sent, 0, "domain") == json!([["message_id", "=", "<patchbay.m1@patchbay>"]])),
        );
        let first = host.call("k");
        let failure = append(odoo, first.clone(), vec![item("m1", "hello")]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unavailable);
        assert_eq!(append(odoo, host.again(&first), vec![item("m1", "hello")]).unwrap()[0].parts, ["1895"]);
    });
}

#[test]
fn an_error_inside_a_200_settles_nothing_and_the_next_attempt_posts() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let odoo = odoo(&host, settings("crm.lead"));
    let error =
        json!({ "error": { "code": 200, "data": { "name": "psycopg2.errors.SerializationFailure" } } });
    host.expect(rpc("crm.lead", "message_post").answer(200, error));
    host.expect(rpc("mail.message", "search_read").answer(200, body(OLD, "poll.nothing_new")));
    host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(5))));
    let first = host.call("k");
    assert_eq!(append(&odoo, first.clone(), vec![item("m1", "a")]).unwrap_err().kind, FailureKind::Busy);
    assert_eq!(append(&odoo, host.again(&first), vec![item("m1", "a")]).unwrap()[0].parts, ["5"]);
}

#[test]
fn a_missing_error_is_about_the_ticket_the_author_or_neither_and_that_is_asked() {
    let cases: [(&[Value], FailureKind); 3] = [
        (&[json!([])], FailureKind::Gone),
        (&[json!([{ "id": 7 }]), json!([])], FailureKind::UnknownPerson),
        (&[json!([{ "id": 7 }]), json!([{ "id": 15 }])], FailureKind::Busy),
    ];
    for (answers, kind) in cases {
        let host = Host::new();
        known(&host, &settings("crm.lead"), false);
        host.expect(rpc("crm.lead", "message_post").answer(200, body(OLD, "message_post.bad_author")));
        for (answer, model) in answers.iter().zip(["crm.lead", "res.partner"]) {
            host.expect(rpc(model, "search_read").answer(200, result(answer.clone())));
        }
        let odoo = odoo(&host, settings("crm.lead"));
        assert_eq!(append(&odoo, host.call("k"), vec![item("a", "x")]).unwrap_err().kind, kind);
    }
}

#[test]
fn a_file_goes_onto_the_record_by_itself_and_is_found_again() {
    both(|host, odoo, by_json2| {
        let mut said = item("m1", "look");
        let post = Post { text: Some("look".into()), files: vec![sample::attachment("../a\u{202e}.png")] };
        said.message.content = Content::Post(post);
        host.expect(
            call(by_json2, "ir.attachment", "create", json!([53])).step("file-0-m1").with(|sent| {
                given(sent, 0, "vals_list")
                    == json!({
                        "name": "a\u{202e}.png", "datas": "<base64 handle-of-../a\u{202e}.png>", "mimetype": "image/png",
                        "res_model": "crm.lead", "res_id": 7, "description": "patchbay m1 0",
                    })
            }),
        );
        host.expect(call(by_json2, "crm.lead", "message_post", json!([])).lost());
        host.expect(call(by_json2, "mail.message", "search_read", json!([])));
        host.expect(call(by_json2, "ir.attachment", "search_read", json!([{ "id": 53 }])));
        host.expect(
            call(by_json2, "crm.lead", "message_post", json!([180]))
                .with(|sent| named(sent)["attachment_ids"] == json!([53])),
        );
        let first = host.call("k");
        append(odoo, first.clone(), vec![said.clone()]).unwrap_err();
        assert_eq!(append(odoo, host.again(&first), vec![said]).unwrap()[0].parts, ["180"]);
    });
}

#[test]
fn a_file_that_is_not_handed_out_does_not_hold_up_the_words() {
    both(|host, odoo, by_json2| {
        let mut said = item("m1", "look");
        let post = Post { text: Some("look".into()), files: vec![sample::attachment("a.png")] };
        said.message.content = Content::Post(post);
        let refused = call(by_json2, "ir.attachment", "create", json!([]));
        host.expect(refused.fails(Lost::Denied("files are not granted".to_owned())));
        host.expect(call(by_json2, "crm.lead", "message_post", json!([5])).with(|sent| {
            let body = named(sent)["body"].as_str().unwrap().to_owned();
            body.contains("<p>look</p>") && body.contains("a.png") && body.contains("could not be attached")
        }));
        append(odoo, host.call("k"), vec![said]).unwrap();
    });
}

#[test]
fn a_reply_says_above_it_what_it_answers() {
    both(|host, odoo, by_json2| {
        let mut said = item("m1", "yes");
        said.message.reply_to = vec!["79".to_owned()];
        let row = json!([{ "id": 79, "body": "<p>Does it <b>work</b>?</p><p>More</p>", "author_id": [8, "Alice <Agent>"] }]);
        host.expect(call(by_json2, "mail.message", "search_read", row));
        host.expect(call(by_json2, "crm.lead", "message_post", json!([5])).with(|sent| {
            named(sent)["body"] == "<p><em>↪ Alice &lt;Agent&gt;: “Does it work?”</em></p><p>yes</p>"
        }));
        append(odoo, host.call("k"), vec![said]).unwrap();
    });
}

#[test]
fn an_edit_and_a_removal_change_the_message_itself() {
    both(|host, odoo, by_json2| {
        let mut edit = item("m2", "");
        let post = Post { text: Some("better".into()), files: Vec::new() };
        edit.message.content = Content::Edit(Edit { target: vec!["80".to_owned()], post });
        host.expect(call(by_json2, "mail.message", "write", json!(true)).with(|sent| {
            given(sent, 1, "vals")["body"].as_str().or(given(sent, 0, "vals")["body"].as_str())
                == Some("<p>better</p><p><em>(edited)</em></p>")
        }));
        assert_eq!(append(odoo, host.call("a"), vec![edit]).unwrap()[0].parts, [""; 0]);
        let mut removal = item("m3", "");
        removal.message.content = Content::Removal(vec!["80".to_owned()]);
        host.expect(call(
            by_json2,
            "mail.message",
            "search_read",
            json!([{ "id": 80, "attachment_ids": [53] }]),
        ));
        host.expect(call(by_json2, "mail.message", "write", json!(true)));
        host.expect(call(by_json2, "ir.attachment", "unlink", json!(true)));
        append(odoo, host.call("b"), vec![removal]).unwrap();
    });
}

#[test]
fn an_edit_of_what_is_not_there_or_not_ours_is_said_again() {
    for refusal in ["error.missing_record.write", "error.access_denied.write_partner"] {
        let host = Host::new();
        known(&host, &settings("crm.lead"), false);
        let mut edit = item("m2", "");
        let post = Post { text: Some("better".into()), files: Vec::new() };
        edit.message.content = Content::Edit(Edit { target: vec!["80".to_owned()], post });
        host.expect(rpc("mail.message", "write").answer(200, body(OLD, refusal)));
        host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(90))));
        let odoo = odoo(&host, settings("crm.lead"));
        assert_eq!(append(&odoo, host.call("a"), vec![edit]).unwrap()[0].parts, ["90"]);
    }
}

#[test]
fn what_odoo_has_no_form_for_becomes_a_note_and_what_says_nothing_nothing() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let odoo = odoo(&host, settings("crm.lead"));
    let reaction = |removed| {
        Content::Reaction(Reaction { target: vec!["80".to_owned()], key: "👍".to_owned(), removed })
    };
    let moved = Membership { who: sample::customer(), presence: Presence::Left };
    let place = Location { latitude: 50.45, longitude: 30.52, label: None };
    let other = |plain: Option<&str>| {
        Content::Other(Other {
            kind: "poll".to_owned(),
            plain: plain.map(str::to_owned),
            data: "{}".to_owned(),
        })
    };
    for (n, (content, note, words)) in [
        (reaction(None), true, "Olha reacted with 👍"),
        (Content::Membership(moved), true, "Olha left"),
        (Content::Unreadable("no key".to_owned()), true, "no key"),
        (Content::Location(place), false, "mlat=50.450000"),
        (other(Some("A poll: tea?")), false, "A poll: tea?"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("n{n}");
        let said = Item { message: Message { content, ..item("", "").message }, ..item(&key, "") };
        if note && n == 0 {
            let row = json!([{ "id": 80, "body": "<p>hi</p>", "author_id": [8, "Alice"] }]);
            host.expect(rpc("mail.message", "search_read").answer(200, result(row)));
        }
        host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(90 + n))).with(move |sent| {
            let named = named(sent);
            let subtype = if note { "mail.mt_note" } else { "mail.mt_comment" };
            named["body"].as_str().unwrap().contains(words) && named["subtype_xmlid"] == subtype
        }));
        append(&odoo, host.call(&key), vec![said]).unwrap();
    }
    let before = host.requests().len();
    for content in [reaction(Some(vec!["81".to_owned()])), other(None)] {
        let said = Item { message: Message { content, ..item("", "").message }, ..item("z", "") };
        assert!(append(&odoo, host.call("z"), vec![said]).unwrap()[0].parts.is_empty());
    }
    assert_eq!(host.requests().len(), before);
}

#[test]
fn an_old_message_keeps_its_time_and_nobody_speaks_in_the_future() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let odoo = odoo(&host, settings("crm.lead"));
    let date = |key: &str, sent_at: Timestamp| {
        let mut said = item(key, "x");
        said.message.sent_at = sent_at;
        host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(5))));
        append(&odoo, host.call(key), vec![said]).unwrap();
        named(host.requests().last().unwrap())["date"].clone()
    };
    assert_eq!(date("a", host.now() - 3_600_000), "2025-12-31 23:00:00");
    assert_eq!(date("b", host.now()), Value::Null);
    assert_eq!(date("c", host.now() + 3_600_000), Value::Null);
}

#[test]
fn a_body_that_no_chatter_takes_is_set_aside_and_costs_no_call() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let huge = "x".repeat(10 << 20);
    let failure =
        append(&odoo(&host, settings("crm.lead")), host.call("k"), vec![item("a", &huge)]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert_eq!(host.requests(), []);
}

#[test]
fn typing_is_answered_without_a_call_and_an_identifier_that_is_no_number_is_no_ticket() {
    let host = Host::new();
    let odoo = odoo(&host, settings("crm.lead"));
    let signal = Signal { kind: SignalKind::Typing, by: customer(), target: Vec::new() };
    assert_eq!(odoo.notify("7".to_owned(), signal).unwrap_err().kind, FailureKind::Unsupported);
    let gone = odoo.append("desk-1".to_owned(), vec![item("a", "x")], host.call("k")).unwrap_err();
    assert_eq!(gone.kind, FailureKind::Gone);
    assert_eq!(host.requests(), []);
}
