//! The example tenant's rules are rules.

use patchbay_sdk::prelude::*;

use crate::sample::{NOW, conversation, message, router};

#[test]
fn the_example_rules_are_accepted_and_route_to_the_desk() {
    let rules = router(include_str!("../../../../examples/tenant/tenants/acme/rules.toml"));
    let decision = rules.decide(message("Where is my order?"), conversation(), NOW).unwrap();
    assert_eq!(decision.routes[0].adapter, "desk", "{}", decision.reason);
    let mut spam = message("Earn $5000 weekly, click https://spam.example");
    spam.author.network = None;
    let stranger = Conversation { message_count: 1, ..conversation() };
    let dropped = rules.decide(spam, stranger, NOW).unwrap();
    assert_eq!(dropped.routes, [], "{}", dropped.reason);
}
