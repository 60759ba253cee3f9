//! The Odoo double as a client sees it.

use patchbay_test_support::odoo::{Automation, Fault, Login, Odoo, Version};
use serde_json::{Value, json};

struct Client {
    http: reqwest::Client,
    url: String,
    db: String,
}

impl Client {
    fn new(odoo: &Odoo) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: odoo.url(), db: odoo.database().to_owned() }
    }

    async fn rpc(&self, who: &Login, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": {
            "service": "object", "method": "execute_kw", "args": [self.db, who.uid, who.key, model, method, args, kwargs],
        }});
        let answer = self.http.post(format!("{}/jsonrpc", self.url)).json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn json2(&self, who: &Login, model: &str, method: &str, body: Value) -> (u16, Value) {
        let answer = self
            .http
            .post(format!("{}/json/2/{model}/{method}", self.url))
            .bearer_auth(&who.key)
            .header("X-Odoo-Database", &self.db)
            .json(&body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn message_post_answers_in_three_shapes() {
    let lead = json!({"name": "Lead"});
    let odoo = Odoo::start(Version::V18).await;
    let client = Client::new(&odoo);
    let id = odoo.new_ticket("crm.lead", lead.clone()).await;
    let post = json!({"body": "x", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"});
    let answer = client.rpc(&odoo.bridge(), "crm.lead", "message_post", json!([[id]]), post.clone()).await;
    assert!(answer["result"].is_i64(), "{answer}");
    let mut rule = Automation::changes("crm.lead", &[], &["name"]);
    rule.trigger = "on_message_sent".to_owned();
    odoo.automation("http://127.0.0.1:9/", &rule);
    let answer = client.rpc(&odoo.bridge(), "crm.lead", "message_post", json!([[id]]), post.clone()).await;
    assert!(answer["result"].as_str().unwrap().starts_with("mail.message("), "{answer}");

    let odoo = Odoo::start(Version::V19).await;
    let client = Client::new(&odoo);
    let id = odoo.new_ticket("crm.lead", lead).await;
    let answer = client.rpc(&odoo.bridge(), "crm.lead", "message_post", json!([[id]]), post.clone()).await;
    assert!(answer["result"][0].is_i64(), "{answer}");
    let mut named = post;
    named["ids"] = json!([id]);
    let (status, answer) = client.json2(&odoo.bridge(), "crm.lead", "message_post", named).await;
    assert_eq!((status, answer.as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(odoo.comments("crm.lead", id).len(), 2);
}

#[tokio::test]
async fn load_makes_one_record_and_the_loser_of_a_race_is_told_inside_a_success() {
    let odoo = Odoo::start(Version::V19).await;
    let client = Client::new(&odoo);
    let body = json!({"fields": ["id", "name", "description"], "data": [["patchbay.t1", "A", "<p>a</p>"]]});
    let (_, first) = client.json2(&odoo.bridge(), "helpdesk.ticket", "load", body.clone()).await;
    let (_, again) = client.json2(&odoo.bridge(), "helpdesk.ticket", "load", body.clone()).await;
    assert_eq!(first, again);
    odoo.faults().next_of("load", Fault::Conflict);
    let (status, lost) = client.json2(&odoo.bridge(), "helpdesk.ticket", "load", body).await;
    assert_eq!((status, &lost["ids"]), (200, &json!(false)));
    assert!(lost["messages"][0]["message"].as_str().unwrap().contains("could not serialize"));
    assert_eq!(odoo.records("helpdesk.ticket").len(), 1);
    assert_eq!(
        odoo.external("patchbay.t1"),
        Some(("helpdesk.ticket".to_owned(), first["ids"][0].as_i64().unwrap()))
    );
}

#[tokio::test]
async fn concurrent_loads_of_one_identifier_make_one_record() {
    let odoo = Odoo::start(Version::V18).await;
    odoo.latency(std::time::Duration::from_millis(40));
    let client = Client::new(&odoo);
    let args = json!([["id", "name", "description"], [["patchbay.t1", "A", "<p>a</p>"]]]);
    let bridge = odoo.bridge();
    let calls = (0..6).map(|_| client.rpc(&bridge, "helpdesk.ticket", "load", args.clone(), json!({})));
    let all = futures_join(calls).await;
    assert_eq!(all.iter().filter(|answer| answer["result"]["ids"].is_array()).count(), 1, "{all:?}");
    assert_eq!(odoo.records("helpdesk.ticket").len(), 1);
}

async fn futures_join<F: std::future::Future<Output = Value>>(calls: impl Iterator<Item = F>) -> Vec<Value> {
    let mut all: Vec<_> = calls.map(Box::pin).map(Some).collect();
    let mut done: Vec<Option<Value>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(move |cx| {
        for (call, value) in all.iter_mut().zip(&mut done) {
            if let Some(future) = call
                && let std::task::Poll::Ready(answer) = future.as_mut().poll(cx)
            {
                *value = Some(answer);
                *call = None;
            }
        }
        if all.iter().all(Option::is_none) {
            std::task::Poll::Ready(done.drain(..).flatten().collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn what_no_transcript_shows_is_501_and_is_remembered() {
    let odoo = Odoo::start(Version::V19).await;
    let client = Client::new(&odoo);
    let who = odoo.bridge();
    let answer = client
        .http
        .post(format!("{}/json/2/crm.lead/convert_opportunity", client.url))
        .bearer_auth(&who.key)
        .header("X-Odoo-Database", &client.db)
        .json(&json!({"ids": [1]}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 501);
    assert_eq!(odoo.unbacked().len(), 1);
    odoo.forgive();
}

#[tokio::test]
async fn a_later_message_is_seen_before_an_earlier_one_that_is_not_committed() {
    let odoo = Odoo::start(Version::V18).await;
    let id = odoo.new_ticket("crm.lead", json!({"name": "Lead"})).await;
    let held = odoo.hold("message_post");
    let (early, late) = tokio::join!(odoo.agent_comment("crm.lead", id, "<p>a</p>"), async {
        held.reached().await;
        let late = odoo.agent_comment("crm.lead", id, "<p>b</p>").await;
        let seen: Vec<i64> = odoo.comments("crm.lead", id).iter().map(|message| message.id).collect();
        assert_eq!(seen, [late]);
        held.release();
        late
    });
    assert!(early < late);
    assert_eq!(odoo.comments("crm.lead", id).len(), 2);
}

#[tokio::test]
async fn a_call_whose_client_is_gone_or_cut_off_is_carried_out() {
    let odoo = Odoo::start(Version::V19).await;
    let client = Client::new(&odoo);
    let id = odoo.new_ticket("crm.lead", json!({"name": "Lead"})).await;
    for fault in [Fault::CommitThenDrop, Fault::ResetAfterBytes(0), Fault::ResetAfterBytes(40)] {
        odoo.faults().next_of("message_post", fault.clone());
        let body = json!({"ids": [id], "body": "x", "message_type": "comment"});
        let sent = client
            .http
            .post(format!("{}/json/2/crm.lead/message_post", client.url))
            .bearer_auth(odoo.bridge().key)
            .header("X-Odoo-Database", &client.db)
            .json(&body)
            .send()
            .await;
        let whole = match sent {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole, "{fault:?}");
    }
    let posted =
        odoo.messages("crm.lead", id).into_iter().filter(|message| message.message_type == "comment").count();
    assert_eq!(posted, 3);
}
