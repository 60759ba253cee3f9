//! One rule for each test: what is done in Matrix for a CRM's news.

use patchbay_sdk::prelude::*;
use serde_json::{Value, json};

use crate::sample::{file, mapper, person, post, room, text};

fn act(settings: Value, audience: Audience, news: News) -> Vec<Action> {
    let ticket = Ticket { id: "t1".to_owned(), url: None };
    let (conversation, adapter) = ("c".to_owned(), "desk".to_owned());
    let update = Update { conversation, room: room(audience), adapter, ticket, news };
    mapper(settings).to_matrix(update).unwrap()
}

fn message(content: Content) -> Message {
    Message {
        id: "7".to_owned(),
        origin: None,
        author: person("desk:eve", Party::Agent),
        sent_at: 5,
        content,
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    }
}

fn say(message: Message) -> Vec<Action> {
    act(json!({}), Audience::Customer, News::Message(message))
}

fn sent(action: &Action) -> (Option<&str>, &str, Value) {
    let Action::Send(send) = action else { panic!("{action:?}") };
    let author = send.author.as_ref().map(|author| author.id.as_str());
    (author, &send.event_type, serde_json::from_str(&send.content).unwrap())
}

#[test]
fn a_post_is_its_words_then_each_file_with_the_place_for_its_address() {
    let words = Some(text("b", Some("<b>b</b>")));
    let files = vec![file("p.png", MediaKind::Image), file("v.ogg", MediaKind::Voice)];
    let actions = say(message(Content::Post(Post { text: words, files })));
    let wanted = json!({
        "msgtype": "m.text", "body": "b", "format": "org.matrix.custom.html", "formatted_body": "<b>b</b>",
    });
    assert_eq!(sent(&actions[0]), (Some("desk:eve"), "m.room.message", wanted));
    let wanted = json!({
        "msgtype": "m.image", "body": "p.png", "filename": "p.png", "url": "",
        "info": { "mimetype": "image/png", "size": 69, "w": 1 },
    });
    assert_eq!(sent(&actions[1]).2, wanted);
    let Action::Send(Send { attachments, .. }) = &actions[1] else { panic!("no send") };
    assert_eq!((attachments[0].at.as_str(), attachments[0].attachment.handle.as_str()), ("/url", "crm:7"));
    assert_eq!(sent(&actions[2]).2["org.matrix.msc3245.voice"], json!({}));
    assert_eq!(actions.len(), 3);
}

#[test]
fn machines_speak_through_the_bot_and_as_a_notice() {
    let mut robot = message(Content::Post(post("b")));
    robot.author.party = Party::Bot;
    assert_eq!(sent(&say(robot)[0]), (None, "m.room.message", json!({ "msgtype": "m.notice", "body": "b" })));
}

#[test]
fn a_reply_in_a_thread_is_both_and_a_line_of_a_thread_falls_back_to_its_root() {
    let relation = |reply_to: &[&str]| {
        let mut message = message(Content::Post(post("b")));
        message.reply_to = reply_to.iter().map(|&id| id.to_owned()).collect();
        message.thread = vec!["$root".to_owned()];
        sent(&say(message)[0]).2["m.relates_to"].clone()
    };
    let wanted = |falling_back: bool, reply: &str| {
        json!({
            "rel_type": "m.thread", "event_id": "$root", "is_falling_back": falling_back,
            "m.in_reply_to": { "event_id": reply },
        })
    };
    assert_eq!(relation(&["$asked", "$file"]), wanted(false, "$asked"));
    assert_eq!(relation(&[]), wanted(true, "$root"));
}

#[test]
fn an_edit_replaces_the_first_part_and_without_one_is_said_anew() {
    let edit = |target: &[&str]| {
        let target = target.iter().map(|&id| id.to_owned()).collect();
        say(message(Content::Edit(Edit { target, post: post("new") })))
    };
    let wanted = json!({
        "msgtype": "m.text", "body": "* new", "m.new_content": { "msgtype": "m.text", "body": "new" },
        "m.relates_to": { "rel_type": "m.replace", "event_id": "$words" },
    });
    assert_eq!(sent(&edit(&["$words", "$file"])[0]).2, wanted);
    assert_eq!(sent(&edit(&[])[0]).2, json!({ "msgtype": "m.text", "body": "new" }));
}

#[test]
fn a_reaction_is_sent_and_taking_it_back_redacts_it() {
    let react = |removed| {
        let target = vec!["$message".to_owned()];
        say(message(Content::Reaction(Reaction { target, key: "👍".to_owned(), removed })))
    };
    let wanted =
        json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": "$message", "key": "👍" } });
    assert_eq!(sent(&react(None)[0]), (Some("desk:eve"), "m.reaction", wanted));
    let [Action::Redact(redact)] = &react(Some(vec!["$reaction".to_owned()]))[..] else {
        panic!("no redact")
    };
    assert_eq!(redact.event_id, "$reaction");
}

#[test]
fn a_removal_redacts_each_part() {
    let parts = vec!["$words".to_owned(), "$file".to_owned()];
    assert_eq!(say(message(Content::Removal(parts))).len(), 2);
}

#[test]
fn a_note_is_for_staff_rooms_alone() {
    let note = || News::Note(message(Content::Post(post("rude"))));
    assert_eq!(act(json!({}), Audience::Customer, note()), []);
    assert_eq!(act(json!({}), Audience::Staff, note()).len(), 1);
}

#[test]
fn a_change_is_told_in_the_tenants_words_or_not_at_all() {
    let agent = Named { id: "eve".to_owned(), name: Some("Eve".to_owned()) };
    let changes = vec![Change::Status(TicketStatus::Solved), Change::Assignee(Some(agent))];
    let news = || News::Changed(Changes { changes: changes.clone(), by: None });
    assert_eq!(act(json!({}), Audience::Customer, news()), []);
    let notices = json!({ "notices": { "assigned": "{agent} takes care of it." } });
    let actions = act(notices, Audience::Customer, news());
    let wanted = json!({ "msgtype": "m.notice", "body": "Eve takes care of it." });
    assert_eq!(actions.iter().map(sent).collect::<Vec<_>>(), [(None, "m.room.message", wanted)]);
}

#[test]
fn only_a_failed_delivery_is_told_and_where_it_was_said() {
    let report = |progress| {
        let (target, detail) = (vec!["$message".to_owned()], Some("no such number".to_owned()));
        let settings = json!({ "notices": { "undelivered": "Not delivered: {detail}" } });
        act(settings, Audience::Customer, News::Report(Report { target, progress, detail }))
    };
    assert_eq!(report(Progress::Delivered), []);
    let told = sent(&report(Progress::Failed)[0]).2;
    assert_eq!(told["body"], "Not delivered: no such number");
    assert_eq!(told["m.relates_to"]["m.in_reply_to"]["event_id"], "$message");
}

#[test]
fn typing_and_reading_are_done_as_whoever_does_them() {
    let signal = |kind, target: &[&str]| {
        let (by, target) =
            (person("desk:eve", Party::Agent), target.iter().map(|&id| id.to_owned()).collect());
        act(json!({}), Audience::Customer, News::Signal(Signal { kind, by, target }))
    };
    assert!(matches!(&signal(SignalKind::Typing, &[])[..], [Action::Typing(Typing { active: true, .. })]));
    assert_eq!(signal(SignalKind::Read, &[]), []);
    let [Action::MarkRead(read)] = &signal(SignalKind::Read, &["$words", "$file"])[..] else {
        panic!("no mark")
    };
    assert_eq!(read.event_id, "$file");
}

#[test]
fn a_room_is_planned_with_its_roles_and_stays_encrypted() {
    let opening = Opening {
        kind: "deal".to_owned(),
        name: "x".repeat(300),
        topic: None,
        seats: vec![
            Seat { person: person("@bob:b", Party::Customer), role: "customer".to_owned() },
            Seat { person: person("desk:eve", Party::Agent), role: "agent".to_owned() },
            Seat { person: person("desk:joe", Party::Agent), role: "lead".to_owned() },
        ],
        archived: true,
    };
    let mapper = mapper(json!({ "roles": { "lead": 75 } }));
    let encrypted = Room { encrypted: true, ..room(Audience::Customer) };
    let plan = mapper.plan_room(opening, Some(encrypted)).unwrap();
    assert_eq!(plan.levels.iter().map(|level| level.power).collect::<Vec<_>>(), [0, 50, 75]);
    assert!(plan.encrypted && plan.read_only);
    assert_eq!(plan.name.len(), 255);
}

#[test]
fn a_room_for_a_thing_without_a_name_is_called_after_its_customer() {
    let mut bob = person("@bob:b", Party::Customer);
    bob.display_name = Some("Bob".to_owned());
    let seats = vec![Seat { person: bob, role: "customer".to_owned() }];
    let opening = Opening {
        kind: "ticket".to_owned(),
        name: " ".to_owned(),
        topic: Some(String::new()),
        seats,
        archived: false,
    };
    let plan = mapper(json!({})).plan_room(opening, None).unwrap();
    assert_eq!((plan.name.as_str(), plan.topic), ("Bob", None));
    assert!(!plan.encrypted && !plan.read_only);
}

#[test]
fn a_role_that_ranks_with_the_bot_is_refused() {
    let settings = serde_json::from_value(json!({ "roles": { "boss": 100 } })).unwrap();
    let problems = mapper_matrix::MatrixMapper::prepare(settings).map(drop).unwrap_err();
    assert_eq!(problems[0].at, "/roles/boss");
}
