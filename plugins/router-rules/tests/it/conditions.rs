//! What a condition can ask.

use patchbay_sdk::prelude::*;

use crate::sample::{conversation, holds, joined, message, other, with_ticket};

#[test]
fn every_variable_can_be_asked() {
    let mut talk = conversation();
    talk.open_tickets = vec![with_ticket("desk", "7", 9)];
    for when in [
        "content.kind == 'post'",
        "content.text == 'Привіт, Wo ist es?'",
        "content.lower.contains('привіт') && content.lower.contains('wo ist')",
        "content.html == '' && content.other == '' && content.presence == ''",
        "size(content.media) == 0",
        "sender.id.startsWith('whatsapp:') && sender.name == 'Оля' && sender.phone.startsWith('+380')",
        "sender.email == '' && sender.network == 'whatsapp' && sender.locale.startsWith('uk')",
        "sender.party == 'customer' && 'tel:+380441234567' in sender.identifiers",
        "sender.identifiers.exists(i, i.startsWith('tel:'))",
        "room.id == '!r' && room.name == 'Sales' && room.network == '' && room.entity.startsWith('deal:')",
        "room.audience == 'customer' && !room.encrypted && room.members == 3 && 'edit' in room.features",
        "conversation.id == 'c1' && 'vip' in conversation.labels && conversation.count < 5",
        "conversation.tickets.exists(t, t.adapter == 'desk' && t.queue == 'billing' && t.assignee == '')",
        "size(conversation.tickets) == 1 && conversation.tickets[0].status == 'pending'",
        "conversation.tickets.all(t, now - t.active > 3600000)",
        "hours.open && hours.weekday == 'fri' && hours.date == '2026-11-20' && hours.hour == 7 && hours.minute == 30",
        "origin == '' && !reply && !thread && !hours.holiday",
        "sender.network in ['whatsapp', 'telegram'] ? true : false",
    ] {
        assert!(holds(when, "", message("Привіт, Wo ist es?"), talk.clone()), "{when}");
    }
}

#[test]
fn what_is_no_post_tells_its_own_words() {
    let call = other("m.call.hangup", Some("Missed call"));
    let when = "content.kind == 'other' && content.other == 'm.call.hangup' && content.text == 'Missed call'";
    assert!(holds(when, "", call, conversation()));
    assert!(holds("content.presence == 'joined'", "", joined(), conversation()));
    let mut picture = message("");
    let handle = "mxc://a/b".to_owned();
    let (file_name, mime_type) = ("p.png".to_owned(), "image/png".to_owned());
    let file = Attachment {
        handle,
        kind: MediaKind::Image,
        file_name,
        mime_type,
        size: None,
        width: None,
        height: None,
        duration: None,
    };
    picture.content = Content::Post(Post { text: None, files: vec![file] });
    assert!(holds("'image' in content.media && content.text == ''", "", picture, conversation()));
}

#[test]
fn a_pattern_is_found_anywhere_in_the_text_or_in_what_it_is_said_to_be_over() {
    let patterns = r"
        [patterns]
        refund = '(?i)\b(refund|money back|поверн)'
        ukrainian = { regex = '^\+380[0-9]{9}$', on = 'sender.phone' }
    "
    .replace(r"\b", r"(?-u:\b)");
    let asked = |when: &str, text: &str| holds(when, &patterns, message(text), conversation());
    assert!(asked("patterns.refund && patterns.ukrainian", "I want my MONEY BACK"));
    assert!(asked("!patterns.refund", "fund raising"));
    assert!(asked("patterns.refund", "ПОВЕРНІТЬ гроші, refund"));
}

#[test]
fn a_hostile_text_makes_no_pattern_slow() {
    let patterns = "[patterns]\nnested = '(a+)+[$]'\n";
    let text = "a".repeat(60_000);
    assert!(holds("!patterns.nested", patterns, message(&text), conversation()));
}

#[test]
fn a_condition_that_cannot_be_answered_does_not_hold_and_is_named() {
    let rules = "[[rules]]\nname = 'broken'\nwhen = 'conversation.tickets[3].id == \"1\"'\nstop = true\n\
        [[rules]]\nname = 'next'\nlabels = ['yes']\n";
    let decision = crate::sample::router(rules).decide(message("x"), conversation(), 0).unwrap();
    assert_eq!(decision.reason, "rule `next`; rule `broken` could not be answered");
}
