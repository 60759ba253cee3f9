//! The whole way: a customer's words to the CRM, an agent's back into the room, once.

use serde_json::json;

use super::scene::{ROOM, Scene, message};

#[tokio::test]
async fn a_signed_reply_of_the_crm_is_said_by_a_ghost_in_the_customers_room_once() {
    let scene = Scene::new().await;
    let ticket = scene.customer("do you deliver on Saturdays?").await;
    let agent = format!("{}/tickets/{ticket}/reply", scene.crm);
    let reply = json!({ "agent": "eve", "text": "we do, until noon", "id": "r1" });
    for attempt in 1..=2 {
        let answer = scene.http.post(&agent).json(&reply).send().await.unwrap();
        assert!(answer.status().is_success(), "{attempt}: {}", answer.text().await.unwrap());
    }
    // A room hears what is said in order: were the first one said again, it would be before this.
    let later = json!({ "agent": "eve", "text": "is that fine?" });
    assert!(scene.http.post(&agent).json(&later).send().await.unwrap().status().is_success());
    scene.heard("is that fine?").await;

    let said = scene.heard("we do, until noon").await;
    assert_eq!((said.len(), said[0].room.as_str()), (1, ROOM), "{said:#?}");
    assert!(said[0].sender.starts_with("@_crm_acme_"), "a ghost of the tenant: {}", said[0].sender);
    let why = scene.host.authorised("/admin/v1/events/r1/why").await;
    for step in ["webhooks.accept", "secrets.verify", "webhooks.receive"] {
        assert!(why.contains(step), "{step} in {why}");
    }
    let logged = scene.host.logged();
    assert!(!why.contains("aW4gdGhl") && !logged.contains("aW4gdGhl"), "the secret is shown");
}

#[tokio::test]
async fn a_second_webhook_of_one_name_is_known_whatever_it_says() {
    let scene = Scene::new().await;
    let ticket = scene.customer("hello?").await;
    let (first, second) = (message(&ticket, "the first"), message(&ticket, "the second"));
    assert_eq!(scene.told(|| scene.webhook("w1", &first)).await.0, 200);
    scene.host.until("it is kept", async || scene.knows("w1").await).await;
    let known = scene.counted("known").await;
    assert_eq!(scene.told(|| scene.webhook("w1", &second)).await, (200, String::new()));
    assert_eq!(scene.counted("known").await, known + 1);
    assert_eq!(scene.told(|| scene.webhook("w2", &message(&ticket, "the third"))).await.0, 200);
    scene.heard("the third").await;
    assert_eq!(scene.heard("the first").await.len(), 1);
    assert!(!scene.homeserver.said().iter().any(|said| said.content["body"] == "the second"));
}
