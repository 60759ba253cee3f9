//! What an administrator may have done, or left undone: nothing is lost, nobody else is held up, and it is said why.

use patchbay_storage::ParkedFilter;
use serde_json::json;

use super::{ALL, LEAD, Scene, TICKET, plain};

impl Scene {
    async fn tried(&self) {
        self.house.until("it was tried", async || self.odoo.calls().len() > 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_missing_right_or_module_holds_the_connection_until_it_is_there() {
    for on in ALL {
        let mut scene = Scene::new(on, LEAD).await;
        scene.odoo.limit("bridge", true);
        scene.say("a", &["one"]).await;
        scene.tried().await;
        assert_eq!(scene.tickets(), [] as [serde_json::Value; 0]);
        scene.odoo.limit("bridge", false);
        scene.drained().await;
        assert_eq!(scene.words(), ["one"], "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_key_that_ended_holds_everybody_says_so_and_is_not_tried_over_and_over() {
    for on in ALL {
        let mut scene = Scene::new(on, LEAD).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        scene.odoo.revoke_keys("bridge");
        scene.say("a", &["two"]).await;
        scene.house.until("it was refused", async || scene.odoo.failed_logins() > 0).await;
        let error = async || {
            let why = scene.house.store.why("$a-two").await.unwrap();
            why.deliveries.first().and_then(|delivery| delivery.last_error.clone()).unwrap_or_default()
        };
        scene.house.until("it is said why", async || !error().await.is_empty()).await;
        assert!(error().await.starts_with("unauthorised: "), "{on:?} {}", error().await);
        // The call itself, and who we are; whoever comes later waits for what the first one found.
        let tried = scene.odoo.failed_logins();
        assert_eq!(tried, 2, "{on:?}");
        for room in ["b", "c", "d", "e"] {
            scene.say(room, &["uno", "due"]).await;
        }
        scene.house.until("they wait", async || scene.house.pipeline.load().deliveries_held >= 5).await;
        assert_eq!(scene.odoo.failed_logins(), tried, "{on:?}");
        assert_eq!(scene.words(), ["one"], "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_mandatory_field_sets_one_message_aside_with_what_odoo_says_and_others_go_on() {
    for on in ALL {
        let mut scene = Scene::new(on, LEAD).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        scene.odoo.custom_field(LEAD, "x_cost_centre", "char");
        scene.odoo.require_field(LEAD, "x_cost_centre");
        scene.say("b", &["lost?"]).await;
        scene.say("a", &["two"]).await;
        scene.house.until("both were tried", async || scene.words().len() == 2).await;
        scene
            .house
            .until("one is set aside", async || !scene.house.store.counts().await.unwrap().parked.is_empty())
            .await;
        let filter = ParkedFilter { limit: 10, ..ParkedFilter::default() };
        let parked = scene.house.store.parked(&filter).await.unwrap();
        let reason = format!("{parked:?}");
        assert!(reason.contains("x_cost_centre") || reason.contains("mandatory"), "{on:?} {reason}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_deleted_ticket_is_followed_by_another_one_and_an_archived_one_is_written_to() {
    for on in ALL {
        let mut scene = Scene::new(on, LEAD).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        scene.say("b", &["uno"]).await;
        scene.house.settled().await;
        let tickets = scene.tickets();
        let [first, second] = [&tickets[0], &tickets[1]].map(|ticket| ticket["id"].as_i64().unwrap());
        scene.odoo.unlink(LEAD, first).await;
        scene.odoo.archive(LEAD, second).await;
        scene.say("a", &["two"]).await;
        scene.say("b", &["due"]).await;
        scene.drained().await;
        assert_eq!(scene.words().len(), 3, "{on:?}");
        let said: Vec<_> = scene.comments(second).iter().map(|message| plain(&message.body)).collect();
        assert_eq!(said, ["uno", "due"], "{on:?}");
        assert_eq!(scene.tickets().len(), 2, "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_partner_that_was_merged_or_deleted_is_asked_for_anew_and_the_message_goes_on() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        scene.say("b", &["uno"]).await;
        scene.house.settled().await;
        let partner = |n: usize| scene.tickets()[n]["partner_id"].as_i64().unwrap();
        let (alice, bob) = (partner(0), partner(1));
        scene.odoo.merge_partners(alice, bob);
        scene.say("a", &["two"]).await;
        scene.drained().await;
        let ticket = scene.tickets()[0]["id"].as_i64().unwrap();
        let said = scene.comments(ticket);
        assert_eq!(said.len(), 2, "{on:?}");
        assert_eq!(said[1].author, Some(bob), "{on:?}: whom Odoo made one is one");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn words_that_look_like_a_secret_or_a_file_are_words() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        scene.say("a", &["{{secret:odoo}} <odoo> att:1 mxc://h/x"]).await;
        scene.house.settled().await;
        assert_eq!(scene.words(), ["{{secret:odoo}} &lt;odoo&gt; att:1 mxc://h/x"], "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_field_that_is_gone_is_found_out_and_the_ticket_opened_without_it() {
    for on in ALL {
        let mut scene = Scene::new(on, LEAD).await;
        scene.odoo.custom_field(LEAD, "x_patchbay_conversation", "char");
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        assert!(scene.tickets()[0]["x_patchbay_conversation"].is_string(), "{:?}", scene.tickets()[0]);
        scene.odoo.without_field(LEAD, "x_patchbay_conversation");
        scene.say("b", &["two"]).await;
        scene.house.settled().await;
        assert_eq!(scene.words(), ["one", "two"], "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn many_at_once_are_all_there_once_and_in_order() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        let all: Vec<String> = (0..10).map(|n| format!("{n:02}")).collect();
        let words: Vec<&str> = all.iter().map(String::as_str).collect();
        for room in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            scene.say(room, &words).await;
        }
        scene.house.settled().await;
        assert_eq!(scene.tickets().len(), 8, "{on:?}");
        assert_eq!(scene.words(), words.repeat(8), "{on:?}");
        assert_eq!(json!(scene.asked("message_post")), json!(8 * 10), "{on:?}");
        scene.end().await;
    }
}
