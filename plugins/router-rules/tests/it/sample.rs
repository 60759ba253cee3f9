//! Rules, messages and conversations to try things with.

use patchbay_sdk::prelude::*;
use router_rules::RulesRouter;

/// Friday 20 November 2026, 09:30 in Kyiv.
pub(crate) const NOW: Timestamp = 1_795_159_800_000;

pub(crate) fn try_router(toml: &str) -> Result<RulesRouter, Vec<Problem>> {
    let settings: serde_json::Value = toml::from_str(toml).unwrap();
    RulesRouter::prepare(serde_json::from_value(settings).unwrap())
}

pub(crate) fn router(toml: &str) -> RulesRouter {
    try_router(toml).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// A router of one rule that labels `yes` where `when` holds.
pub(crate) fn holds(when: &str, extra: &str, message: Message, conversation: Conversation) -> bool {
    let rule = format!("[[rules]]\nname = 'r'\nwhen = '''{when}'''\nlabels = ['yes']\n{extra}");
    let decision = router(&rule).decide(message, conversation, NOW).unwrap();
    assert!(!decision.reason.contains("could not"), "{}", decision.reason);
    decision.labels.contains(&"yes".to_owned())
}

pub(crate) fn message(plain: &str) -> Message {
    let text = Text { plain: plain.to_owned(), html: None };
    Message {
        id: "$m".to_owned(),
        origin: None,
        author: Person {
            id: "whatsapp:380441234567".to_owned(),
            remote: None,
            party: Party::Customer,
            display_name: Some("Оля".to_owned()),
            phone: Some("+380441234567".to_owned()),
            email: None,
            locale: Some("uk-UA".to_owned()),
            identifiers: vec!["tel:+380441234567".to_owned()],
            network: Some("whatsapp".to_owned()),
            attributes: Vec::new(),
        },
        sent_at: NOW,
        content: Content::Post(Post { text: Some(text), files: Vec::new() }),
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

pub(crate) fn other(kind: &str, plain: Option<&str>) -> Message {
    let (kind, plain) = (kind.to_owned(), plain.map(str::to_owned));
    Message { content: Content::Other(Other { kind, plain, data: "{}".to_owned() }), ..message("") }
}

pub(crate) fn joined() -> Message {
    let who = message("").author;
    Message { content: Content::Membership(Membership { who, presence: Presence::Joined }), ..message("") }
}

pub(crate) fn conversation() -> Conversation {
    Conversation {
        id: "c1".to_owned(),
        room: Room {
            room_id: "!r".to_owned(),
            conversation: Some("c1".to_owned()),
            name: Some("Sales".to_owned()),
            encrypted: false,
            network: None,
            channel: None,
            features: vec!["edit".to_owned()],
            audience: Audience::Customer,
            people: Vec::new(),
            member_count: 3,
            entity: Some("deal:7".to_owned()),
        },
        customer: None,
        open_tickets: Vec::new(),
        message_count: 4,
        labels: vec!["vip".to_owned()],
    }
}

pub(crate) fn with_ticket(adapter: &str, id: &str, last_activity_at: Timestamp) -> OpenTicket {
    OpenTicket {
        adapter: adapter.to_owned(),
        ticket: Ticket { id: id.to_owned(), url: None },
        status: TicketStatus::Pending,
        queue: Some(Named { id: "q1".to_owned(), name: Some("billing".to_owned()) }),
        assignee: None,
        opened_at: 1,
        last_activity_at,
    }
}
