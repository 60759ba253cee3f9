//! What models there are, and what fields they have: the shape of the data, without any data.

mod tables;

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use super::Version;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Char,
    Text,
    Html,
    Boolean,
    Integer,
    Float,
    Date,
    Datetime,
    Binary,
    Selection,
    Many2one,
    One2many,
    Many2many,
    Reference,
}

/// One field of a model.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) label: String,
    /// The other model, of a relation.
    pub(crate) relation: Option<String>,
    pub(crate) selection: Vec<(String, String)>,
    pub(crate) default: Value,
    pub(crate) required: bool,
    pub(crate) readonly: bool,
    /// Kept in the row; otherwise made when it is read.
    pub(crate) stored: bool,
    pub(crate) admin_only: bool,
    pub(crate) indexed: bool,
    /// Shown by no transcript.
    pub(crate) by_analogy: bool,
}

/// One model.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) label: String,
    /// Field, and whether it goes down.
    pub(crate) order: Vec<(String, bool)>,
    pub(crate) name_field: String,
    pub(crate) fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

/// All models of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    models: HashMap<String, Arc<Model>>,
}

/// Models that have a message thread.
pub(crate) const THREADS: [&str; 4] = ["crm.lead", "project.task", "helpdesk.ticket", "res.partner"];

// === impl Kind ===

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "char" => Self::Char,
            "text" => Self::Text,
            "html" => Self::Html,
            "bool" | "boolean" => Self::Boolean,
            "int" | "integer" => Self::Integer,
            "float" => Self::Float,
            "date" => Self::Date,
            "datetime" => Self::Datetime,
            "bin" | "binary" => Self::Binary,
            "sel" | "selection" => Self::Selection,
            "m2o" | "many2one" => Self::Many2one,
            "o2m" | "one2many" => Self::One2many,
            "m2m" | "many2many" => Self::Many2many,
            "ref" | "many2one_reference" => Self::Reference,
            _ => return None,
        })
    }

    /// As `fields_get` and `ir.model.fields` call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Char => "char",
            Self::Text => "text",
            Self::Html => "html",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Binary => "binary",
            Self::Selection => "selection",
            Self::Many2one => "many2one",
            Self::One2many => "one2many",
            Self::Many2many => "many2many",
            Self::Reference => "many2one_reference",
        }
    }

    /// A list of records.
    pub(crate) fn is_many(self) -> bool {
        matches!(self, Self::One2many | Self::Many2many)
    }

    /// What stands where nothing is.
    pub(crate) fn empty(self) -> Value {
        match self {
            Self::Integer | Self::Reference => Value::from(0),
            Self::Float => Value::from(0.0),
            Self::One2many | Self::Many2many => Value::Array(Vec::new()),
            _ => Value::Bool(false),
        }
    }
}

// === impl Field ===

impl Field {
    /// A field that an administrator adds while the server runs.
    pub(crate) fn custom(name: &str, kind: &str, label: &str, relation: Option<&str>) -> Option<Self> {
        let kind = Kind::parse(kind)?;
        let mut field = Self::plain(name, kind, label);
        field.relation = relation.map(str::to_owned);
        field.indexed = kind == Kind::Char;
        Some(field)
    }

    fn plain(name: &str, kind: Kind, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            label: label.to_owned(),
            relation: None,
            selection: Vec::new(),
            default: kind.empty(),
            required: false,
            readonly: false,
            stored: true,
            admin_only: false,
            indexed: false,
            by_analogy: false,
        }
    }

    fn computed(name: &str, kind: Kind, label: &str, relation: Option<&str>) -> Self {
        let mut field = Self::plain(name, kind, label);
        field.stored = false;
        field.readonly = true;
        field.relation = relation.map(str::to_owned);
        field
    }

    /// One line of the tables, without its version mark.
    fn parse(line: &str) -> Option<Self> {
        let (name, rest) = word(line)?;
        let (kind, rest) = word(rest)?;
        let (target, default, label) = columns(rest)?;
        let marks: String = kind.chars().filter(|c| !c.is_alphanumeric()).collect();
        let kind = Kind::parse(kind.trim_end_matches(|c: char| !c.is_alphanumeric()))?;
        let mut field = Self::plain(name, kind, label.trim_start_matches('?'));
        field.by_analogy = label.starts_with('?');
        field.required = marks.contains('!');
        field.readonly = marks.contains('=');
        field.stored = !marks.contains('~');
        field.admin_only = marks.contains('#');
        field.indexed = marks.contains('*');
        if kind == Kind::Selection {
            field.selection = target
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, label)| (key.to_owned(), label.to_owned()))
                .collect();
        } else if target != "-" {
            field.relation = Some(target.to_owned());
        }
        if default != "-" {
            field.default = serde_json::from_str(default).ok()?;
        }
        Some(field)
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A word, or a text in quotes with its blanks.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    match text.strip_prefix('"') {
        Some(rest) => Some(text.split_at(rest.find('"')? + 2)),
        None => word(text),
    }
}

/// Target, default and label; a selection's labels may have blanks, so the default is looked for from its own shape.
fn columns(rest: &str) -> Option<(&str, &str, &str)> {
    let rest = rest.trim();
    if !rest.contains('=') {
        let (target, rest) = word(rest)?;
        let (default, label) = quoted(rest)?;
        return Some((target, default, label.trim()));
    }
    if let Some(at) = rest.find(" \"") {
        let (target, rest) = rest.split_at(at);
        let (default, label) = quoted(rest)?;
        return Some((target.trim(), default, label.trim()));
    }
    let (target, label) = rest.split_once(" - ")?;
    Some((target.trim(), "-", label.trim()))
}

// === impl Model ===

impl Model {
    fn new(name: &str, label: &str, order: &str, name_field: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            order: parse_order(order),
            name_field: name_field.to_owned(),
            fields: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(*self.by_name.get(name)?)
    }

    pub(crate) fn add(&mut self, field: Field) {
        self.by_name.insert(field.name.clone(), self.fields.len());
        self.fields.push(field);
    }

    fn remove(&mut self, name: &str) {
        self.fields.retain(|field| field.name != name);
        self.by_name = self.fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect();
    }

    /// Whether records of it are hidden when `active` is false.
    pub(crate) fn archivable(&self) -> bool {
        self.by_name.contains_key("active")
    }

    pub(crate) fn is_thread(&self) -> bool {
        THREADS.contains(&self.name.as_str())
    }

    /// The Python class, as `TypeError` names it: `res.partner` is `ResPartner`.
    pub(crate) fn class(&self) -> String {
        let mut class = String::new();
        for part in self.name.split(['.', '_']) {
            let mut letters = part.chars();
            if let Some(first) = letters.next() {
                class.extend(first.to_uppercase());
                class.push_str(letters.as_str());
            }
        }
        class
    }
}

/// `sequence, id desc`.
pub(crate) fn parse_order(order: &str) -> Vec<(String, bool)> {
    order
        .split(',')
        .filter_map(|part| {
            let mut words = part.split_whitespace();
            let field = words.next()?.to_owned();
            Some((field, words.next().is_some_and(|way| way.eq_ignore_ascii_case("desc"))))
        })
        .collect()
}

// === impl Schema ===

impl Schema {
    pub(crate) fn of(version: Version) -> Self {
        let mark = if version == Version::V18 { "@18 " } else { "@19 " };
        let mut models: Vec<Model> = Vec::new();
        for line in tables::TABLES.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(head) = line.strip_prefix("model ").filter(|head| head.contains('|')) {
                let mut parts = head.split('|').map(str::trim);
                let (name, l18, l19) =
                    (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
                let label = if version == Version::V18 { l18 } else { l19 };
                models.push(Model::new(
                    name,
                    label,
                    parts.next().unwrap_or("id"),
                    parts.next().unwrap_or("name"),
                ));
                continue;
            }
            let line = match line.strip_prefix(mark) {
                Some(line) => line,
                None if line.starts_with('@') => continue,
                None => line,
            };
            if let (Some(model), Some(field)) = (models.last_mut(), Field::parse(line)) {
                model.add(field);
            }
        }
        let models = models.into_iter().map(|mut model| {
            complete(&mut model);
            (model.name.clone(), Arc::new(model))
        });
        Self { models: models.collect() }
    }

    pub(crate) fn model(&self, name: &str) -> Option<Arc<Model>> {
        self.models.get(name).cloned()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.models.keys().cloned().collect();
        names.sort();
        names
    }

    pub(crate) fn add_field(&mut self, model: &str, field: Field) {
        if let Some(model) = self.models.get_mut(model) {
            Arc::make_mut(model).add(field);
        }
    }

    pub(crate) fn remove_field(&mut self, model: &str, field: &str) {
        if let Some(model) = self.models.get_mut(model) {
            Arc::make_mut(model).remove(field);
        }
    }

    pub(crate) fn require_field(&mut self, model: &str, name: &str) {
        if let Some(model) = self.models.get_mut(model) {
            for field in Arc::make_mut(model).fields.iter_mut().filter(|field| field.name == name) {
                field.required = true;
                field.default = field.kind.empty();
            }
        }
    }

    pub(crate) fn remove_model(&mut self, name: &str) {
        self.models.retain(|model, _| model != name && !model.starts_with(&format!("{name}.")));
    }
}

/// What every model has.
fn complete(model: &mut Model) {
    model.add(Field::computed("id", Kind::Integer, "ID", None));
    model.add(Field::computed("display_name", Kind::Char, "Display Name", None));
    for (name, kind, label, relation) in [
        ("create_uid", Kind::Many2one, "Created by", Some("res.users")),
        ("create_date", Kind::Datetime, "Created on", None),
        ("write_uid", Kind::Many2one, "Last Updated by", Some("res.users")),
        ("write_date", Kind::Datetime, "Last Updated on", None),
    ] {
        let mut field = Field::computed(name, kind, label, relation);
        field.stored = true;
        model.add(field);
    }
    if model.is_thread() {
        model.add(Field::computed("message_ids", Kind::One2many, "Messages", Some("mail.message")));
        model.add(Field::computed(
            "message_partner_ids",
            Kind::Many2many,
            "Followers (Partners)",
            Some("res.partner"),
        ));
        model.add(Field::computed("message_is_follower", Kind::Boolean, "Is Follower", None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_a_field() {
        for version in [Version::V18, Version::V19] {
            let schema = Schema::of(version);
            let lines =
                tables::TABLES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('|'));
            for line in lines {
                let line = line.trim_start_matches("@18 ").trim_start_matches("@19 ");
                assert!(Field::parse(line).is_some(), "{line}");
            }
            let task = schema.model("project.task").unwrap();
            assert_eq!(task.field("state").unwrap().default, "01_in_progress");
            assert_eq!(task.field("state").unwrap().selection[3].1, "Done");
        }
    }
}
