use patchbay_sdk::{
    desk::{Body, Line},
    testing::{Host, KeptTicket},
};

use super::*;

fn desk_adapter(host: &Host) -> DeskAdapter {
    host.prepare(serde_json::json!({})).unwrap()
}

/// A desk that has one ticket, `t1`.
fn opened() -> Host {
    let host = Host::new();
    assert_eq!(host.ticket("c", &person("@a:b")), "t1");
    host
}

fn append(host: &Host, ticket: &str, items: Vec<Item>) -> Result<Vec<Written>, Failure> {
    desk_adapter(host).append(ticket.to_owned(), items, host.call("k"))
}

fn ticket(host: &Host) -> KeptTicket {
    host.tickets().remove(0)
}

fn person(id: &str) -> Person {
    Person::new(id, Party::Customer)
}

fn item(key: &str, content: Content) -> Item {
    let message = Message::new(format!("${key}"), person("@a:b"), 1, content);
    Item { key: key.to_owned(), message, internal: false }
}

fn text(plain: &str) -> Option<Text> {
    Some(Text { plain: plain.to_owned(), html: None })
}

fn file(name: &str) -> Attachment {
    Attachment::new(format!("mxc://b/{name}"), name, "image/png")
}

fn post(plain: &str) -> Content {
    Content::Post(Post { text: text(plain), files: Vec::new() })
}

fn parts(written: &[Written]) -> Vec<Vec<&str>> {
    written.iter().map(|w| w.parts.iter().map(String::as_str).collect()).collect()
}

#[test]
fn a_post_is_one_line_for_its_text_and_one_for_each_file_under_keys_of_their_own() {
    let host = opened();
    let content = Content::Post(Post { text: text("look"), files: vec![file("a.png"), file("b.png")] });
    let written = append(&host, "t1", vec![item("k", content)]).unwrap();
    assert_eq!(parts(&written), [["l1", "l2", "l3"]]);
    let keys: Vec<_> = ticket(&host).lines.into_iter().map(|kept| kept.line.key).collect();
    assert_eq!(keys, ["k", "k-1", "k-2"]);
}

#[test]
fn opening_creates_the_ticket_then_applies_what_it_has_then_writes() {
    let host = Host::new();
    let draft = Draft {
        conversation: "c".to_owned(),
        customer: person("@a:b"),
        initial: vec![Change::Tag("vip".to_owned())],
        items: vec![item("k", post("hello"))],
    };
    let opened = desk_adapter(&host).open(draft, host.call("k")).unwrap();
    assert_eq!((opened.ticket.id.as_str(), parts(&opened.written)), ("t1", vec![vec!["l1"]]));
    let ticket = ticket(&host);
    assert_eq!((ticket.conversation.as_str(), ticket.customer.id.as_str()), ("c", "@a:b"));
    assert_eq!(ticket.changes, [Change::Tag("vip".to_owned())]);
}

#[test]
fn edits_reactions_and_removals_change_lines_that_are_there() {
    let host = opened();
    let target = || vec!["l1".to_owned()];
    let edit =
        Content::Edit(Edit { target: target(), post: Post { text: text("hello!"), files: Vec::new() } });
    let reaction =
        |removed| Content::Reaction(Reaction { target: target(), key: "👍".to_owned(), removed });
    let first = vec![item("1", post("hello")), item("2", edit), item("3", reaction(None))];
    assert_eq!(parts(&append(&host, "t1", first).unwrap()), [vec!["l1"], vec![], vec![]]);
    assert_eq!(ticket(&host).lines[0].reactions, [("@a:b".to_owned(), "👍".to_owned())]);
    let second = vec![
        item("4", reaction(Some(Vec::new()))),
        item("5", Content::Removal(target())),
        item("6", Content::Removal(target())),
    ];
    assert_eq!(parts(&append(&host, "t1", second).unwrap()), [vec![""; 0], vec![], vec![]]);
    let lines = ticket(&host).lines;
    assert_eq!((lines.len(), lines[0].removed, lines[0].reactions.len()), (1, true, 0));
    assert!(matches!(&lines[0].line, Line { body: Body::Text(text), .. } if text.plain == "hello!"));
}

#[test]
fn what_refers_to_a_line_that_is_not_there_stands_alone() {
    let host = opened();
    let edit =
        Edit { target: vec!["l9".to_owned()], post: Post { text: text("corrected"), files: Vec::new() } };
    let mut reply = item("2", post("yes"));
    reply.message.reply_to = vec!["l9".to_owned()];
    let written = append(&host, "t1", vec![item("1", Content::Edit(edit)), reply]).unwrap();
    assert_eq!(parts(&written), [["l1"], ["l2"]]);
}

#[test]
fn remarks_are_neutral_lines_and_what_nobody_can_show_makes_none() {
    let host = opened();
    let membership = |who: &str, presence| Content::Membership(Membership { who: person(who), presence });
    let other = |plain: Option<&str>| {
        let (kind, plain) = ("m.call.hangup".to_owned(), plain.map(str::to_owned));
        Content::Other(Other { kind, plain, data: "{}".to_owned() })
    };
    let items = vec![
        item("1", membership("@a:b", Presence::Left)),
        item("2", membership("@c:d", Presence::Left)),
        item("3", Content::Unreadable("no key".to_owned())),
        item("4", other(Some("Missed call"))),
        item("5", other(None)),
    ];
    append(&host, "t1", items).unwrap();
    let said: Vec<_> = ticket(&host).lines.into_iter().map(|kept| kept.line.body).collect();
    let wanted =
        ["@a:b left", "@c:d was removed by @a:b", "A message could not be read: no key", "Missed call"]
            .map(|remark| Body::Event(remark.to_owned()));
    assert_eq!(said, wanted);
}

#[test]
fn a_ticket_that_is_not_there_is_gone() {
    let host = opened();
    let failure = append(&host, "t2", vec![item("k", post("hello"))]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Gone);
}

#[test]
fn an_agents_reply_note_and_status_become_news() {
    let said = |json: &str| agent::said(json.as_bytes(), || 7);
    let head = r#""id":"l5","ticket":"t1","agent":{"id":"eve","name":"Eve"}"#;
    let reply = said(&format!(r#"{{{head},"kind":"reply","text":"hi","reply-to":"l4"}}"#)).unwrap();
    assert_eq!((reply.id.as_str(), reply.ticket.as_str()), ("l5", "t1"));
    let News::Message(message) = reply.news else { panic!("{:?}", reply.news) };
    assert_eq!(message.author.id, "desk:eve");
    assert_eq!((message.sent_at, message.reply_to), (7, vec!["l4".to_owned()]));
    let note = said(&format!(r#"{{{head},"kind":"note","text":"rude"}}"#)).unwrap();
    assert!(matches!(note.news, News::Note(_)));
    let status = said(&format!(r#"{{{head},"kind":"status","status":"solved"}}"#)).unwrap();
    let News::Changed(changes) = status.news else { panic!("{:?}", status.news) };
    assert_eq!(changes.changes, [Change::Status(TicketStatus::Solved)]);
}

#[test]
fn what_no_agent_can_say_is_refused_with_a_reason() {
    let head = r#""id":"l5","ticket":"t1","agent":{"id":"@eve:b"}"#;
    for (body, why) in [
        (format!(r#"{{{head},"kind":"reply"}}"#), "neither"),
        (format!(r#"{{{head},"kind":"status"}}"#), "status"),
        (format!(r#"{{{head},"kind":"dance"}}"#), "dance"),
        ("[".repeat(10_000), "invalid type"),
        (String::new(), "EOF"),
    ] {
        let refused = agent::said(body.as_bytes(), || 7).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}
