//! Search domains: prefix notation over leaves `[path, operator, value]`, as the transcripts use it.

use serde_json::Value;

use super::{
    Version,
    error::{Halt, Res, value_error},
    schema::{Kind, Model},
    tx::Tx,
};

/// A parsed domain.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Leaf(Leaf),
}

/// One condition.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    pub(crate) op: String,
    pub(crate) value: Value,
}

const OPERATORS: [&str; 12] =
    ["=", "!=", "in", "not in", ">", ">=", "<", "<=", "like", "ilike", "=ilike", "not ilike"];

/// Parses and checks a domain against a model.
pub(crate) fn parse(tx: &Tx<'_>, model: &Model, domain: &Value) -> Res<Node> {
    let items = match domain {
        Value::Array(items) => items.as_slice(),
        Value::Null | Value::Bool(false) => &[],
        other => return Err(Halt::Unbacked(format!("a domain that is no list: {other}"))),
    };
    let mut at = 0;
    let mut all = Vec::new();
    while at < items.len() {
        all.push(node(tx, model, items, &mut at)?);
    }
    Ok(Node::And(all))
}

fn node(tx: &Tx<'_>, model: &Model, items: &[Value], at: &mut usize) -> Res<Node> {
    let Some(item) = items.get(*at) else {
        return Err(Halt::Unbacked("a domain that ends too soon".to_owned()));
    };
    *at += 1;
    match item {
        Value::String(op) if op == "&" => {
            Ok(Node::And(vec![node(tx, model, items, at)?, node(tx, model, items, at)?]))
        }
        Value::String(op) if op == "|" => {
            Ok(Node::Or(Box::new(node(tx, model, items, at)?), Box::new(node(tx, model, items, at)?)))
        }
        Value::String(op) if op == "!" => Ok(Node::Not(Box::new(node(tx, model, items, at)?))),
        Value::Array(leaf) => leaf_of(tx, model, leaf).map(Node::Leaf),
        other => Err(Halt::Unbacked(format!("a domain with {other} in it"))),
    }
}

fn leaf_of(tx: &Tx<'_>, model: &Model, leaf: &[Value]) -> Res<Leaf> {
    let [Value::String(path), Value::String(op), value] = leaf else {
        return Err(Halt::Unbacked("a domain's leaf that is not of three parts".to_owned()));
    };
    let v18 = tx.version() == Version::V18;
    let repr = format!("('{path}', '{op}', {})", repr(value));
    if !OPERATORS.contains(&op.as_str()) {
        let message = if v18 {
            format!("Invalid leaf {repr}")
        } else {
            format!("Invalid operator in condition {repr}")
        };
        return Err(value_error(message, &["error.bad_domain"]));
    }
    let mut here = Some(model.name.clone());
    for part in path.split('.') {
        let found = here.as_deref().and_then(|name| tx.model(name));
        let field = found.as_ref().and_then(|model| model.field(part).cloned());
        let Some(field) = field else {
            let word = if v18 { "leaf" } else { "condition" };
            let name = here.unwrap_or_default();
            return Err(value_error(
                format!("Invalid field {name}.{part} in {word} {repr}"),
                &["error.unknown_field.domain"],
            ));
        };
        here = field.relation;
    }
    Ok(Leaf { path: path.split('.').map(str::to_owned).collect(), op: op.clone(), value: value.clone() })
}

/// As Python would print it.
fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

impl Node {
    /// Conditions that all must hold, as far as they stand on the top level.
    pub(crate) fn conjunction<'a>(&'a self, into: &mut Vec<&'a Leaf>) {
        match self {
            Self::And(nodes) => nodes.iter().for_each(|node| node.conjunction(into)),
            Self::Leaf(leaf) => into.push(leaf),
            Self::Or(..) | Self::Not(_) => {}
        }
    }

    /// Whether `active` is asked for, so that archived records are not hidden.
    pub(crate) fn names_active(&self) -> bool {
        match self {
            Self::And(nodes) => nodes.iter().any(Self::names_active),
            Self::Or(a, b) => a.names_active() || b.names_active(),
            Self::Not(node) => node.names_active(),
            Self::Leaf(leaf) => leaf.path.first().is_some_and(|field| field == "active"),
        }
    }

    /// Whether a record is in it.
    pub(crate) fn holds(&self, tx: &Tx<'_>, model: &str, id: i64) -> bool {
        match self {
            Self::And(nodes) => nodes.iter().all(|node| node.holds(tx, model, id)),
            Self::Or(a, b) => a.holds(tx, model, id) || b.holds(tx, model, id),
            Self::Not(node) => !node.holds(tx, model, id),
            Self::Leaf(leaf) => leaf_holds(tx, model, id, &leaf.path, leaf),
        }
    }
}

fn leaf_holds(tx: &Tx<'_>, model: &str, id: i64, path: &[String], leaf: &Leaf) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    let Some(about) = tx.model(model) else { return false };
    let Some(field) = about.field(name) else { return false };
    let value = tx.value(model, id, field);
    if rest.is_empty() {
        return compare(tx, field.kind, field.relation.as_deref(), &value, leaf);
    }
    let Some(relation) = field.relation.as_deref() else { return false };
    let ids = match &value {
        Value::Array(ids) => ids.iter().filter_map(Value::as_i64).collect(),
        other => other.as_i64().map_or_else(Vec::new, |id| vec![id]),
    };
    if ids.is_empty() {
        // An empty relation has a field that is not set.
        let positive =
            matches!(leaf.op.as_str(), "=") && (leaf.value == Value::Bool(false) || leaf.value.is_null());
        return positive || leaf.op == "!=" && leaf.value != Value::Bool(false);
    }
    ids.into_iter().any(|id| leaf_holds(tx, relation, id, rest, leaf))
}

fn unset(value: &Value) -> bool {
    matches!(value, Value::Bool(false) | Value::Null)
}

fn same(kind: Kind, have: &Value, want: &Value) -> bool {
    if kind == Kind::Boolean {
        return have.as_bool().unwrap_or(false) == want.as_bool().unwrap_or(false);
    }
    if unset(want) {
        return unset(have)
            || (matches!(kind, Kind::Reference) && have.as_i64() == Some(0))
            || have.as_array().is_some_and(Vec::is_empty);
    }
    match have {
        Value::Array(ids) => ids.contains(want),
        Value::Number(number) => number.as_f64() == want.as_f64() && want.is_number(),
        other => other == want,
    }
}

fn compare(tx: &Tx<'_>, kind: Kind, relation: Option<&str>, have: &Value, leaf: &Leaf) -> bool {
    let want = &leaf.value;
    match leaf.op.as_str() {
        "=" => same(kind, have, want) || by_name(tx, relation, have, want, |name, want| name == want),
        "!=" => !same(kind, have, want),
        "in" => want.as_array().is_some_and(|all| all.iter().any(|want| same(kind, have, want))),
        "not in" => !want.as_array().is_some_and(|all| all.iter().any(|want| same(kind, have, want))),
        "like" => text(have).is_some_and(|have| text(want).is_some_and(|want| have.contains(&want))),
        "ilike" => {
            contains(have, want)
                || by_name(tx, relation, have, want, |name, want| {
                    name.to_lowercase().contains(&want.to_lowercase())
                })
        }
        "not ilike" => !contains(have, want),
        "=ilike" => text(have).is_some_and(|have| {
            text(want).is_some_and(|want| pattern(&want.to_lowercase(), &have.to_lowercase()))
        }),
        op => ordered(tx.version(), kind, have, want, op),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn contains(have: &Value, want: &Value) -> bool {
    match (have.as_str(), want.as_str()) {
        (Some(have), Some(want)) if want.contains(['%', '_']) => {
            pattern(&format!("%{}%", want.to_lowercase()), &have.to_lowercase())
        }
        (Some(have), Some(want)) => have.to_lowercase().contains(&want.to_lowercase()),
        _ => false,
    }
}

fn by_name(
    tx: &Tx<'_>,
    relation: Option<&str>,
    have: &Value,
    want: &Value,
    matches: impl Fn(&str, &str) -> bool,
) -> bool {
    let (Some(relation), Some(want)) = (relation, want.as_str()) else { return false };
    let ids = match have {
        Value::Array(ids) => ids.iter().filter_map(Value::as_i64).collect(),
        other => other.as_i64().map_or_else(Vec::new, |id| vec![id]),
    };
    ids.into_iter().any(|id| tx.name_of(relation, id).as_str().is_some_and(|name| matches(name, want)))
}

/// SQL's `LIKE`: `%` is any text, `_` any character, a backslash takes what follows as it is.
fn pattern(want: &str, have: &str) -> bool {
    let mut want_chars = want.chars();
    let Some(first) = want_chars.next() else { return have.is_empty() };
    let rest = want_chars.as_str();
    let mut have_chars = have.chars();
    match first {
        '%' => {
            let mut tail = have;
            loop {
                if pattern(rest, tail) {
                    return true;
                }
                let mut letters = tail.chars();
                if letters.next().is_none() {
                    return false;
                }
                tail = letters.as_str();
            }
        }
        '_' => have_chars.next().is_some() && pattern(rest, have_chars.as_str()),
        '\\' => {
            let mut after = rest.chars();
            match (after.next(), have_chars.next()) {
                (Some(a), Some(b)) => a == b && pattern(after.as_str(), have_chars.as_str()),
                _ => false,
            }
        }
        other => have_chars.next() == Some(other) && pattern(rest, have_chars.as_str()),
    }
}

/// 18 compares times with the microseconds that the database keeps; 19 without.
fn ordered(version: Version, kind: Kind, have: &Value, want: &Value, op: &str) -> bool {
    let ordering = match (have, want) {
        (Value::String(have), Value::String(want)) => {
            let have = if kind == Kind::Datetime && version == Version::V19 {
                have.get(..19).unwrap_or(have)
            } else {
                have
            };
            have.cmp(want.as_str())
        }
        (Value::Number(have), Value::Number(want)) => match have.as_f64().partial_cmp(&want.as_f64()) {
            Some(ordering) => ordering,
            None => return false,
        },
        _ => return false,
    };
    match op {
        ">" => ordering.is_gt(),
        ">=" => ordering.is_ge(),
        "<" => ordering.is_lt(),
        _ => ordering.is_le(),
    }
}
