//! A router: a message goes to the queue whose words it has, and to the default queue otherwise.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

/// The words of each queue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The adapter that gets every message.
    adapter: String,
    /// Asked in this order; the first whose word is in the message wins.
    #[serde(default)]
    queues: Vec<Queue>,
    /// Words that make a ticket urgent, whatever its queue.
    #[serde(default)]
    urgent: Vec<String>,
}

/// A queue of the CRM.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Queue {
    /// Its identifier in the CRM.
    id: String,
    /// In any case.
    words: Vec<String>,
}

/// The router, with its words in lower case.
pub struct KeywordRouter(Settings);

impl Plugin for KeywordRouter {
    type Settings = Settings;

    fn prepare(mut settings: Settings) -> Result<Self, Vec<Problem>> {
        for (n, queue) in settings.queues.iter_mut().enumerate() {
            if queue.words.is_empty() {
                Err(problem(format!("/queues/{n}/words"), "a queue without words gets nothing"))?;
            }
            queue.words.iter_mut().for_each(|word| *word = word.to_lowercase());
        }
        settings.urgent.iter_mut().for_each(|word| *word = word.to_lowercase());
        Ok(Self(settings))
    }
}

impl Router for KeywordRouter {
    fn decide(&self, message: Message, talk: Conversation, _: Timestamp) -> Result<Decision, String> {
        let settings = &self.0;
        if message.origin.as_ref() == Some(&settings.adapter) {
            return Ok(Decision::routes(Vec::new(), "it came from there"));
        }
        let said = message.plain().unwrap_or_default().to_lowercase();
        let has = |words: &[String]| words.iter().find(|word| said.contains(word.as_str())).cloned();
        let mut route = Route::to(&settings.adapter);
        route.internal = talk.room.audience == Audience::Staff;
        let mut reason = "no queue has a word of it".to_owned();
        let chosen = settings.queues.iter().find_map(|queue| Some((queue, has(&queue.words)?)));
        if let Some((queue, word)) = chosen {
            route.initial.push(Change::Queue(Some(Named::new(&queue.id))));
            reason = format!("`{word}` is a word of queue `{}`", queue.id);
        }
        if let Some(word) = has(&settings.urgent) {
            route.initial.push(Change::Priority(Priority::Urgent));
            reason.push_str(&format!("; `{word}` is urgent"));
        }
        Ok(Decision { labels: talk.labels, ..Decision::routes(vec![route], reason) })
    }
}

patchbay_sdk::export_router!(KeywordRouter);

#[cfg(test)]
mod tests {
    use patchbay_sdk::testing::{Host, sample};
    use serde_json::json;

    use super::*;

    fn decide(message: Message) -> Decision {
        let host = Host::new();
        let router: KeywordRouter = host
            .prepare(json!({
                "adapter": "desk",
                "queues": [
                    { "id": "billing", "words": ["Invoice", "refund"] },
                    { "id": "support", "words": ["broken"] },
                ],
                "urgent": ["fire"],
            }))
            .unwrap();
        router.decide(message, sample::conversation(), host.now()).unwrap()
    }

    #[test]
    fn the_first_queue_with_a_word_of_the_message_gets_it() {
        let decision = decide(sample::message("My INVOICE is broken"));
        assert_eq!(decision.routes[0].initial, [Change::Queue(Some(Named::new("billing")))]);
        assert_eq!(decision.reason, "`invoice` is a word of queue `billing`");
    }

    #[test]
    fn an_urgent_word_counts_in_any_queue_and_in_none() {
        let decision = decide(sample::message("Fire!"));
        assert_eq!(decision.routes[0].initial, [Change::Priority(Priority::Urgent)]);
    }

    #[test]
    fn a_message_never_goes_back_to_where_it_came_from() {
        let message = Message { origin: Some("desk".to_owned()), ..sample::message("refund") };
        assert_eq!(decide(message).routes, []);
    }

    #[test]
    fn a_queue_without_words_is_refused_by_its_place() {
        let settings = json!({ "adapter": "desk", "queues": [{ "id": "q", "words": [] }] });
        let problems = Host::new().prepare::<KeywordRouter>(settings).err().unwrap();
        assert_eq!(problems[0].at, "/queues/0/words");
    }
}
