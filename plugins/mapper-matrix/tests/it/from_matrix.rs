//! One rule for each test: what an event of Matrix means.

use patchbay_sdk::prelude::*;
use serde_json::{Value, json};

use crate::sample::{event, file, mapper, post, related, room, said, text};

fn message(content: &Value) -> Result<Message, String> {
    said(event("m.room.message", content))
}

fn content(content: &Value) -> Content {
    message(content).unwrap().content
}

#[test]
fn words_come_with_their_html_and_notices_are_marked() {
    let html = json!({
        "msgtype": "m.text", "body": "b", "format": "org.matrix.custom.html", "formatted_body": "<b>b</b>",
    });
    assert_eq!(
        content(&html),
        Content::Post(Post { text: Some(text("b", Some("<b>b</b>"))), files: Vec::new() })
    );
    let notice = message(&json!({ "msgtype": "m.notice", "body": "b" })).unwrap();
    assert_eq!(notice.attributes, [Attribute { key: "msgtype".to_owned(), value: "m.notice".to_owned() }]);
}

#[test]
fn html_in_another_format_is_left_out() {
    let odd =
        json!({ "msgtype": "m.text", "body": "b", "format": "text/bbcode", "formatted_body": "[b]b[/b]" });
    assert_eq!(content(&odd), Content::Post(post("b")));
}

#[test]
fn an_emote_says_who_does_it() {
    assert_eq!(
        content(&json!({ "msgtype": "m.emote", "body": "waves" })),
        Content::Post(post("* alice waves"))
    );
}

#[test]
fn a_files_body_is_its_name_unless_the_name_stands_elsewhere() {
    let info = json!({ "mimetype": "image/png", "size": 69, "w": 1.0, "h": "tall" });
    let image = |body: &str, filename: Option<&str>| json!({ "msgtype": "m.image", "body": body, "filename": filename, "url": "mxc://a/b", "info": info });
    let handle = "mxc://a/b".to_owned();
    let files = vec![Attachment { handle, ..file("p.png", MediaKind::Image) }];
    let alone = Content::Post(Post { text: None, files: files.clone() });
    assert_eq!(content(&image("p.png", None)), alone);
    assert_eq!(content(&image("p.png", Some("p.png"))), alone);
    let captioned = Content::Post(Post { text: Some(text("look", None)), files });
    assert_eq!(content(&image("look", Some("p.png"))), captioned);
}

#[test]
fn an_encrypted_files_address_is_found_and_a_voice_message_is_told_from_music() {
    for (voice, kind) in [(Some("m.voice"), MediaKind::Voice), (None, MediaKind::Audio)] {
        let mut audio =
            json!({ "msgtype": "m.audio", "body": "a.ogg", "file": { "url": "mxc://a/b", "key": {} } });
        if let Some(voice) = voice {
            audio[voice] = json!({});
            audio["org.matrix.msc3245.voice"] = json!({});
        }
        let Content::Post(post) = content(&audio) else { panic!("no post") };
        assert_eq!((post.files[0].kind, post.files[0].handle.as_str()), (kind, "mxc://a/b"));
        assert_eq!(post.files[0].mime_type, "application/octet-stream");
    }
}

#[test]
fn a_file_name_is_safe_to_save_under() {
    for (given, plain) in
        [("../../etc/passwd", "passwd"), ("..", "file"), ("a\u{0}\nb.txt", "ab.txt"), ("", "file")]
    {
        let file = json!({ "msgtype": "m.file", "body": given, "url": "mxc://a/b" });
        let Content::Post(post) = content(&file) else { panic!("no post") };
        assert_eq!(post.files[0].file_name, plain);
    }
}

#[test]
fn a_file_without_an_address_keeps_its_words() {
    let lost =
        content(&json!({ "msgtype": "m.image", "body": "p.png", "url": "https://evil.example/p.png" }));
    assert!(matches!(lost, Content::Other(Other { plain: Some(plain), .. }) if plain == "p.png"));
}

#[test]
fn a_sticker_is_a_file_without_caption() {
    let sticker = event("m.sticker", &json!({ "body": "a cat", "url": "mxc://a/b", "info": {} }));
    let Content::Post(Post { text: None, files }) = said(sticker).unwrap().content else { panic!("no post") };
    assert_eq!((files[0].kind, files[0].file_name.as_str()), (MediaKind::Sticker, "a cat"));
}

#[test]
fn a_place_is_read_from_its_uri_and_an_impossible_one_keeps_its_words() {
    let place = |uri: &str| content(&json!({ "msgtype": "m.location", "body": "home", "geo_uri": uri }));
    let label = Some("home".to_owned());
    let wanted = Content::Location(Location { latitude: 51.5, longitude: -0.1, label });
    assert_eq!(place("geo:51.5,-0.1,30;u=35"), wanted);
    for uri in ["geo:91,0", "geo:NaN,0", "geo:1", "https://maps.example"] {
        assert!(matches!(place(uri), Content::Other(_)), "{uri}");
    }
}

#[test]
fn an_unknown_message_type_is_named_and_keeps_its_words() {
    let Content::Other(other) = content(&json!({ "msgtype": "com.example.card", "body": "a card" })) else {
        panic!("no other")
    };
    assert_eq!((other.kind.as_str(), other.plain.as_deref()), ("com.example.card", Some("a card")));
}

#[test]
fn a_reply_loses_the_quote_that_old_clients_put_before_it() {
    let reply = message(&json!({
        "msgtype": "m.text", "body": "> <@bob:b> first\n> second\n\nyes\n> really", "format": "org.matrix.custom.html",
        "formatted_body": "<mx-reply><blockquote>first</blockquote></mx-reply>yes",
        "m.relates_to": { "m.in_reply_to": { "event_id": "$first" } },
    }));
    let reply = reply.unwrap();
    assert_eq!(reply.reply_to, ["$first"]);
    let wanted = Post { text: Some(text("yes\n> really", Some("yes"))), files: Vec::new() };
    assert_eq!(reply.content, Content::Post(wanted));
}

#[test]
fn a_quote_outside_a_reply_is_what_somebody_wrote() {
    let quote = "> <@bob:b> first\n\nyes";
    assert_eq!(content(&json!({ "msgtype": "m.text", "body": quote })), Content::Post(post(quote)));
}

#[test]
fn a_reply_for_clients_that_know_no_threads_is_none() {
    let threaded = |falling_back: bool| {
        message(&json!({
            "msgtype": "m.text", "body": "b",
            "m.relates_to": {
                "rel_type": "m.thread", "event_id": "$root", "is_falling_back": falling_back,
                "m.in_reply_to": { "event_id": "$last" },
            },
        }))
        .unwrap()
    };
    assert_eq!((threaded(true).reply_to, threaded(true).thread), (vec![], vec!["$root".to_owned()]));
    assert_eq!(threaded(false).reply_to, ["$last"]);
}

#[test]
fn a_thread_is_a_conversation_of_its_own_where_the_tenant_wants_it() {
    let in_thread = json!({
        "msgtype": "m.text", "body": "b", "m.relates_to": { "rel_type": "m.thread", "event_id": "$root" },
    });
    let mut reaction = event(
        "m.reaction",
        &json!({
            "m.relates_to": { "rel_type": "m.annotation", "event_id": "$related", "key": "k" },
        }),
    );
    reaction.related = Some(related("m.room.message", &in_thread));
    for event in [event("m.room.message", &in_thread), reaction] {
        for (threads, wanted) in [(true, Some("$root")), (false, None)] {
            let mapped =
                mapper(json!({ "threads": threads })).from_matrix(event.clone(), room(Audience::Customer));
            let Ok(Mapped::Message(said)) = mapped else { panic!("{mapped:?}") };
            assert_eq!(said.conversation.as_deref(), wanted);
        }
    }
}

#[test]
fn an_edit_is_its_new_content_or_what_its_fallback_says() {
    let edit = |extra: Value| {
        let mut edit = json!({
            "msgtype": "m.text", "body": "* new", "m.relates_to": { "rel_type": "m.replace", "event_id": "$old" },
        });
        edit.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        content(&edit)
    };
    let wanted = Content::Edit(Edit { target: vec!["$old".to_owned()], post: post("new") });
    assert_eq!(edit(json!({ "m.new_content": { "msgtype": "m.text", "body": "new" } })), wanted);
    assert_eq!(edit(json!({})), wanted);
    assert_eq!(edit(json!({ "m.new_content": 7 })), wanted);
}

#[test]
fn a_reaction_names_its_message_and_taking_it_back_names_the_reaction() {
    let reacted =
        json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": "$message", "key": "👍" } });
    let reaction = |removed| {
        Content::Reaction(Reaction { target: vec!["$message".to_owned()], key: "👍".to_owned(), removed })
    };
    assert_eq!(said(event("m.reaction", &reacted)).unwrap().content, reaction(None));
    let mut redaction = event("m.room.redaction", &json!({ "redacts": "$related" }));
    redaction.related = Some(related("m.reaction", &reacted));
    assert_eq!(said(redaction).unwrap().content, reaction(Some(vec!["$related".to_owned()])));
}

#[test]
fn a_redaction_removes_a_message_but_not_for_its_edits_sake() {
    let mut redaction = event("m.room.redaction", &json!({ "redacts": "$related", "reason": "spam" }));
    let removed = said(redaction.clone()).unwrap();
    assert_eq!(removed.content, Content::Removal(vec!["$related".to_owned()]));
    assert_eq!(removed.attributes, [Attribute { key: "reason".to_owned(), value: "spam".to_owned() }]);
    let edit = json!({ "body": "* b", "m.relates_to": { "rel_type": "m.replace", "event_id": "$old" } });
    redaction.related = Some(related("m.room.message", &edit));
    assert!(said(redaction).unwrap_err().contains("edit"));
}

#[test]
fn a_membership_tells_who_came_and_who_went_but_not_who_took_another_name() {
    let member = |state_key: &str, before: Option<&str>, membership: &str| {
        let mut member = event("m.room.member", &json!({ "membership": membership, "displayname": "D" }));
        member.state_key = Some(state_key.to_owned());
        member.related = before.map(|before| related("m.room.member", &json!({ "membership": before })));
        said(member).map(|message| match message.content {
            Content::Membership(Membership { who, presence }) => (who.id, presence),
            content => panic!("{content:?}"),
        })
    };
    let moved = |id: &str, presence| Ok((id.to_owned(), presence));
    assert_eq!(member("@alice:a", None, "join"), moved("@alice:a", Presence::Joined));
    assert_eq!(member("@alice:a", Some("invite"), "join"), moved("@alice:a", Presence::Joined));
    assert_eq!(member("@bob:b", Some("join"), "leave"), moved("@bob:b", Presence::Left));
    assert_eq!(member("@new:c", None, "invite"), moved("@new:c", Presence::Invited));
    assert_eq!(member("@bob:b", Some("join"), "ban"), moved("@bob:b", Presence::Banned));
    for (before, membership) in
        [(Some("join"), "join"), (Some("ban"), "leave"), (None, "knock"), (None, "dance")]
    {
        assert!(member("@bob:b", before, membership).is_err(), "{before:?} {membership}");
    }
}

#[test]
fn a_call_leaves_a_remark_and_its_signalling_does_not() {
    let call = |event_type: &str, content: Value| {
        said(event(event_type, &content)).map(|message| match message.content {
            Content::Other(other) => other.plain.unwrap(),
            content => panic!("{content:?}"),
        })
    };
    assert_eq!(call("m.call.hangup", json!({ "reason": "invite_timeout" })).unwrap(), "Missed call");
    assert_eq!(
        call("m.call.invite", json!({ "offer": { "sdp": "v=0\r\nm=video 9" } })).unwrap(),
        "Video call"
    );
    assert!(call("m.call.candidates", json!({})).is_err());
}

#[test]
fn a_poll_is_its_question_and_its_answers_in_either_spelling() {
    let old = json!({ "org.matrix.msc3381.poll.start": {
        "question": { "org.matrix.msc1767.text": "Tea?" }, "answers": [{ "org.matrix.msc1767.text": "Yes" }, {}],
    } });
    let new = json!({ "m.poll": {
        "question": { "m.text": [{ "body": "Tea?" }] }, "answers": [{ "m.text": [{ "body": "Yes" }] }],
    } });
    for (event_type, content) in [("org.matrix.msc3381.poll.start", old), ("m.poll.start", new)] {
        let Content::Other(other) = said(event(event_type, &content)).unwrap().content else {
            panic!("no other")
        };
        assert_eq!(other.plain.as_deref(), Some("Poll: Tea?\n1. Yes"));
    }
}

#[test]
fn what_cannot_be_decrypted_says_so_and_keeps_its_thread() {
    let encrypted = event(
        "m.room.encrypted",
        &json!({
            "algorithm": "m.megolm.v1.aes-sha2", "m.relates_to": { "rel_type": "m.thread", "event_id": "$root" },
        }),
    );
    let message = said(encrypted).unwrap();
    assert!(matches!(message.content, Content::Unreadable(why) if why.contains("m.megolm.v1.aes-sha2")));
    assert_eq!(message.thread, ["$root"]);
}

#[test]
fn state_says_nothing_and_custom_events_keep_their_fallback() {
    let mut topic = event("m.room.topic", &json!({ "topic": "t" }));
    topic.state_key = Some(String::new());
    assert!(said(topic).unwrap_err().contains("m.room.topic"));
    let custom = said(event("com.example.note", &json!({ "body": "n", "x": 1 }))).unwrap();
    let Content::Other(other) = custom.content else { panic!("no other") };
    assert_eq!((other.plain.as_deref(), other.data.as_str()), (Some("n"), r#"{"body":"n","x":1}"#));
}

#[test]
fn what_was_redacted_before_it_came_says_nothing() {
    assert!(message(&json!({})).unwrap_err().contains("redacted"));
}
