//! Changes on their way into Odoo.

use super::*;

fn updates(model: &str, changes: Vec<Change>, before: &[Value], wanted: Value) {
    for by_json2 in [false, true] {
        let host = Host::new();
        let mut settings = settings(model);
        settings["stages"] = json!({ "pending": "awaiting" });
        settings["teams"] = json!({ "billing": 3 });
        settings["agents"] = json!({ "alice": 7 });
        settings["fields"] = json!({ "contract": "x_contract" });
        known(&host, &settings, by_json2);
        let mut reads = before.iter();
        while let Some(model) = reads.next() {
            host.expect(call(
                by_json2,
                model.as_str().unwrap(),
                "search_read",
                reads.next().unwrap().clone(),
            ));
        }
        let wanted = wanted.clone();
        host.expect(call(by_json2, model, "write", json!(true)).step("update").with(move |sent| {
            let json = sent.json();
            json.pointer("/params/args/5/1").unwrap_or(&json["vals"]) == &wanted
        }));
        odoo(&host, settings).update("7".to_owned(), changes.clone().into(), host.call("k")).unwrap();
    }
}

#[test]
fn all_of_one_update_is_one_write_in_odoos_words() {
    let changes = vec![
        Change::Status(TicketStatus::Pending),
        Change::Assignee(Some(Named::new("alice"))),
        Change::Queue(Some(Named::new("billing"))),
        Change::Priority(Priority::Urgent),
        Change::Subject("Printer\non fire".to_owned()),
        Change::Field(Attribute { key: "contract".to_owned(), value: "A-1".to_owned() }),
        Change::Tag("matrix".to_owned()),
        Change::Untag("cold".to_owned()),
    ];
    let reads = [json!("crm.tag"), json!([{ "id": 4 }]), json!("crm.tag"), json!([{ "id": 5 }])];
    let wanted = json!({
        "stage_id": 3, "active": true, "user_id": 7, "team_id": 3, "priority": "3", "name": "Printer on fire",
        "x_contract": "A-1", "tag_ids": [[4, 4], [3, 5]],
    });
    updates("crm.lead", changes, &reads, wanted);
}

#[test]
fn closing_goes_to_the_first_stage_that_is_marked_as_done() {
    updates("helpdesk.ticket", vec![Change::Status(TicketStatus::Closed)], &[], json!({ "stage_id": 4 }));
}

#[test]
fn reopening_moves_a_closed_ticket_and_leaves_an_open_one_in_its_stage() {
    let closed = [json!("helpdesk.ticket"), json!([{ "id": 7, "stage_id": [4, "Done"], "active": true }])];
    updates("helpdesk.ticket", vec![Change::Status(TicketStatus::Open)], &closed, json!({ "stage_id": 1 }));
    let host = Host::new();
    known(&host, &settings("helpdesk.ticket"), false);
    let row = json!([{ "id": 7, "stage_id": [2, "In Progress"], "active": true }]);
    host.expect(rpc("helpdesk.ticket", "search_read").answer(200, result(row)));
    let changes = vec![Change::Status(TicketStatus::Open)];
    odoo(&host, settings("helpdesk.ticket")).update("7".to_owned(), changes.into(), host.call("k")).unwrap();
}

#[test]
fn a_lead_that_is_closed_is_lost_and_a_task_has_a_state() {
    updates(
        "crm.lead",
        vec![Change::Status(TicketStatus::Closed)],
        &[],
        json!({ "active": false, "probability": 0 }),
    );
    updates("project.task", vec![Change::Status(TicketStatus::Solved)], &[], json!({ "state": "1_done" }));
    updates("project.task", vec![Change::Assignee(None)], &[], json!({ "user_ids": [[6, 0, []]] }));
    let queue = Change::Queue(Some(Named::new("12")));
    updates("project.task", vec![queue], &[], json!({ "project_id": 12 }));
}

#[test]
fn a_name_that_odoo_does_not_know_is_told_with_where_to_say_it() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let odoo = odoo(&host, settings("crm.lead"));
    for (change, model, place) in [
        (Change::Assignee(Some(Named::new("bob"))), "res.users", "`agents`"),
        (Change::Queue(Some(Named::new("nowhere"))), "crm.team", "`teams`"),
    ] {
        host.expect(rpc(model, "search_read").answer(200, result(json!([]))));
        let failure = odoo.update("7".to_owned(), vec![change].into(), host.call(model)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Rejected);
        assert!(failure.detail.contains(place), "{failure:?}");
    }
    let path = Change::Field(Attribute { key: "partner_id.email".to_owned(), value: "x".to_owned() });
    assert_eq!(
        odoo.update("7".to_owned(), vec![path].into(), host.call("f")).unwrap_err().kind,
        FailureKind::Rejected
    );
}

#[test]
fn a_ticket_that_was_deleted_is_gone() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    host.expect(rpc("crm.lead", "write").answer(200, body(OLD, "error.missing_record.write")));
    host.expect(rpc("crm.lead", "search_read").answer(200, result(json!([]))));
    let changes = vec![Change::Priority(Priority::Low)];
    let failure = odoo(&host, settings("crm.lead")).update("7".to_owned(), changes.into(), host.call("k"));
    assert_eq!(failure.unwrap_err().kind, FailureKind::Gone);
}

#[test]
fn what_a_new_ticket_has_to_have_is_in_the_row_that_makes_it() {
    let host = Host::new();
    let mut settings = settings("helpdesk.ticket");
    settings["defaults"] = json!({ "team_id": 3, "x_source": "matrix", "x_count": 2, "x_vip": true });
    known(&host, &settings, false);
    host.expect(rpc("helpdesk.ticket", "load").answer(200, body(OLD, "load.ticket_by_external_id")));
    let mut draft = Draft { customer: customer(), ..sample::draft(vec![item("m", "It <burns>")]) };
    draft.initial = vec![Change::Priority(Priority::High), Change::Assignee(Some(Named::new("7")))];
    let opened = odoo(&host, settings).open(draft, host.call("k-1")).unwrap();
    assert_eq!(opened.ticket.id, "5");
    let sent = &host.requests()[0];
    let columns = [
        "id",
        "name",
        "partner_id/.id",
        "x_patchbay_conversation",
        "description",
        "team_id/.id",
        "x_count",
        "x_source",
        "x_vip",
        "priority",
        "user_id/.id",
    ];
    assert_eq!(given(sent, 0, "fields"), json!(columns));
    let cells = [
        "patchbay.ticket_k-1",
        "It <burns>",
        "15",
        "conversation-1",
        "<p>It &lt;burns&gt;</p>",
        "3",
        "2",
        "matrix",
        "True",
        "2",
        "7",
    ];
    assert_eq!(given(sent, 1, "data"), json!([cells]));
}

#[test]
fn before_18_a_ticket_is_opened_elsewhere_in_the_browser_and_a_body_is_html_anyway() {
    let host = Host::new();
    let settings = settings("crm.lead");
    known(&host, &settings, false);
    let read: Settings = serde_json::from_value(settings.clone()).unwrap();
    let key = format!("known-{}", crate::known::digest(&read.place()));
    let mut kept: Value = serde_json::from_slice(&host.stored(&key).unwrap()).unwrap();
    kept["version"] = json!("16.0");
    host.store(&key, kept.to_string());
    let odoo = odoo(&host, settings);
    host.expect(rpc("crm.lead", "load").answer(200, body(OLD, "load.lead_by_external_id")));
    let draft = Draft { customer: customer(), ..sample::draft(vec![item("m", "hello")]) };
    let opened = odoo.open(draft, host.call("k")).unwrap();
    assert_eq!(opened.ticket.url.unwrap(), "https://odoo.example/web#id=132&model=crm.lead&view_type=form");
    host.expect(rpc("crm.lead", "message_post").answer(200, result(json!(5))));
    odoo.append("132".to_owned(), vec![item("m", "hello")], host.call("l")).unwrap();
    assert_eq!(named(&host.requests()[1])["body_is_html"], Value::Null);
}

#[test]
fn a_ticket_is_its_customers_whom_the_host_names_with_what_they_say() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    host.expect(rpc("crm.lead", "load").answer(200, body(OLD, "load.lead_by_external_id")));
    let draft =
        Draft { customer: Person { remote: None, ..customer() }, ..sample::draft(vec![item("m", "hello")]) };
    odoo(&host, settings("crm.lead")).open(draft, host.call("k")).unwrap();
    assert_eq!(given(&host.requests()[0], 1, "data")[0][2], "15");
}
