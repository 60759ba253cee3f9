//! Facts as CEL values, and where the less simple ones are found in a message. Text is borrowed, never copied.

use std::collections::HashMap;

use cel::common::{
    types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelString},
    value::{CowVal, Val},
};
use patchbay_sdk::prelude::*;

use super::{Fact, names};

pub(super) fn value(fact: Fact<'_>) -> CowVal<'_, '_> {
    match fact {
        Fact::Text(text) => CowVal::owned(CelString::from(text)),
        Fact::Flag(flag) => CowVal::owned(CelBool::from(flag)),
        Fact::Number(number) => CowVal::owned(CelInt::from(number)),
        Fact::Texts(texts) => {
            let texts: Vec<Box<dyn Val + '_>> = texts.into_iter().map(boxed).collect();
            CowVal::owned(CelList::from(texts))
        }
        Fact::Tickets(open) => CowVal::owned(tickets(open)),
    }
}

pub(super) fn tickets(open: &[OpenTicket]) -> CelList<'_> {
    let tickets: Vec<Box<dyn Val + '_>> = open.iter().map(ticket).collect();
    CelList::from(tickets)
}

fn ticket(open: &OpenTicket) -> Box<dyn Val + '_> {
    let time =
        |time: Timestamp| -> Box<dyn Val> { Box::new(CelInt::from(i64::try_from(time).unwrap_or(i64::MAX))) };
    let fields: [(&'static str, Box<dyn Val + '_>); 7] = [
        ("adapter", boxed(&open.adapter)),
        ("id", boxed(&open.ticket.id)),
        ("status", boxed(names::status(open.status))),
        ("queue", boxed(called(open.queue.as_ref()))),
        ("assignee", boxed(called(open.assignee.as_ref()))),
        ("opened", time(open.opened_at)),
        ("active", time(open.last_activity_at)),
    ];
    let fields: HashMap<_, _> =
        fields.into_iter().map(|(key, value)| (CelMapKey::from(key), value)).collect();
    Box::new(CelMap::from(fields))
}

fn called(named: Option<&Named>) -> &str {
    named.map(|named| named.name.as_deref().unwrap_or(&named.id)).unwrap_or_default()
}

fn boxed(text: &str) -> Box<dyn Val + '_> {
    Box::new(CelString::from(text))
}

/// What is said in words.
pub(super) fn text(content: &Content) -> Option<&Text> {
    match content {
        Content::Post(post) | Content::Edit(Edit { post, .. }) => post.text.as_ref(),
        _ => None,
    }
}

/// The words of anything that has some.
pub(super) fn plain(content: &Content) -> &str {
    let plain = match content {
        Content::Location(location) => location.label.as_ref(),
        Content::Other(other) => other.plain.as_ref(),
        content => text(content).map(|text| &text.plain),
    };
    plain.map(String::as_str).unwrap_or_default()
}

pub(super) fn other(content: &Content) -> &str {
    if let Content::Other(other) = content { &other.kind } else { "" }
}

pub(super) fn media(content: &Content) -> Vec<&'static str> {
    match content {
        Content::Post(post) | Content::Edit(Edit { post, .. }) => {
            post.files.iter().map(|file| names::media(file.kind)).collect()
        }
        _ => Vec::new(),
    }
}
