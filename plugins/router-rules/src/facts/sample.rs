//! A message like most, to rehearse with.

use patchbay_sdk::prelude::*;

pub(crate) fn sample() -> (Message, Conversation) {
    let person = Person {
        id: "@someone:example.org".to_owned(),
        remote: None,
        party: Party::Customer,
        display_name: Some("Someone".to_owned()),
        phone: None,
        email: None,
        locale: None,
        identifiers: vec!["tel:+0".to_owned()],
        network: None,
        attributes: Vec::new(),
    };
    let ticket = OpenTicket {
        adapter: "desk".to_owned(),
        ticket: Ticket { id: "1".to_owned(), url: None },
        status: TicketStatus::Open,
        queue: None,
        assignee: None,
        opened_at: 0,
        last_activity_at: 0,
    };
    let room = Room {
        room_id: "!room".to_owned(),
        conversation: None,
        name: Some("Room".to_owned()),
        encrypted: false,
        network: None,
        channel: None,
        features: Vec::new(),
        audience: Audience::Customer,
        people: Vec::new(),
        member_count: 2,
        entity: None,
    };
    let text = Text { plain: "Hello, is anybody there? My order has not arrived.".to_owned(), html: None };
    let message = Message {
        id: "$message".to_owned(),
        origin: None,
        author: person.clone(),
        sent_at: 0,
        content: Content::Post(Post { text: Some(text), files: Vec::new() }),
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    };
    let conversation = Conversation {
        id: "c".to_owned(),
        room,
        customer: Some(person),
        open_tickets: vec![ticket],
        message_count: 1,
        labels: vec!["new".to_owned()],
    };
    (message, conversation)
}
