use patchbay_sdk::desk::{Body, Line, Unknown};

use super::*;

/// A desk with one ticket, `t1`, that writes down what is asked of it.
#[derive(Default)]
struct Notebook {
    lines: Vec<(Line, bool)>,
    log: Vec<String>,
}

impl Notebook {
    fn line(&mut self, ticket: &str, id: &str) -> Result<&mut (Line, bool), Unknown> {
        if ticket != "t1" {
            return Err(Unknown::Ticket(ticket.to_owned()));
        }
        let n = id.strip_prefix('l').and_then(|n| n.parse::<usize>().ok());
        n.and_then(|n| self.lines.get_mut(n)).filter(|line| line.1).ok_or(Unknown::Line(id.to_owned()))
    }
}

impl Host for Notebook {
    fn create(&mut self, conversation: &str, customer: &Person) -> String {
        self.log.push(format!("create {conversation} {}", customer.id));
        "t1".to_owned()
    }

    fn write(&mut self, ticket: &str, line: &Line) -> Result<String, Unknown> {
        if ticket != "t1" {
            return Err(Unknown::Ticket(ticket.to_owned()));
        }
        if let Some(before) = &line.reply_to {
            self.line(ticket, before)?;
        }
        self.lines.push((line.clone(), true));
        Ok(format!("l{}", self.lines.len() - 1))
    }

    fn rewrite(&mut self, ticket: &str, line: &str, text: &Text) -> Result<(), Unknown> {
        self.line(ticket, line)?.0.body = Body::Text(text.clone());
        Ok(())
    }

    fn remove(&mut self, ticket: &str, line: &str) -> Result<(), Unknown> {
        self.line(ticket, line)?.1 = false;
        Ok(())
    }

    fn react(&mut self, ticket: &str, line: &str, key: &str, by: &Person, on: bool) -> Result<(), Unknown> {
        self.line(ticket, line)?;
        self.log.push(format!("react {line} {key} {} {on}", by.id));
        Ok(())
    }

    fn alter(&mut self, ticket: &str, change: &Change) -> Result<(), Unknown> {
        self.log.push(format!("alter {ticket} {change:?}"));
        Ok(())
    }

    fn now(&self) -> Timestamp {
        7
    }
}

fn person(id: &str) -> Person {
    Person {
        id: id.to_owned(),
        remote: None,
        party: Party::Customer,
        display_name: None,
        phone: None,
        email: None,
        locale: None,
        identifiers: Vec::new(),
        network: None,
        attributes: Vec::new(),
    }
}

fn item(key: &str, content: Content) -> Item {
    let message = Message {
        id: format!("${key}"),
        origin: None,
        author: person("@a:b"),
        sent_at: 1,
        content,
        reply_to: Vec::new(),
        thread: Vec::new(),
        attributes: Vec::new(),
    };
    Item { key: key.to_owned(), message, internal: false }
}

fn text(plain: &str) -> Option<Text> {
    Some(Text { plain: plain.to_owned(), html: None })
}

fn file(name: &str) -> Attachment {
    let handle = format!("mxc://b/{name}");
    let (file_name, mime_type) = (name.to_owned(), "image/png".to_owned());
    let kind = MediaKind::Image;
    Attachment { handle, kind, file_name, mime_type, size: None, width: None, height: None, duration: None }
}

fn post(plain: &str) -> Content {
    Content::Post(Post { text: text(plain), files: Vec::new() })
}

fn parts(written: &[Written]) -> Vec<Vec<&str>> {
    written.iter().map(|w| w.parts.iter().map(String::as_str).collect()).collect()
}

#[test]
fn a_post_is_one_line_for_its_text_and_one_for_each_file_under_keys_of_their_own() {
    let mut desk = Notebook::default();
    let content = Content::Post(Post { text: text("look"), files: vec![file("a.png"), file("b.png")] });
    let written = append(&mut desk, "t1", vec![item("k", content)]).unwrap();
    assert_eq!(parts(&written), [["l0", "l1", "l2"]]);
    let keys: Vec<_> = desk.lines.iter().map(|(line, _)| line.key.as_str()).collect();
    assert_eq!(keys, ["k", "k-1", "k-2"]);
}

#[test]
fn opening_creates_the_ticket_then_applies_what_it_has_then_writes() {
    let mut desk = Notebook::default();
    let draft = Draft {
        conversation: "c".to_owned(),
        customer: person("@a:b"),
        initial: vec![Change::Tag("vip".to_owned())],
        items: vec![item("k", post("hello"))],
    };
    let opened = open(&mut desk, draft).unwrap();
    assert_eq!((opened.ticket.id.as_str(), parts(&opened.written)), ("t1", vec![vec!["l0"]]));
    assert_eq!(desk.log, ["create c @a:b", r#"alter t1 Change::Tag("vip")"#]);
}

#[test]
fn edits_reactions_and_removals_change_lines_that_are_there() {
    let mut desk = Notebook::default();
    let target = || vec!["l0".to_owned()];
    let edit =
        Content::Edit(Edit { target: target(), post: Post { text: text("hello!"), files: Vec::new() } });
    let reaction =
        |removed| Content::Reaction(Reaction { target: target(), key: "👍".to_owned(), removed });
    let items = vec![
        item("1", post("hello")),
        item("2", edit),
        item("3", reaction(None)),
        item("4", reaction(Some(Vec::new()))),
        item("5", Content::Removal(target())),
        item("6", Content::Removal(target())),
    ];
    let written = append(&mut desk, "t1", items).unwrap();
    assert_eq!(parts(&written), [vec!["l0"], vec![], vec![], vec![], vec![], vec![]]);
    assert_eq!(desk.log, ["react l0 👍 @a:b true", "react l0 👍 @a:b false"]);
    assert_eq!(desk.lines.len(), 1);
    assert!(matches!(&desk.lines[0], (Line { body: Body::Text(text), .. }, false) if text.plain == "hello!"));
}

#[test]
fn what_refers_to_a_line_that_is_not_there_stands_alone() {
    let mut desk = Notebook::default();
    let edit =
        Edit { target: vec!["l9".to_owned()], post: Post { text: text("corrected"), files: Vec::new() } };
    let mut reply = item("2", post("yes"));
    reply.message.reply_to = vec!["l9".to_owned()];
    let written = append(&mut desk, "t1", vec![item("1", Content::Edit(edit)), reply]).unwrap();
    assert_eq!(parts(&written), [["l0"], ["l1"]]);
}

#[test]
fn remarks_are_neutral_lines_and_what_nobody_can_show_makes_none() {
    let mut desk = Notebook::default();
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
    append(&mut desk, "t1", items).unwrap();
    let said: Vec<_> = desk.lines.iter().map(|(line, _)| format!("{:?}", line.body)).collect();
    let event = |text: &str| format!("Body::Event({text:?})");
    let wanted =
        ["@a:b left", "@c:d was removed by @a:b", "A message could not be read: no key", "Missed call"]
            .map(event);
    assert_eq!(said, wanted);
}

#[test]
fn a_ticket_that_is_not_there_is_gone() {
    let mut desk = Notebook::default();
    let failure = append(&mut desk, "t2", vec![item("k", post("hello"))]).unwrap_err();
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
