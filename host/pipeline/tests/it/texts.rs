//! What people write, both ways, through real components.

use serde_json::{Value, json};

use crate::house::{House, message, tenant, to_desk};

/// The body of the tenant's last line.
async fn last(house: &House) -> Value {
    let line = house.lines("acme").await.pop().unwrap();
    serde_json::from_str::<Value>(&line.body).unwrap()["Text"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_a_customer_writes_is_sanitised_and_named_before_any_crm_sees_it() {
    let mut house = House::new(&[("acme", tenant("link = ['!a:h']", &to_desk()))]).await;
    let member = json!({ "type": "m.room.member", "event_id": "$m", "room_id": "!a:h", "sender": "@_patchbay_acme_7:localhost",
        "state_key": "@_patchbay_acme_7:localhost", "origin_server_ts": 1,
        "content": { "membership": "join", "displayname": "Eve" } });
    let written = json!({
        "msgtype": "m.text", "body": "> <@bob:h> old\n\nthanks @_patchbay_acme_7:localhost\u{0}\u{7}",
        "format": "org.matrix.custom.html",
        "formatted_body": "<mx-reply>old</mx-reply>thanks <a href=\"https://matrix.to/#/@_patchbay_acme_7:localhost\">x</a>\
                           <script>alert(1)</script><b onclick=\"x()\">!</b>",
        "m.relates_to": { "m.in_reply_to": { "event_id": "$old" } },
    });
    house.send(&[member, message("!a:h", "$1", "@alice:h", written)]).await;
    house.settled().await;
    assert_eq!(last(&house).await, json!({ "plain": "thanks @Eve", "html": "thanks @Eve<b>!</b>" }));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_has_html_alone_has_words_and_what_is_typed_as_markdown_stays_so() {
    let mut house = House::new(&[("acme", tenant("link = ['!a:h']", &to_desk()))]).await;
    let html = json!({ "msgtype": "m.text", "body": " ", "format": "org.matrix.custom.html",
                       "formatted_body": "<ul><li>one</li><li><a href=\"https://a.b/c\">two</a></li></ul>" });
    house.send(&[message("!a:h", "$1", "@alice:h", html)]).await;
    house.settled().await;
    assert_eq!(last(&house).await["plain"], "- one\n- two (https://a.b/c)");
    let typed = "**not** _mine_ to <b>change</b>";
    house.send(&[message("!a:h", "$2", "@alice:h", json!({ "msgtype": "m.text", "body": typed }))]).await;
    house.settled().await;
    assert_eq!(last(&house).await, json!({ "plain": typed, "html": null }));
    house.stop().await;
}
