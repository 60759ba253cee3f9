//! How a server is found out about, and what the two transports make of one call.

use super::*;

fn page_missing() -> Expect {
    Expect::get(format!("{URL}/web/version"))
        .answer_bytes(404, b"<!doctype html><title>404 Not Found</title>")
}

fn fields(model: &str) -> Value {
    match model {
        "res.partner" => {
            json!({ "name": { "type": "char" }, "email": { "type": "char" }, "phone": { "type": "char" } })
        }
        _ => {
            json!({ "name": { "type": "char", "required": true }, "stage_id": { "type": "many2one", "relation": "crm.stage" } })
        }
    }
}

/// 18 as it was recorded.
fn meets_18(host: &Host) {
    host.expect(page_missing());
    host.expect(service("version").answer(200, body(OLD, "common.version")));
    host.expect(service("authenticate").answer(200, body(OLD, "common.authenticate.apikey_as_password")));
    host.expect(rpc("crm.lead", "fields_get").answer(200, result(fields("crm.lead"))));
    host.expect(rpc("res.partner", "fields_get").answer(200, result(fields("res.partner"))));
    host.expect(rpc("crm.stage", "search_read").answer(200, body(OLD, "lead.stages")));
    host.expect(rpc("res.users", "read").answer(200, body(OLD, "res_users.me")));
}

fn health(host: &Host, settings: Value) -> Result<Health, Failure> {
    odoo(host, settings).probe()
}

#[test]
fn a_server_without_json_2_is_spoken_to_by_json_rpc_and_a_message_then_costs_one_call() {
    let host = Host::new();
    meets_18(&host);
    host.expect(rpc("crm.lead", "message_post").answer(200, body(OLD, "message_post.author_partner")));
    host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(81))));
    let odoo = odoo(&host, settings("crm.lead"));
    let written = odoo.append("7".to_owned(), vec![item("a", "I am Bob")], host.call("a")).unwrap();
    assert_eq!(written[0].parts, ["80"]);
    let before = host.requests().len();
    odoo.append("7".to_owned(), vec![item("b", "again")], host.call("b")).unwrap();
    assert_eq!(host.requests().len(), before + 1);
}

#[test]
fn a_server_with_json_2_is_spoken_to_by_it() {
    let host = Host::new();
    host.expect(Expect::get(format!("{URL}/web/version")).answer(200, body(JSON2, "web.version")));
    host.expect(json2("res.users", "context_get").answer(200, body(JSON2, "users.context_get")));
    host.expect(json2("crm.lead", "fields_get").answer(200, fields("crm.lead")));
    host.expect(json2("res.partner", "fields_get").answer(200, fields("res.partner")));
    host.expect(json2("crm.stage", "search_read").answer(200, json!([])));
    host.expect(json2("res.users", "read").answer(200, json!([{ "id": 5, "email": "bridge@example.test" }])));
    host.expect(json2("crm.lead", "message_post").answer(200, body(JSON2, "lead.message_post")));
    let odoo = odoo(&host, settings("crm.lead"));
    let written = odoo.append("10".to_owned(), vec![item("a", "hi")], host.call("a")).unwrap();
    assert_eq!(written[0].parts, ["178"]);
}

#[test]
fn the_same_call_is_by_place_in_json_rpc_and_by_name_in_json_2() {
    for by_json2 in [false, true] {
        let host = Host::new();
        let settings = settings("crm.lead");
        known(&host, &settings, by_json2);
        host.expect(call(
            by_json2,
            "crm.lead",
            "load",
            json!({ "ids": [150], "messages": [], "nextrow": 0 }),
        ));
        let draft = Draft { customer: customer(), ..sample::draft(vec![item("m", "Printer\nis broken")]) };
        let opened = odoo(&host, settings).open(draft, host.call("k")).unwrap();
        assert_eq!(opened.ticket, Ticket::new("150").at("https://odoo.example/odoo/crm.lead/150"));
        let sent = &host.requests()[0];
        assert_eq!(
            given(sent, 0, "fields"),
            json!(["id", "name", "partner_id/.id", "type", "x_patchbay_conversation"])
        );
        assert_eq!(
            given(sent, 1, "data"),
            json!([["patchbay.ticket_k", "Printer", "15", "opportunity", "conversation-1"]])
        );
        assert_eq!(sent.step.as_deref(), Some("open"));
    }
}

#[test]
fn a_login_that_is_not_accepted_is_tried_once_and_no_more() {
    for answer in ["common.authenticate.wrong_password", "common.authenticate.unknown_login"] {
        let host = Host::new();
        host.expect(page_missing());
        host.expect(service("version").answer(200, body(OLD, "common.version")));
        host.expect(service("authenticate").answer(200, body(OLD, answer)));
        let failure = health(&host, settings("crm.lead")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorised);
        assert!(failure.detail.contains("`bridge`"), "{failure:?}");
    }
}

#[test]
fn a_key_that_json_2_does_not_accept_is_not_tried_by_json_rpc_too() {
    for answer in ["auth.bad_key", "auth.password_is_not_a_key", "auth.no_authorization", "auth.basic_scheme"]
    {
        let host = Host::new();
        host.expect(Expect::get(format!("{URL}/web/version")).answer(200, body(JSON2, "web.version")));
        host.expect(json2("res.users", "context_get").answer(401, body(JSON2, answer)));
        assert_eq!(health(&host, settings("crm.lead")).unwrap_err().kind, FailureKind::Unauthorised);
    }
}

#[test]
fn a_wrong_database_holds_the_connection_and_tells_no_address_of_it() {
    let host = Host::new();
    host.expect(page_missing());
    host.expect(service("version").answer(200, body(OLD, "common.version")));
    host.expect(service("authenticate").answer(200, body(OLD, "common.authenticate.wrong_db")));
    let failure = health(&host, settings("crm.lead")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.detail.contains("database") && !failure.detail.contains("54329"), "{failure:?}");
    for answer in ["db.unknown_db", "db.no_header_multi_db", "mono_db.header_other_db"] {
        let entry = recorded(JSON2, answer);
        host.expect(Expect::get(format!("{URL}/web/version")).answer(200, body(JSON2, "web.version")));
        let page = entry["response"]["body"].as_str().unwrap().as_bytes();
        host.expect(json2("res.users", "context_get").answer_bytes(404, page));
        assert_eq!(health(&host, settings("crm.lead")).unwrap_err().kind, FailureKind::Unavailable);
    }
}

#[test]
fn a_missing_module_is_named_as_an_administrator_knows_it() {
    let host = Host::new();
    host.expect(page_missing());
    host.expect(service("version").answer(200, body(OLD, "common.version")));
    host.expect(service("authenticate").answer(200, body(OLD, "common.authenticate.ok")));
    host.expect(rpc("helpdesk.ticket", "fields_get").answer(200, body(OLD, "error.missing_model")));
    let failure = health(&host, settings("helpdesk.ticket")).unwrap_err();
    assert!(failure.detail.contains("helpdesk_mgmt"), "{failure:?}");
    host.expect(Expect::get(format!("{URL}/web/version")).answer(200, body(JSON2, "json.version")));
    host.expect(json2("res.users", "context_get").answer(200, body(JSON2, "users.context_get")));
    host.expect(json2("helpdesk.ticket", "fields_get").answer(404, body(JSON2, "error.missing_model")));
    assert!(health(&host, settings("helpdesk.ticket")).unwrap_err().detail.contains("helpdesk_mgmt"));
}

#[test]
fn what_is_kept_of_a_server_is_found_out_again_when_it_says_that_we_are_somebody_else() {
    for stale in ["execute_kw.wrong_password", "execute_kw.key_of_other_user"] {
        let host = Host::new();
        known(&host, &settings("crm.lead"), false);
        host.expect(rpc("crm.lead", "message_post").answer(200, body(OLD, stale)));
        meets_18(&host);
        host.expect(rpc("crm.lead", "message_post").answer(200, body(OLD, "message_post.comment")));
        let odoo = odoo(&host, settings("crm.lead"));
        let written = odoo.append("7".to_owned(), vec![item("a", "hello")], host.call("a")).unwrap();
        assert_eq!(written[0].parts, ["79"]);
    }
}

#[test]
fn settings_are_refused_in_words_of_odoos() {
    let host = Host::new();
    for (at, change) in [
        ("/url", json!({ "url": "odoo.example.org" })),
        ("/url", json!({ "url": "https://odoo.example.org/web" })),
        ("/url", json!({ "url": "https://bridge:key@odoo.example.org" })),
        ("/database", json!({ "database": " " })),
        ("/login", json!({ "login": "" })),
        ("/defaults", json!({ "model": "project.task" })),
        ("/defaults/Team", json!({ "defaults": { "Team": 1 } })),
        ("/defaults/tag_ids", json!({ "defaults": { "tag_ids": [1, 2] } })),
        ("/fields/contract", json!({ "fields": { "contract": "partner_id.name" } })),
        ("/teams/billing", json!({ "teams": { "billing": 0 } })),
    ] {
        let mut settings = settings("crm.lead");
        for (key, value) in change.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let problems = host.prepare::<Odoo>(settings).err().unwrap();
        assert_eq!(problems[0].at, at, "{problems:?}");
    }
    let mut fits = settings("crm.lead");
    fits["login"] = json!("");
    fits["transport"] = json!("json-2");
    assert!(host.prepare::<Odoo>(fits).is_ok());
}
