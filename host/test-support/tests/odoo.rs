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

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_its_call() {
    use tokio::io::AsyncWriteExt;
    let odoo = Odoo::start(Version::V19).await;
    odoo.latency(std::time::Duration::from_millis(30));
    let id = odoo.new_ticket("crm.lead", json!({"name": "Lead"})).await;
    let body =
        json!({"ids": [id], "body": "x", "message_type": "comment", "message_id": "<gone>"}).to_string();
    let mut stream = tokio::net::TcpStream::connect(odoo.address()).await.unwrap();
    let head = format!(
        "POST /json/2/crm.lead/message_post HTTP/1.1\r\nHost: odoo\r\nAuthorization: bearer {}\r\nX-Odoo-Database: \
         crm19\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        odoo.bridge().key,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    drop(stream);
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while odoo.messages_with_id("<gone>").is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_wrong_password_costs_time_and_is_counted() {
    let odoo = Odoo::start(Version::V18).await;
    odoo.login_cost(std::time::Duration::from_millis(60));
    let client = Client::new(&odoo);
    let mut wrong = odoo.bridge();
    wrong.key = "no such key".to_owned();
    let begun = std::time::Instant::now();
    let answer = client.rpc(&wrong, "res.partner", "search_count", json!([[]]), json!({})).await;
    assert_eq!(answer["error"]["data"]["name"], "odoo.exceptions.AccessDenied");
    assert!(begun.elapsed() >= std::time::Duration::from_millis(60));
    assert_eq!(odoo.failed_logins(), 1);
}

#[tokio::test]
async fn an_author_without_an_address_is_refused_unless_one_is_given() {
    let odoo = Odoo::start(Version::V19).await;
    let client = Client::new(&odoo);
    let id = odoo.new_ticket("crm.lead", json!({"name": "Lead"})).await;
    let author = odoo.seed("res.partner", json!({"name": "By phone alone"}));
    let mut body = json!({"ids": [id], "body": "x", "message_type": "comment", "author_id": author});
    let (status, refused) = client.json2(&odoo.bridge(), "crm.lead", "message_post", body.clone()).await;
    assert_eq!((status, &refused["name"]), (422, &json!("odoo.exceptions.UserError")));
    body["email_from"] = json!("\"By phone alone\" <bridge@example.test>");
    let (status, _) = client.json2(&odoo.bridge(), "crm.lead", "message_post", body).await;
    assert_eq!(status, 200);
    assert_eq!(odoo.messages("crm.lead", id).last().unwrap().author, Some(author));
}

#[tokio::test]
async fn an_own_rule_made_over_the_api_sends_webhooks_and_a_new_user_has_the_rights_of_their_groups() {
    let odoo = Odoo::start(Version::V18).await;
    let client = Client::new(&odoo);
    let admin = odoo.admin();
    let find = async |model: &str, field: &str, value: &str| {
        let answer = client.rpc(&admin, model, "search", json!([[[field, "=", value]]]), json!({})).await;
        answer["result"][0].as_i64().unwrap()
    };
    let model = find("ir.model", "model", "crm.lead").await;
    let rule = json!({
        "name": "rule", "model_id": model, "trigger": "on_create_or_write", "filter_domain": "[(\"write_uid\", \"!=\", 2)]",
        "action_server_ids": [[0, 0, {"name": "tell", "state": "webhook", "model_id": model, "webhook_url": "http://127.0.0.1:9/x"}]],
    });
    let made = client.rpc(&admin, "base.automation", "create", json!([rule]), json!({})).await["result"]
        .as_i64()
        .unwrap();
    let acts = json!([[["base_automation_id", "=", made]]]);
    let acts = client
        .rpc(&admin, "ir.actions.server", "search_read", acts, json!({"fields": ["webhook_url"]}))
        .await;
    assert_eq!(acts["result"][0]["webhook_url"], "http://127.0.0.1:9/x");
    odoo.new_ticket("crm.lead", json!({"name": "Lead"})).await;
    assert_eq!(odoo.webhooks().len(), 1);
    assert_eq!(odoo.webhooks()[0].status, None);

    let sales = find("ir.model.data", "name", "group_sale_salesman_all_leads").await;
    let group =
        client.rpc(&admin, "ir.model.data", "read", json!([[sales]]), json!({"fields": ["res_id"]})).await;
    for (login, groups, may) in
        [("with", json!([[6, 0, [group["result"][0]["res_id"]]]]), true), ("without", json!([]), false)]
    {
        let user = json!({"name": login, "login": login, "password": "pw", "groups_id": groups});
        let uid = client.rpc(&admin, "res.users", "create", json!([user]), json!({})).await["result"]
            .as_i64()
            .unwrap();
        let who = Login { login: login.to_owned(), key: "pw".to_owned(), password: "pw".to_owned(), uid };
        let seen = client.rpc(&who, "crm.lead", "search", json!([[]]), json!({})).await;
        assert_eq!(seen["result"].is_array(), may, "{seen}");
    }
}
