//! What becomes of a message.

use patchbay_sdk::prelude::*;

use crate::sample::{NOW, conversation, joined, message, other, router, with_ticket};

const TWO: &str = "
    default = [{ adapter = 'desk', tags = ['unsorted'] }]
    [[rules]]
    name = 'greet'
    when = 'conversation.count < 9'
    labels = ['greeted']
    unlabel = ['vip']
    reply = 'Hello!'
    [[rules]]
    name = 'billing'
    when = 'content.lower.contains(\"invoice\")'
    route = [{ adapter = 'odoo', queue = 'billing', priority = 'high', fields = { x = '1' } }]
    [[rules]]
    name = 'copy'
    when = 'content.lower.contains(\"invoice\")'
    route = [{ adapter = 'odoo', queue = 'other' }, { adapter = 'desk', internal = true }]
";

fn decide(rules: &str, message: Message, conversation: Conversation) -> Decision {
    router(rules).decide(message, conversation, NOW).unwrap()
}

fn adapters(decision: &Decision) -> Vec<&str> {
    decision.routes.iter().map(|route| route.adapter.as_str()).collect()
}

#[test]
fn the_first_rule_with_a_route_decides_and_those_before_it_still_label_and_reply() {
    let decision = decide(TWO, message("my invoice"), conversation());
    assert_eq!(adapters(&decision), ["odoo"]);
    assert_eq!(decision.labels, ["greeted"]);
    assert_eq!(decision.replies.iter().map(|reply| reply.plain.as_str()).collect::<Vec<_>>(), ["Hello!"]);
    assert_eq!(decision.reason, "rules `greet`, `billing`");
    let field = Attribute { key: "x".to_owned(), value: "1".to_owned() };
    let queue = Change::Queue(Some(Named { id: "billing".to_owned(), name: None }));
    assert_eq!(decision.routes[0].initial, [queue, Change::Priority(Priority::High), Change::Field(field)]);
}

#[test]
fn all_matching_rules_decide_where_the_tenant_says_so_but_once_for_each_adapter() {
    let decision = decide(&format!("mode = 'all'\n{TWO}"), message("my invoice"), conversation());
    assert_eq!(adapters(&decision), ["odoo", "desk"]);
    assert_eq!(decision.routes[0].initial.len(), 3);
    assert!(decision.routes[1].internal);
    assert_eq!(decision.reason, "rules `greet`, `billing`, `copy`; `odoo` has a route already");
}

#[test]
fn what_no_rule_routed_goes_where_the_default_says() {
    let decision = decide(TWO, message("hello"), conversation());
    assert_eq!(adapters(&decision), ["desk"]);
    assert_eq!(decision.reason, "rule `greet`; no rule gave a route, so the default did");
    let decision = decide("", message("hello"), conversation());
    assert_eq!((decision.routes.len(), decision.reason.as_str()), (0, "no rule matched"));
}

#[test]
fn stop_drops_a_message_past_the_default() {
    let rules = format!("[[rules]]\nname = 'spam'\nwhen = 'content.text == \"spam\"'\nstop = true\n{}", "");
    let rules = format!("default = [{{ adapter = 'desk' }}]\n{rules}");
    assert_eq!(adapters(&decide(&rules, message("spam"), conversation())), Vec::<&str>::new());
    assert_eq!(adapters(&decide(&rules, message("ham"), conversation())), ["desk"]);
}

#[test]
fn a_message_never_goes_back_where_it_came_from_and_agents_get_no_automatic_reply() {
    let mut from_desk = message("hello");
    from_desk.origin = Some("desk".to_owned());
    from_desk.author.party = Party::Agent;
    let decision = decide(TWO, from_desk, conversation());
    assert_eq!((decision.routes.len(), decision.replies.len()), (0, 0));
    assert!(decision.reason.contains("not back to `desk`"), "{}", decision.reason);
}

#[test]
fn what_is_said_in_a_staff_room_is_internal() {
    let mut staff = conversation();
    staff.room.audience = Audience::Staff;
    let decision = decide(TWO, message("my invoice"), staff);
    assert!(decision.routes.iter().all(|route| route.internal));
}

#[test]
fn who_came_and_went_opens_no_ticket_but_is_noted_in_an_open_one() {
    let rules = "default = [{ adapter = 'desk' }]";
    for silent in [joined(), other("com.example.ping", None)] {
        assert_eq!(decide(rules, silent.clone(), conversation()).routes, []);
        let mut open = conversation();
        open.open_tickets = vec![
            with_ticket("desk", "old", 1),
            with_ticket("desk", "new", 2),
            with_ticket("odoo", "other", 3),
        ];
        let decision = decide(rules, silent, open);
        assert_eq!(decision.routes[0].placement, Placement::AppendTo("new".to_owned()));
    }
    let decision = decide(rules, other("m.call.hangup", Some("Missed call")), conversation());
    assert_eq!(decision.routes[0].placement, Placement::ContinueOrOpen);
}

#[test]
fn a_command_changes_a_ticket_without_writing_to_it() {
    let rules = "
        [[rules]]
        name = 'close'
        when = 'content.text == \"!close\"'
        [[rules.route]]
        adapter = 'desk'
        placement = 'changes-only'
        change = { status = 'solved', assignee = '', untag = ['waiting'] }
    ";
    let decision = decide(rules, message("!close"), conversation());
    assert_eq!(decision.routes[0].placement, Placement::Nothing);
    let wanted =
        [Change::Status(TicketStatus::Solved), Change::Assignee(None), Change::Untag("waiting".to_owned())];
    assert_eq!(decision.routes[0].changes, wanted);
}

#[test]
fn the_same_input_gives_the_same_decision() {
    let router = router(TWO);
    let decide = || router.decide(message("my invoice"), conversation(), NOW).unwrap();
    assert_eq!(decide(), decide());
}
