//! From Odoo into Matrix: what agents do is asked for, and is there once.

use patchbay_storage::Action;
use patchbay_test_support::odoo::Version;
use patchbay_types::Clock as _;
use serde_json::{Value, json};

use super::{ALL, LEAD, Scene, TICKET};
use crate::feed::{status, until_known, webhook};

const POLLED: &str = "poll = '60s'";
/// Longer than from one poll to the next.
const NEXT: u64 = 70_000;

impl Scene {
    /// A scene with one ticket, `one` in it, whose Odoo has been asked once, and that ticket.
    async fn asked_already(on: (Version, &str), model: &'static str) -> (Self, i64) {
        let mut scene = Self::with(on, model, POLLED, &json!({ "default": [{ "adapter": "odoo" }] })).await;
        until_known(&scene.house).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        scene.poll().await;
        let ticket = scene.tickets()[0]["id"].as_i64().unwrap();
        (scene, ticket)
    }

    /// Odoo is asked what is new, and the answer is kept.
    async fn poll(&self) {
        let before = self.house.clock.now();
        self.house.clock.advance(NEXT);
        self.house
            .until("Odoo is asked, and answers", async || {
                let status = status(&self.house);
                assert_eq!(status.error, None);
                status.last_good.is_some_and(|at| at > before)
            })
            .await;
        self.house
            .until("what it said is shown", async || {
                self.house.store.entries_wait_for().await.unwrap().is_empty()
            })
            .await;
    }

    /// What is done in Matrix, in order.
    async fn actions(&self) -> Vec<Action> {
        let mut actions = self.house.store.actions_pending(0, 100).await.unwrap();
        actions.sort_by_key(|action| action.id);
        actions
    }

    /// The words of what is sent, in order.
    async fn sent(&self) -> Vec<String> {
        let actions = self.actions().await;
        let content = |action: &Action| {
            let payload: Value = serde_json::from_str(&action.payload).unwrap();
            let content: Value = serde_json::from_str(payload["act"]["send"]["content"].as_str()?).unwrap();
            content["body"].as_str().map(str::to_owned)
        };
        actions.iter().filter_map(content).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_agents_answer_is_there_once_and_neither_notes_nor_what_we_wrote_ever_are() {
    for on in ALL {
        let (mut scene, ticket) = Scene::asked_already(on, TICKET).await;
        scene.odoo.agent_comment(TICKET, ticket, "<p>Hello <b>Alice</b></p>").await;
        scene.odoo.agent_note(TICKET, ticket, "<p>She is angry</p>").await;
        scene.say("a", &["two"]).await;
        scene.house.settled().await;
        scene.poll().await;
        scene.odoo.agent_comment(TICKET, ticket, "<p>Still there?</p>").await;
        scene.poll().await;
        scene.poll().await;
        let sent = scene.sent().await;
        assert_eq!(sent.len(), 2, "{on:?} {sent:?}");
        assert!(sent[0].starts_with("Hello") && sent[0].contains("Alice"), "{on:?} {sent:?}");
        assert_eq!(sent[1], "Still there?", "{on:?}");
        let all = format!("{:?}", scene.actions().await);
        assert!(!all.contains("angry"), "{on:?} {all}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_agent_who_answers_before_anybody_could_poll_is_heard() {
    for on in ALL {
        let rules = json!({ "default": [{ "adapter": "odoo" }] });
        let mut scene = Scene::with(on, TICKET, POLLED, &rules).await;
        until_known(&scene.house).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        let ticket = scene.tickets()[0]["id"].as_i64().unwrap();
        scene.odoo.agent_comment(TICKET, ticket, "<p>Early</p>").await;
        scene.poll().await;
        scene.poll().await;
        assert_eq!(scene.sent().await, ["Early"], "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_message_that_becomes_visible_after_a_later_one_is_told_too() {
    for on in ALL {
        let (scene, ticket) = Scene::asked_already(on, LEAD).await;
        let held = scene.odoo.hold("message_post");
        let slow = scene.odoo.agent_comment(LEAD, ticket, "<p>slow</p>");
        let meanwhile = async {
            held.reached().await;
            let quick = scene.odoo.agent_comment(LEAD, ticket, "<p>quick</p>").await;
            scene.poll().await;
            assert_eq!(scene.sent().await, ["quick"], "{on:?}");
            held.release();
            quick
        };
        let (slow, quick) = tokio::join!(slow, meanwhile);
        assert!(slow < quick, "{on:?}: its number was given out before");
        scene.poll().await;
        scene.poll().await;
        assert_eq!(scene.sent().await, ["quick", "slow"], "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn another_stage_closes_the_ticket_here_and_what_the_rules_changed_is_not_told_back() {
    let rules = json!({
        "rules": [{
            "name": "urgent", "when": "content.text == 'urgent'",
            "route": [{ "adapter": "odoo", "change": { "priority": "urgent" } }],
        }],
        "default": [{ "adapter": "odoo" }],
    });
    for on in ALL {
        let mut scene = Scene::with(on, TICKET, POLLED, &rules).await;
        until_known(&scene.house).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        // From now on it is known how the ticket stood.
        scene.poll().await;
        scene.poll().await;
        scene.say("a", &["urgent"]).await;
        scene.house.settled().await;
        scene.poll().await;
        assert_eq!(status(&scene.house).entries, 0, "{on:?}");
        let ticket = scene.tickets()[0]["id"].as_i64().unwrap();
        scene.odoo.set(TICKET, ticket, "stage_id", json!(4)).await;
        scene.poll().await;
        scene.poll().await;
        assert_eq!(status(&scene.house).entries, 1, "{on:?}");
        let (acme, crm, id) = ("acme".into(), "odoo".into(), ticket.to_string().as_str().into());
        let known = scene.house.store.ticket(&acme, &crm, &id).await.unwrap().unwrap();
        assert_eq!((known.open, known.status.as_str()), (false, "closed"), "{on:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_webhook_has_odoo_asked_at_once_and_is_not_believed() {
    for on in ALL {
        let (scene, ticket) = Scene::asked_already(on, TICKET).await;
        let comment = scene.odoo.agent_comment(TICKET, ticket, "<p>quick</p>").await;
        // Once more within the interval, and not before a moment has passed since the last time.
        scene.house.clock.advance(1_000);
        let told = json!({ "_model": "mail.message", "_id": comment, "body": "<p>forged</p>" });
        webhook(&scene.house, "odoo", "hint", &told).await;
        scene.house.until("it is shown", async || !scene.sent().await.is_empty()).await;
        assert_eq!(scene.sent().await, ["quick"], "{on:?}");
        scene.end().await;
    }
}
