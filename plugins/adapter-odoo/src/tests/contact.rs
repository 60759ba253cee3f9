//! Who a person is in Odoo.

use super::*;

fn person() -> Person {
    Person { remote: None, email: Some("Bob.1795157953@Example.org".to_owned()), ..sample::customer() }
}

fn partner(id: i64, phone: &str, users: Value) -> Value {
    json!({ "id": id, "name": "Bob", "email": "bob@example.org", "phone": phone, "user_ids": users })
}

/// Answers to the search by phone, then to the one by e-mail.
fn meets(host: &Host, by_json2: bool, answers: &[Value]) {
    for answer in answers {
        host.expect(call(by_json2, "res.partner", "search_read", answer.clone()));
    }
}

fn made(host: &Host, by_json2: bool, id: i64) {
    host.expect(call(by_json2, "res.partner", "load", json!({ "ids": [id], "messages": [], "nextrow": 0 })));
    host.expect(call(by_json2, "res.partner", "search_read", json!([partner(id, "", json!([]))])));
}

fn asks(rule: impl Fn(&Host, &Odoo, bool)) {
    for by_json2 in [false, true] {
        let host = Host::new();
        let settings = settings("crm.lead");
        known(&host, &settings, by_json2);
        let odoo = odoo(&host, settings);
        rule(&host, &odoo, by_json2);
    }
}

#[test]
fn the_only_partner_with_the_phone_is_taken_however_odoo_writes_it() {
    asks(|host, odoo, by_json2| {
        // What the pattern finds and the whole number does not fit is somebody else.
        let found =
            json!([partner(15, "+380 (44) 123-45-67", json!([])), partner(16, "+390441234567", json!([]))]);
        meets(host, by_json2, &[found]);
        assert_eq!(odoo.contact(person(), host.call("k")).unwrap(), "15");
        assert_eq!(given(&host.requests()[0], 0, "domain"), json!([["phone", "like", "1%2%3%4%5%6%7"]]));
    });
}

#[test]
fn a_phone_that_only_the_bridge_told_as_an_identifier_counts_as_much() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    meets(&host, false, &[json!([partner(15, "00380441234567", json!([]))])]);
    let person = Person { phone: None, identifiers: vec!["tel:+380441234567".to_owned()], ..person() };
    assert_eq!(odoo(&host, settings("crm.lead")).contact(person, host.call("k")).unwrap(), "15");
}

#[test]
fn the_host_itself_is_nobodys_contact_and_writes_as_the_technical_user() {
    asks(|host, odoo, by_json2| {
        let me = body(OLD, "res_users.me")["result"].clone();
        host.expect(call(by_json2, "res.users", "read", me));
        let itself = Person { id: "patchbay:host".to_owned(), party: Party::System, ..person() };
        assert_eq!(odoo.contact(itself, host.call("k")).unwrap(), "7");
        assert_eq!(host.requests().len(), 1, "nobody is looked for, made or completed");
    });
}

#[test]
fn nobody_is_merged_where_several_fit_and_nobody_becomes_an_agent() {
    let several = json!([partner(15, "+380441234567", json!([])), partner(16, "+380441234567", json!([]))]);
    let colleague = json!([partner(8, "+380441234567", json!([7]))]);
    for found in [several, colleague] {
        asks(|host, odoo, by_json2| {
            meets(host, by_json2, &[found.clone()]);
            made(host, by_json2, 40);
            assert_eq!(odoo.contact(person(), host.call("k")).unwrap(), "40");
        });
    }
}

#[test]
fn the_recorded_search_by_mail_finds_one_and_two() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let person = Person { phone: None, identifiers: Vec::new(), ..person() };
    host.expect(
        rpc("res.partner", "search_read")
            .with(|sent| {
                given(sent, 0, "domain") == json!([["email_normalized", "=", "bob.1795157953@example.org"]])
            })
            .answer(200, body(OLD, "partner.search_read.email_normalized")),
    );
    made(&host, false, 14);
    assert_eq!(odoo(&host, settings("crm.lead")).contact(person, host.call("k")).unwrap(), "14");
}

#[test]
fn a_new_partner_has_an_external_id_that_follows_from_the_person_alone() {
    asks(|host, odoo, by_json2| {
        let mut names = Vec::new();
        for key in ["a", "b"] {
            meets(host, by_json2, &[json!([]), json!([])]);
            made(host, by_json2, 40);
            odoo.contact(person(), host.call(key)).unwrap();
            let load = host.requests().into_iter().rev().find(|sent| sent.step.is_some()).unwrap();
            assert_eq!(given(&load, 0, "fields"), json!(["id", "name", "phone", "email"]));
            names.push(given(&load, 1, "data")[0][0].clone());
        }
        assert_eq!(names[0], names[1]);
        assert!(names[0].as_str().unwrap().starts_with("patchbay.person_"));
    });
}

#[test]
fn who_loses_the_race_for_a_new_partner_asks_again_and_gets_the_winners() {
    let results = recorded(OLD, "load.concurrent_same_external_id")["results"].clone();
    asks(|host, odoo, by_json2| {
        meets(host, by_json2, &[json!([]), json!([])]);
        host.expect(call(by_json2, "res.partner", "load", results[1].clone()));
        host.expect(call(by_json2, "res.partner", "load", results[5].clone()));
        made(host, by_json2, 137);
        assert_eq!(odoo.contact(person(), host.call("k")).unwrap(), "137");
    });
}

#[test]
fn what_odoo_refuses_of_a_row_is_told_and_a_race_that_never_ends_waits() {
    let host = Host::new();
    known(&host, &settings("crm.lead"), false);
    let odoo = odoo(&host, settings("crm.lead"));
    let draft = || Draft { customer: customer(), ..sample::draft(vec![item("m", "hello")]) };
    // The customer's partner is no more: the recorded row names the field.
    for file in [OLD, NEW] {
        host.expect(rpc("crm.lead", "load").answer(200, body(file, "load.error_row")));
        assert_eq!(odoo.open(draft(), host.call(file)).unwrap_err().kind, FailureKind::UnknownPerson);
    }
    let lost = recorded(NEW, "load.concurrent_same_external_id")["results"][3].clone();
    host.expect(rpc("crm.lead", "load").answer(200, result(lost)).repeatedly());
    assert_eq!(odoo.open(draft(), host.call("c")).unwrap_err().kind, FailureKind::Busy);
}

#[test]
fn an_archived_partner_stays_archived_and_a_new_one_is_made() {
    asks(|host, odoo, by_json2| {
        // It was ours, and is not there any more; nor does anybody else fit.
        meets(host, by_json2, &[json!([]), json!([]), json!([])]);
        host.expect(call(
            by_json2,
            "res.partner",
            "load",
            json!({ "ids": [17], "messages": [], "nextrow": 0 }),
        ));
        meets(host, by_json2, &[json!([])]);
        made(host, by_json2, 41);
        let person = Person { remote: Some("17".to_owned()), ..person() };
        assert_eq!(odoo.contact(person, host.call("k")).unwrap(), "41");
    });
}

#[test]
fn a_changed_profile_fills_in_what_is_lacking_and_overwrites_nothing() {
    asks(|host, odoo, by_json2| {
        let row = json!([{ "id": 15, "name": "Robert", "email": "bob@example.org", "phone": false, "user_ids": [] }]);
        meets(host, by_json2, &[row]);
        host.expect(call(by_json2, "res.partner", "write", json!(true)).with(|sent| {
            let json = sent.json();
            let vals = json.pointer("/params/args/5/1").unwrap_or(&json["vals"]);
            *vals == json!({ "phone": "+380441234567" })
        }));
        let person = Person { remote: Some("15".to_owned()), ..person() };
        assert_eq!(odoo.contact(person, host.call("k")).unwrap(), "15");
    });
}
