//! Membership, power, upgrades: each captured call in its order, and what was pushed meanwhile.

use patchbay_test_support::homeserver::{Homeserver, Options};
use serde_json::Value;

use crate::{
    appservice::Appservice,
    replay::{Bound, ask},
};

pub(crate) fn captured(name: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/matrix/");
    serde_json::from_str(&std::fs::read_to_string(format!("{path}{name}.json")).unwrap()).unwrap()
}

pub(crate) fn crm() -> Options {
    Options {
        registration: "crm".to_owned(),
        as_token: "AS_TOKEN".to_owned(),
        hs_token: "HS_TOKEN".to_owned(),
        bot: "_crm_bot".to_owned(),
        prefix: "_crm_".to_owned(),
        ..Options::default()
    }
}

#[tokio::test]
async fn rooms_behave_call_by_call_as_they_were_captured() {
    let options = Options { upload_limit: 1 << 20, ephemeral: false, ..crm() };
    let homeserver = Homeserver::start(options).await;
    let appservice = Appservice::start().await;
    homeserver.push_to(&appservice.url);
    let people = [homeserver.person("alice", "Alice"), homeserver.person("bob", "Bob")];
    let (mut bound, mut wrong) = (Bound::default(), Vec::new());
    let file = captured("rooms");
    for call in file["calls"].as_array().unwrap() {
        let whose = call["as"].as_str().unwrap();
        let person = people.iter().find(|person| person.id() == format!("@{whose}:localhost"));
        let token = person.map_or_else(|| "AS_TOKEN".to_owned(), |person| person.token());
        let (status, body) = ask(&homeserver.url(), Some(&token), &call["request"], &bound).await;
        let name = call["name"].as_str().unwrap();
        if call["response"]["status"] != status {
            wrong.push(format!("{name}: {status} {body} instead of {}", call["response"]["status"]));
            continue;
        }
        let mut here = Vec::new();
        bound.compare("", &call["response"]["body"], &body, &mut here);
        wrong.extend(here.into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    homeserver.all_pushed().await;
    let pushed: Vec<Value> = appservice
        .got()
        .into_iter()
        .flat_map(|(_, body)| body["events"].as_array().unwrap().clone())
        .collect();
    let shown = |event: &Value| {
        let text = |key: &str| event[key].as_str().unwrap_or("-").to_owned();
        let membership = event["content"]["membership"].as_str().unwrap_or_default();
        format!("{} {} by {} {membership}", text("type"), text("state_key"), text("sender"))
    };
    let all = file["pushed"].as_array().unwrap();
    // A new name is told room by room, in no order.
    let renamed = 5;
    let wanted: Vec<String> = all[..all.len() - renamed].iter().map(shown).collect();
    let ours: Vec<String> = pushed[..pushed.len() - renamed].iter().map(shown).collect();
    assert_eq!(ours, wanted);
    for (captured, ours) in all.iter().zip(&pushed).take(wanted.len()) {
        let mut here = Vec::new();
        bound.compare("", captured, ours, &mut here);
        assert!(here.is_empty(), "{}: {here:#?}", shown(captured));
    }
}
