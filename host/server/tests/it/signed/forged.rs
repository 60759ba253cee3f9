//! What nobody who lacks the secret can do.

use reqwest::RequestBuilder;

use super::scene::{SECRET, Scene, message};

/// How every one of them is answered: who forges learns nothing of what is wrong.
const REFUSED: u16 = 401;

/// Sends it; it is refused, leaves nothing behind, and its name is free.
async fn is_refused(scene: &Scene, what: &str, id: &str, webhook: impl Fn() -> RequestBuilder) {
    let before = scene.counted("refused").await;
    assert_eq!(scene.told(&webhook).await, (REFUSED, String::new()), "{what}");
    assert!(scene.counted("refused").await > before, "{what}");
    assert!(!scene.knows(id).await, "{what}");
}

#[tokio::test]
async fn what_is_not_signed_with_the_secret_over_exactly_these_bytes_is_refused_and_forgotten() {
    let scene = Scene::new().await;
    let ticket = scene.customer("hello?").await;
    let body = message(&ticket, "pay to this account");
    let now = receiver::now;
    is_refused(&scene, "another key", "w1", || scene.signed("whsec_Zm9yZ2Vk", "w1", now(), &body)).await;
    is_refused(&scene, "other words", "w1", || scene.webhook("w1", &body).body(body.replace("this", "that")))
        .await;
    is_refused(&scene, "fewer words", "w1", || {
        scene.webhook("w1", &body).body(body[..body.len() - 1].to_owned())
    })
    .await;
    let unsigned = || scene.http.post(&scene.door).header("webhook-id", "w1").body(body.clone());
    is_refused(&scene, "no signature", "w1", unsigned).await;
    let nonsense =
        || unsigned().header("webhook-timestamp", now()).header("webhook-signature", "v1,%%% v2,AAAA");
    is_refused(&scene, "nonsense", "w1", nonsense).await;
    // The name that was tried is still free to whoever may use it.
    assert_eq!(scene.told(|| scene.webhook("w1", &message(&ticket, "all is well"))).await.0, 200);
    scene.heard("all is well").await;
    assert!(!scene.homeserver.said().iter().any(|said| said.content["body"] != "all is well"));
}

#[tokio::test]
async fn one_that_was_overheard_is_worth_nothing_under_another_name_or_later() {
    let scene = Scene::new().await;
    let ticket = scene.customer("hello?").await;
    let body = message(&ticket, "once");
    let seconds = receiver::now();
    assert_eq!(scene.told(|| scene.signed(SECRET, "w1", seconds, &body)).await.0, 200);
    let signature = receiver::sign(&receiver::Key::new(SECRET), "w1", seconds, body.as_bytes());
    let renamed = || {
        let request = scene.http.post(&scene.door).header("webhook-id", "w2").body(body.clone());
        request.header("webhook-timestamp", seconds).header("webhook-signature", &signature)
    };
    is_refused(&scene, "another name", "w2", renamed).await;
    // Far enough on either side that no pause of this machine matters.
    let stale = || scene.signed(SECRET, "w3", receiver::now() - 301, &body);
    is_refused(&scene, "signed five minutes ago", "w3", stale).await;
    let early = || scene.signed(SECRET, "w4", receiver::now() + 900, &body);
    is_refused(&scene, "signed in the future", "w4", early).await;
    assert_eq!(
        scene.told(|| scene.signed(SECRET, "w5", receiver::now() - 60, &message(&ticket, "late"))).await.0,
        200
    );
    scene.heard("late").await;
    assert_eq!(scene.heard("once").await.len(), 1);
}

#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_refused_with_the_reason() {
    let scene = Scene::new().await;
    let (status, why) = scene.told(|| scene.webhook("w1", r#"{"type":"dance","ticket":"T1"}"#)).await;
    assert_eq!(status, 400);
    assert!(why.contains("dance"), "{why}");
    assert!(!scene.knows("w1").await);
}
