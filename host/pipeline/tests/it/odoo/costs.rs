//! How many calls of Odoo's a message costs. Each takes 25 to 90 ms there, so this is what a conversation waits for.

use serde_json::json;

use super::{ALL, Scene, TICKET};
use crate::house::message;

impl Scene {
    /// What was asked since `before` calls had been made, but for finding out about the server.
    fn since(&self, before: usize) -> Vec<String> {
        self.odoo
            .calls()
            .into_iter()
            .skip(before)
            .map(|call| format!("{}.{}", call.model, call.method))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn each_kind_of_message_costs_as_few_calls_as_it_can() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        scene.say("z", &[]).await;
        scene.say("a", &["one"]).await;
        scene.house.settled().await;
        let mut before = scene.odoo.calls().len();
        let mut costs = |scene: &Scene| {
            let since = scene.since(before);
            before += since.len();
            since
        };
        // A message in an open ticket.
        scene.say("a", &["two"]).await;
        scene.house.settled().await;
        assert_eq!(costs(&scene), ["helpdesk.ticket.message_post"], "{on:?}");
        // Somebody new: whether they are there is in the answer to making them.
        scene.say("b", &["one"]).await;
        scene.house.settled().await;
        let new = [
            "res.partner.load",
            "res.partner.search_read",
            "helpdesk.ticket.load",
            "helpdesk.ticket.message_post",
        ];
        assert_eq!(costs(&scene), new, "{on:?}");
        // An answer: what is answered is read, to be shown above it.
        let relates = json!({ "m.in_reply_to": { "event_id": "$a-one" } });
        let reply = json!({ "msgtype": "m.text", "body": "yes", "m.relates_to": relates });
        scene.house.send(&[message("!a:h", "$r", "@a:h", reply)]).await;
        scene.house.settled().await;
        assert_eq!(costs(&scene), ["mail.message.search_read", "helpdesk.ticket.message_post"], "{on:?}");
        // An edit.
        let new = json!({ "msgtype": "m.text", "body": "three" });
        let relates = json!({ "rel_type": "m.replace", "event_id": "$a-two" });
        let edit =
            json!({ "msgtype": "m.text", "body": "* three", "m.new_content": new, "m.relates_to": relates });
        scene.house.send(&[message("!a:h", "$e", "@a:h", edit)]).await;
        scene.house.settled().await;
        assert_eq!(costs(&scene), ["mail.message.write"], "{on:?}");
        scene.end().await;
    }
}
