//! From Matrix into Odoo.

use serde_json::json;

use super::{ALL, LEAD, Scene, TASK, TICKET, UNASKED};
use crate::house::message;

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_conversation_is_one_ticket_with_its_messages_in_order_in_the_customers_name() {
    for on in ALL {
        for model in [TICKET, LEAD, TASK] {
            let mut scene = Scene::new(on, model).await;
            scene.say("a", &["one", "two", "three"]).await;
            scene.house.settled().await;
            let [ticket] = &scene.tickets()[..] else { panic!("{on:?} {model}: {:?}", scene.tickets()) };
            assert_eq!(scene.words(), ["one", "two", "three"], "{on:?} {model}");
            let partner = ticket["partner_id"].as_i64();
            assert!(partner.is_some());
            for message in scene.comments(ticket["id"].as_i64().unwrap()) {
                assert_eq!(message.author, partner);
                assert!(!message.internal);
                assert!(message.message_id.starts_with("<patchbay."), "{message:?}");
            }
            scene.end().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn html_line_breaks_right_to_left_emoji_and_nul_arrive_as_they_were_meant() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        let said = json!({
            "msgtype": "m.text", "body": "Hi *b*", "format": "org.matrix.custom.html",
            "formatted_body": "Hi <strong>b</strong> <script>x</script><b>unclosed",
        });
        scene.house.send(&[message("!a:h", "$1", "@a:h", said)]).await;
        let said = json!({ "msgtype": "m.text", "body": "שלום 😀\nnext <b>&\0" });
        scene.house.send(&[message("!a:h", "$2", "@a:h", said)]).await;
        scene.house.settled().await;
        let words = scene.words();
        assert!(words[0].contains("<strong>b</strong>") && !words[0].contains("script"), "{words:?}");
        assert_eq!(words[1], "שלום 😀<br>next &lt;b&gt;&amp;");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_edit_changes_the_message_and_a_removal_takes_its_words() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        scene.say("a", &["teh", "wrong room"]).await;
        let edit = json!({
            "msgtype": "m.text", "body": "* the", "m.new_content": { "msgtype": "m.text", "body": "the" },
            "m.relates_to": { "rel_type": "m.replace", "event_id": "$a-teh" },
        });
        scene.house.send(&[message("!a:h", "$edit", "@a:h", edit)]).await;
        let mut removal = message("!a:h", "$removal", "@a:h", json!({ "redacts": "$a-wrong room" }));
        removal["type"] = json!("m.room.redaction");
        removal["redacts"] = json!("$a-wrong room");
        scene.house.send(&[removal]).await;
        scene.house.settled().await;
        let words = scene.words();
        assert_eq!(words.len(), 2, "{words:?}");
        assert!(words[0].starts_with("the") && words[0].contains("(edited)"), "{words:?}");
        assert!(words[1].contains("removed this message") && !words[1].contains("wrong"), "{words:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_reply_stands_below_what_it_answers_and_a_reaction_is_a_note() {
    for on in ALL {
        let mut scene = Scene::new(on, TICKET).await;
        scene.say("a", &["Does it work?"]).await;
        let reply = json!({
            "msgtype": "m.text", "body": "yes",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$a-Does it work?" } },
        });
        scene.house.send(&[message("!a:h", "$reply", "@a:h", reply)]).await;
        let relates = json!({ "rel_type": "m.annotation", "event_id": "$a-Does it work?", "key": "👍" });
        let mut reaction = message("!a:h", "$reaction", "@a:h", json!({ "m.relates_to": relates }));
        reaction["type"] = json!("m.reaction");
        scene.house.send(&[reaction]).await;
        scene.house.settled().await;
        let ticket = scene.tickets()[0]["id"].as_i64().unwrap();
        let said = scene.comments(ticket);
        assert!(said[1].body.contains("Does it work?") && said[1].body.ends_with("<p>yes</p>"), "{said:?}");
        assert!(said[2].internal && said[2].body.contains('👍'), "{said:?}");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_the_rules_say_of_a_ticket_is_there_from_its_first_moment_and_changes_with_a_message() {
    let rules = json!({
        "rules": [
            {
                "name": "done", "when": "content.text == 'done'",
                "route": [{ "adapter": "odoo", "change": { "status": "closed", "priority": "low", "tags": ["matrix"] } }],
            },
            { "name": "psst", "when": "content.text == 'psst'", "route": [{ "adapter": "odoo", "internal": true }] },
        ],
        "default": [{ "adapter": "odoo", "priority": "urgent", "subject": "From Matrix" }],
    });
    for on in ALL {
        let mut scene = Scene::with(on, TICKET, UNASKED, &rules).await;
        scene.say("a", &["one", "psst"]).await;
        scene.house.settled().await;
        let ticket = &scene.tickets()[0];
        assert_eq!((&ticket["name"], &ticket["priority"]), (&json!("From Matrix"), &json!("3")), "{ticket}");
        let id = ticket["id"].as_i64().unwrap();
        assert!(scene.comments(id)[1].internal);
        scene.say("a", &["done"]).await;
        scene.house.settled().await;
        let ticket = scene.odoo.record(TICKET, id);
        assert_eq!((&ticket["stage_id"], &ticket["priority"]), (&json!(4), &json!("0")), "{ticket}");
        assert_eq!(ticket["tag_ids"].as_array().unwrap().len(), 1);
        scene.end().await;
    }
}
