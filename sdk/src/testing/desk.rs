//! The embedded desk as tests see it.

use crate::{
    desk::{Body, Line, Unknown},
    types::{Change, Person, Text},
};

/// A ticket of the desk. Identifiers count up: `t1`, `t2`, …
#[derive(Debug, Clone, PartialEq)]
pub struct KeptTicket {
    /// Its identifier.
    pub id: String,
    /// What it was created for.
    pub conversation: String,
    /// Whom it was created for.
    pub customer: Person,
    /// In order, removed ones included.
    pub lines: Vec<KeptLine>,
    /// In order.
    pub changes: Vec<Change>,
}

/// A line of a ticket. Identifiers count up: `l1`, `l2`, …
#[derive(Debug, Clone, PartialEq)]
pub struct KeptLine {
    /// Its identifier, unique in the ticket.
    pub id: String,
    /// As it stands now.
    pub line: Line,
    /// It was taken away.
    pub removed: bool,
    /// Who reacted with what, and has not taken it back.
    pub reactions: Vec<(String, String)>,
}

pub(super) fn create(tickets: &mut Vec<KeptTicket>, conversation: &str, customer: &Person) -> String {
    let id = format!("t{}", tickets.len() + 1);
    let (conversation, customer) = (conversation.to_owned(), customer.clone());
    tickets.push(KeptTicket {
        id: id.clone(),
        conversation,
        customer,
        lines: Vec::new(),
        changes: Vec::new(),
    });
    id
}

pub(super) fn ticket<'a>(tickets: &'a mut [KeptTicket], id: &str) -> Result<&'a mut KeptTicket, Unknown> {
    tickets.iter_mut().find(|ticket| ticket.id == id).ok_or_else(|| Unknown::Ticket(id.to_owned()))
}

// === impl KeptTicket ===

impl KeptTicket {
    pub(super) fn write(&mut self, line: &Line) -> Result<String, Unknown> {
        if let Some(before) = self.lines.iter().find(|kept| kept.line.key == line.key) {
            return Ok(before.id.clone());
        }
        if let Some(answered) = &line.reply_to {
            self.line(answered)?;
        }
        let id = format!("l{}", self.lines.len() + 1);
        let kept = KeptLine { id: id.clone(), line: line.clone(), removed: false, reactions: Vec::new() };
        self.lines.push(kept);
        Ok(id)
    }

    pub(super) fn rewrite(&mut self, line: &str, text: &Text) -> Result<(), Unknown> {
        self.line(line)?.line.body = Body::Text(text.clone());
        Ok(())
    }

    pub(super) fn remove(&mut self, line: &str) -> Result<(), Unknown> {
        self.line(line)?.removed = true;
        Ok(())
    }

    pub(super) fn react(&mut self, line: &str, key: &str, by: &Person, on: bool) -> Result<(), Unknown> {
        let reactions = &mut self.line(line)?.reactions;
        reactions.retain(|(who, what)| who != &by.id || what != key);
        if on {
            reactions.push((by.id.clone(), key.to_owned()));
        }
        Ok(())
    }

    fn line(&mut self, id: &str) -> Result<&mut KeptLine, Unknown> {
        let there = self.lines.iter_mut().find(|kept| kept.id == id && !kept.removed);
        there.ok_or_else(|| Unknown::Line(id.to_owned()))
    }
}
