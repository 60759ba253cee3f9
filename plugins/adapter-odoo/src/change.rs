//! What a change is in Odoo, and what Odoo's fields are as changes.

use patchbay_sdk::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    fault::Fault,
    known::{Known, Stage},
    session::{Session, id, made, pointed, rows, text},
    settings::{Id, Model, Status, Urgency, is_field},
    transport::Ask,
};

/// What is written into a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A value.
    Plain(Value),
    /// Another record, or none.
    Record(Option<i64>),
    /// In a list of records: this one alone, or none.
    Only(Option<i64>),
    /// In a list of records: this one too.
    Add(i64),
    /// In a list of records: this one no more.
    Remove(i64),
}

// === impl Cell ===

impl Cell {
    fn written(self) -> Value {
        match self {
            Self::Plain(value) => value,
            Self::Record(Some(id)) => id.into(),
            Self::Record(None) => false.into(),
            Self::Only(ids) => json!([[6, 0, ids.into_iter().collect::<Vec<_>>()]]),
            Self::Add(id) => json!([[4, id]]),
            Self::Remove(id) => json!([[3, id]]),
        }
    }
}

/// Writes changes: all that one write can say in one, so that agents see one line of it.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn update(session: &Session<'_>, ticket: i64, changes: &[Change]) -> Result<(), Failure> {
    let model = session.settings.model();
    let mut vals = Map::new();
    let mut lists: Map<String, Value> = Map::new();
    for change in changes {
        for (field, cell) in self::vals(session, change, Some(ticket))? {
            match cell {
                Cell::Add(_) | Cell::Remove(_) => {
                    let command = cell.written();
                    let commands = lists.entry(field).or_insert_with(|| json!([]));
                    if let (Value::Array(commands), Value::Array(more)) = (commands, command) {
                        commands.extend(more);
                    }
                }
                cell => drop(vals.insert(field, cell.written())),
            }
        }
    }
    vals.extend(lists);
    if vals.is_empty() {
        return Ok(());
    }
    let write = Ask::write(model, &[ticket], Value::Object(vals.clone())).archived_too().step("update");
    match session.ask(write) {
        Ok(_) => {
            crate::poll::wrote(ticket, &vals);
            Ok(())
        }
        Err(Fault::Missing(said)) => {
            if session.is_there(model, ticket)? {
                return Err(Failure::rejected(format!("what a change points to is not there: {said}")));
            }
            Err(Failure::gone(format!("Odoo has no {model} {ticket} any more")))
        }
        Err(fault) => Err(fault.failure()),
    }
}

/// The fields that a change is. `ticket`: the one that is there already.
///
/// # Errors
/// When the change names what Odoo has not.
pub(crate) fn vals(
    session: &Session<'_>,
    change: &Change,
    ticket: Option<i64>,
) -> Result<Vec<(String, Cell)>, Failure> {
    let (known, settings) = (session.known(), session.settings);
    let one = |field: &str, cell: Cell| vec![(field.to_owned(), cell)];
    Ok(match change {
        Change::Status(status) => self::status(session, &known, (*status).into(), ticket)?,
        Change::Assignee(agent) => {
            let user = agent.as_ref().map(|agent| user(session, &agent.id)).transpose()?;
            if known.has("user_ids") {
                one("user_ids", Cell::Only(user))
            } else {
                one("user_id", Cell::Record(user))
            }
        }
        Change::Queue(queue) => {
            let field = settings.model.queue();
            let Some(relation) = known.ticket.get(field).map(|field| field.relation.clone()) else {
                return Err(Failure::rejected(format!("{} has no `{field}` in this Odoo", settings.model())));
            };
            let queue = queue.as_ref().map(|queue| {
                let id = settings.teams.get(&queue.id).map_or_else(|| queue.id.clone(), Id::text);
                named(session, &relation, &id)
            });
            one(field, Cell::Record(queue.transpose()?))
        }
        Change::Priority(priority) => {
            let values = known.ticket.get("priority").map(|field| field.choices.clone()).unwrap_or_default();
            match value(settings, (*priority).into(), &values) {
                Some(value) => one("priority", Cell::Plain(value.into())),
                None => Vec::new(),
            }
        }
        Change::Subject(subject) => one("name", Cell::Plain(crate::contact::cut(subject, 100).into())),
        Change::Tag(tag) => match self::tag(session, &known, tag, true)? {
            Some(tag) => one("tag_ids", Cell::Add(tag)),
            None => Vec::new(),
        },
        Change::Untag(tag) => match self::tag(session, &known, tag, false)? {
            Some(tag) => one("tag_ids", Cell::Remove(tag)),
            None => Vec::new(),
        },
        Change::Field(Attribute { key, value }) => {
            let field = settings.fields.get(key).unwrap_or(key);
            if !is_field(field) {
                return Err(Failure::rejected(format!(
                    "`{key}` is no field: name Odoo's in the settings' `fields`"
                )));
            }
            one(field, Cell::Plain(value.as_str().into()))
        }
    })
}

/// The stage (for tasks: the state) that a status is. A ticket that is open is left in the stage in which it is.
fn status(
    session: &Session<'_>,
    known: &Known,
    status: Status,
    ticket: Option<i64>,
) -> Result<Vec<(String, Cell)>, Failure> {
    let settings = session.settings;
    let field = |name: &str, cell: Cell| (name.to_owned(), cell);
    let to = |stage: &Stage| {
        let mut vals = vec![field("stage_id", Cell::Record(Some(stage.id)))];
        // A lead that was lost is archived: what is reopened has to be seen again.
        if settings.model == Model::Lead && ticket.is_some() && !stage.done {
            vals.push(field("active", Cell::Plain(true.into())));
        }
        vals
    };
    if let Some(wanted) = settings.stages.get(&status) {
        return match stage_named(known, wanted) {
            Some(stage) => Ok(to(stage)),
            None => Err(Failure::rejected(format!(
                "`stages` names `{}`, and {} has no such stage",
                wanted.text(),
                settings.model()
            ))),
        };
    }
    let open = matches!(status, Status::Open | Status::Pending);
    if settings.model == Model::Task && known.has("state") {
        let state = match status {
            Status::Open | Status::Pending => "01_in_progress",
            Status::Solved => "1_done",
            Status::Closed => "1_canceled",
        };
        return Ok(if open && ticket.is_none() {
            Vec::new()
        } else {
            vec![field("state", Cell::Plain(state.into()))]
        });
    }
    if !open {
        if settings.model == Model::Lead && status == Status::Closed {
            // Lost: Odoo's own action does the same, and writes why.
            return Ok(vec![
                field("active", Cell::Plain(false.into())),
                field("probability", Cell::Plain(0.into())),
            ]);
        }
        let stage = known.stages.iter().find(|stage| stage.done);
        return stage.map(to).ok_or_else(|| {
            Failure::rejected(
                "no stage is marked as closed, won or folded: say which one is in the settings' `stages`",
            )
        });
    }
    let Some(ticket) = ticket else { return Ok(Vec::new()) };
    let ask = Ask::search_read(settings.model(), json!([["id", "=", ticket]]), &["stage_id", "active"], 1);
    let row = session.first(ask.archived_too())?.unwrap_or_default();
    let stage = pointed(&row, "stage_id").and_then(|(id, _)| session.stage(id));
    let archived = row.get("active") == Some(&Value::Bool(false));
    let mut vals = Vec::new();
    if stage.is_none_or(|stage| stage.done)
        && let Some(first) = known.stages.iter().find(|stage| !stage.done)
    {
        vals.push(field("stage_id", Cell::Record(Some(first.id))));
    }
    if archived && settings.model == Model::Lead {
        vals.push(field("active", Cell::Plain(true.into())));
    }
    Ok(vals)
}

fn stage_named<'a>(known: &'a Known, wanted: &Id) -> Option<&'a Stage> {
    known.stages.iter().find(|stage| is_named(stage, wanted))
}

fn is_named(stage: &Stage, wanted: &Id) -> bool {
    match wanted {
        Id::Number(id) => stage.id == *id,
        Id::Name(name) => stage.name.to_lowercase() == name.to_lowercase() || stage.id.to_string() == *name,
    }
}

/// What a ticket's row says of its status.
pub(crate) fn status_of(session: &Session<'_>, row: &Value) -> Option<TicketStatus> {
    let settings = session.settings;
    let archived = row.get("active") == Some(&Value::Bool(false));
    let stage = pointed(row, "stage_id");
    let stage = stage.map(|(id, name)| {
        session.stage(id).unwrap_or(Stage { id, name: name.unwrap_or_default(), done: false, won: false })
    });
    if let Some(stage) = &stage {
        let said = settings.stages.iter().find(|(_, wanted)| is_named(stage, wanted));
        if let Some((status, _)) = said.filter(|_| !archived) {
            return Some((*status).into());
        }
    }
    match text(row, "state") {
        Some("1_done") => return Some(TicketStatus::Solved),
        Some("1_canceled") => return Some(TicketStatus::Closed),
        _ => {}
    }
    if archived {
        return Some(TicketStatus::Closed);
    }
    if row.get("state").is_some() {
        return Some(TicketStatus::Open);
    }
    stage.map(|stage| match (stage.won, stage.done) {
        (true, _) => TicketStatus::Solved,
        (_, true) => TicketStatus::Closed,
        _ => TicketStatus::Open,
    })
}

/// A priority as one of Odoo's values.
fn value(settings: &crate::settings::Settings, priority: Urgency, values: &[String]) -> Option<String> {
    if let Some(value) = settings.priorities.get(&priority) {
        return Some(value.text());
    }
    let at = place(priority) * values.len() / 4;
    values.get(at).cloned()
}

/// What a ticket's row says of its priority.
pub(crate) fn priority_of(session: &Session<'_>, row: &Value) -> Option<Priority> {
    let value = text(row, "priority")?;
    let all = [
        (Urgency::Low, Priority::Low),
        (Urgency::Normal, Priority::Normal),
        (Urgency::High, Priority::High),
        (Urgency::Urgent, Priority::Urgent),
    ];
    let known = session.known();
    let values = known.ticket.get("priority").map(|field| field.choices.clone()).unwrap_or_default();
    let fits = |(urgency, _): &&(Urgency, Priority)| {
        self::value(session.settings, *urgency, &values).as_deref() == Some(value)
    };
    all.iter().find(fits).map(|(_, priority)| *priority)
}

fn place(priority: Urgency) -> usize {
    match priority {
        Urgency::Low => 0,
        Urgency::Normal => 1,
        Urgency::High => 2,
        Urgency::Urgent => 3,
    }
}

/// A user: by the tenant's name, a number, a partner of ours, or a login.
fn user(session: &Session<'_>, agent: &str) -> Result<i64, Failure> {
    let said = session.settings.agents.get(agent).map_or_else(|| agent.to_owned(), Id::text);
    if let Ok(id) = said.parse() {
        return Ok(id);
    }
    let domain = match said.strip_prefix("odoo:partner:").and_then(|partner| partner.parse::<i64>().ok()) {
        Some(partner) => json!([["partner_id", "=", partner]]),
        None => json!([["login", "=", said]]),
    };
    let found = session.first(Ask::search_read("res.users", domain, &["login"], 1))?;
    found.as_ref().and_then(id).ok_or_else(|| {
        Failure::rejected(format!("Odoo has no user `{said}`: name agents in the settings' `agents`"))
    })
}

/// A record: by its number, or by its name.
fn named(session: &Session<'_>, model: &str, said: &str) -> Result<i64, Failure> {
    if let Ok(id) = said.parse() {
        return Ok(id);
    }
    let found = session.first(Ask::search_read(model, json!([["name", "=", said]]), &["name"], 1))?;
    found.as_ref().and_then(id).ok_or_else(|| {
        Failure::rejected(format!("Odoo's `{model}` has no `{said}`: name queues in the settings' `teams`"))
    })
}

/// A tag by its name; made, where it is to be put on.
fn tag(session: &Session<'_>, known: &Known, tag: &str, make: bool) -> Result<Option<i64>, Failure> {
    let Some(field) = known.ticket.get("tag_ids") else { return Ok(None) };
    let name = crate::contact::cut(tag, 100);
    let domain = json!([["name", "=", name]]);
    let all = rows(session.ask(Ask::search_read(field.relation.as_str(), domain, &["name"], 1))?);
    if let Some(found) = all.first().and_then(id) {
        return Ok(Some(found));
    }
    if !make {
        return Ok(None);
    }
    let create = create(
        session,
        &field.relation,
        json!({ "name": name }).into(),
        format!("tag-{}", crate::known::digest(&name)),
    );
    Ok(made(&create?))
}

/// Makes one record.
pub(crate) fn create(
    session: &Session<'_>,
    model: &str,
    vals: crate::val::Val,
    step: String,
) -> Result<Value, Fault> {
    // JSON-RPC answers a number to one, JSON-2 a list in any case; JSON-2 wants the argument's name.
    session.ask(Ask::of(model, "create").given("vals_list", vals).step(step))
}
