//! From the CRM to Matrix.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_pipeline::Pipeline;
use patchbay_plugin::webhooks::Webhook;
use patchbay_storage::NewHook;
use serde_json::{Value, json};

use super::{Crm, homeserver::Homeserver, house, ticket};
use crate::{
    errands::parked,
    house::{House, NOW},
};

/// The handle of a file: what the adapter asks for, and where in the answer it stands.
fn handle(crm: &Crm, at: &str, kind: &str) -> String {
    json!({ "errand": { "url": [{ "text": crm.url }], "take": [[at, kind]] }, "at": at }).to_string()
}

/// An agent's message, told by a webhook.
pub(super) async fn told(house: &House, messages: Value) {
    static HOOKS: AtomicU32 = AtomicU32::new(0);
    let webhook = Webhook {
        method: "POST".into(),
        url: "https://hooks.example.org/".into(),
        headers: Vec::new(),
        body: messages.to_string().into_bytes(),
    };
    let hook = NewHook {
        tenant: "acme".into(),
        adapter: "crm".into(),
        key: format!("w{}", HOOKS.fetch_add(1, Relaxed)),
        body: Pipeline::pack(&webhook),
        desk: Vec::new(),
        at: NOW,
        unasked: None,
        trace: Vec::new(),
    };
    assert!(house.pipeline.hook(hook).await.unwrap());
}

/// Lets time pass until so many events are in the room.
pub(super) async fn shown(house: &House, homeserver: &Homeserver, count: usize) -> Vec<Value> {
    house
        .until("it is shown", async || {
            house.clock.advance(5_000);
            homeserver.sent().len() >= count && house.store.actions_pending(0, 9).await.unwrap().is_empty()
        })
        .await;
    homeserver.sent()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_files_are_uploaded_as_the_agent_and_shown_once_words_first() {
    let (mut house, homeserver, crm) = house("").await;
    let id = ticket(&mut house, "!a:h", "$1").await;
    let picture = [&b"\x89PNG"[..], &[7; 5000]].concat();
    crm.answers(&[
        (200, json!({ "result": [{ "datas": STANDARD.encode(&picture) }] }).to_string().as_bytes()),
        (200, b"%PDF"),
    ]);
    // What is not sent at the first try was uploaded all the same.
    homeserver.refuses_send(2);
    let files = json!([
        { "handle": handle(&crm, "/result/0/datas", "base64-file"), "name": "../a\u{202e}.png", "mime": "image/png" },
        { "handle": handle(&crm, "", "file"), "name": "b.pdf", "mime": "application/pdf", "size": 4 },
    ]);
    told(&house, json!([{ "id": "M-1", "ticket": id, "author": "anna", "text": "Here", "files": files }]))
        .await;
    let sent = shown(&house, &homeserver, 3).await;
    assert_eq!((sent[0]["body"].as_str(), sent.len()), (Some("Here"), 3));
    let file = json!({ "msgtype": "m.image", "body": "a.png", "filename": "a.png", "url": "mxc://h/up-1",
        "info": { "mimetype": "image/png", "size": picture.len() } });
    let part =
        |event: &Value, of: &Value| of.as_object().unwrap().iter().all(|(key, value)| event[key] == *value);
    assert!(part(&sent[1], &file), "{}", sent[1]);
    assert_eq!(
        (sent[2]["msgtype"].as_str(), sent[2]["url"].as_str()),
        (Some("m.file"), Some("mxc://h/up-2"))
    );
    let uploads = homeserver.uploads();
    assert_eq!((uploads.len(), homeserver.sends(), crm.gets()), (2, 5, 2));
    assert_eq!((uploads[0].1.as_str(), &uploads[0].2[..]), ("image/png", &picture[..]));
    assert!(
        uploads[0].0.starts_with("filename=a.png&user_id=%40") && uploads[0].0.contains("anna"),
        "{}",
        uploads[0].0
    );
    let part = house.store.event_of_part(&"acme".into(), &"crm".into(), "M-1").await.unwrap();
    assert!(part.is_some(), "they are linked to the message");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_or_taken_is_a_line_in_the_room_and_nothing_is_parked() {
    let (mut house, homeserver, crm) = house("size = '10B'").await;
    let id = ticket(&mut house, "!a:h", "$1").await;
    let file = |name: &str| json!({ "handle": handle(&crm, "", "file"), "name": name, "mime": "text/plain" });
    let mut n = 0;
    for (status, body, refusal, line) in [
        (404, &b""[..], None, "its server does not have it any more"),
        (422, b"", None, "it could not be passed on"),
        (200, b"more than ten", None, "files of more than 10 bytes are not passed on"),
        (200, b"ten", Some((413, "M_TOO_LARGE")), "it is larger than the chat's server takes"),
        (200, b"ten", Some((403, "M_FORBIDDEN")), "it could not be passed on"),
    ] {
        crm.answers(&[(status, body)]);
        if let Some((status, errcode)) = refusal {
            homeserver.refuses_upload(status, errcode);
        }
        n += 1;
        told(
            &house,
            json!([{ "id": format!("M-{n}"), "ticket": id, "author": "anna", "files": [file("a.txt")] }]),
        )
        .await;
        let sent = shown(&house, &homeserver, n).await;
        let body = sent[n - 1]["body"].as_str().unwrap();
        assert!(body.starts_with("[File: a.txt") && body.contains(line), "{body}");
        assert_eq!((sent[n - 1]["msgtype"].as_str(), sent[n - 1].get("url")), (Some("m.text"), None));
    }
    // What the policy denies is not even asked for.
    let gets = crm.gets();
    told(&house, json!([{ "id": "M-9", "ticket": id, "author": "anna", "text": "Run this", "files": [file("a.bat")] }])).await;
    let sent = shown(&house, &homeserver, n + 1).await;
    assert_eq!(
        sent[n]["body"],
        "Run this\n[File: a.bat. Not here, since files of this kind are not passed on]"
    );
    assert_eq!((crm.gets(), parked(&house).await.len(), homeserver.uploads().len()), (gets, 0, 0));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_or_a_homeserver_that_is_down_holds_the_file_in_its_place() {
    let (mut house, homeserver, crm) = house("").await;
    let id = ticket(&mut house, "!a:h", "$1").await;
    crm.answers(&[(503, b""), (503, b""), (200, b"late")]);
    homeserver.refuses_upload(502, "M_UNKNOWN");
    let files = json!([{ "handle": handle(&crm, "", "file"), "name": "a.txt", "mime": "text/plain" }]);
    told(
        &house,
        json!([
            { "id": "M-1", "ticket": id, "author": "anna", "files": files },
            { "id": "M-2", "ticket": id, "author": "anna", "text": "after it" },
        ]),
    )
    .await;
    let sent = shown(&house, &homeserver, 2).await;
    assert_eq!((sent[0]["url"].as_str(), sent[1]["body"].as_str()), (Some("mxc://h/up-1"), Some("after it")));
    assert_eq!((crm.gets(), &homeserver.uploads()[0].2[..]), (4, &b"late"[..]));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ghost_shows_its_persons_picture_and_no_message_waits_for_it() {
    let (mut house, homeserver, crm) = house("").await;
    let id = ticket(&mut house, "!a:h", "$1").await;
    crm.answers(&[(200, b"\x89PNG and so on")]);
    let avatar = handle(&crm, "", "file");
    told(&house, json!([{ "id": "M-1", "ticket": id, "author": "anna", "avatar": avatar, "text": "hi" }]))
        .await;
    shown(&house, &homeserver, 1).await;
    house.until("the picture is there", async || homeserver.avatars().len() == 1).await;
    let (user, url) = homeserver.avatars().remove(0);
    assert!(user.contains("anna") && url == "mxc://h/up-1", "{user} {url}");
    // One that is none changes nothing; the same one is not fetched again.
    told(&house, json!([{ "id": "M-2", "ticket": id, "author": "anna", "avatar": avatar, "text": "hi" }]))
        .await;
    crm.answers(&[(200, b"<svg onload=x>")]);
    let other = json!({ "errand": { "url": [{ "text": format!("{}?bob", crm.url) }], "take": [["", "file"]] }, "at": "" })
        .to_string();
    told(&house, json!([{ "id": "M-3", "ticket": id, "author": "bob", "avatar": other, "text": "hi" }]))
        .await;
    shown(&house, &homeserver, 3).await;
    house.until("what is no picture was looked at", async || crm.gets() == 2).await;
    assert_eq!(homeserver.avatars().len(), 1);
    house.stop().await;
}
