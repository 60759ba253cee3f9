//! A secret that is changed while webhooks come.

use super::scene::{SECRET, Scene, message};

const NEW: &str = "whsec_dGhlIG5ldyBvbmU=";

#[tokio::test]
async fn while_a_secret_is_changed_both_values_are_believed_and_then_the_new_one_alone() {
    let scene = Scene::new().await;
    let ticket = scene.customer("hello?").await;
    let body = |text: &str| message(&ticket, text);
    let told = async |key: &str, id: &str, text: &str| {
        scene.told(|| scene.signed(key, id, receiver::now(), &body(text))).await.0
    };
    assert_eq!((told(SECRET, "w1", "old").await, told(NEW, "w2", "too soon").await), (200, 401));

    scene.dir.write("new.secret", NEW);
    scene.believes("[{ file = 'new.secret' }, { file = 'theirs.secret' }]");
    scene.host.until("the new one is believed", async || told(NEW, "w3", "both, new").await == 200).await;
    assert_eq!(told(SECRET, "w4", "both, old").await, 200);

    scene.believes("{ file = 'new.secret' }");
    // Each try has a name of its own: what was kept once is known, whoever sends it.
    let tries = std::cell::Cell::new(0);
    let refused = async || {
        tries.set(tries.get() + 1);
        told(SECRET, &format!("late{}", tries.get()), "late").await == 401
    };
    scene.host.until("the old one is worth nothing", refused).await;
    assert_eq!(told(NEW, "w5", "new").await, 200);
    for text in ["old", "both, new", "both, old", "new"] {
        assert_eq!(scene.heard(text).await.len(), 1, "{text}");
    }
    assert!(!scene.homeserver.said().iter().any(|said| said.content["body"] == "too soon"));
}
