//! What a parsed condition may consist of. A misspelt name is found here and not by a customer's message; and since
//! loops may not be nested, and only go over lists of a message, the cost of a condition grows with its length.

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use crate::{facts::VARIABLES, patterns::Patterns};

/// Nodes of one condition, and nodes inside nodes.
const NODES: usize = 400;
const DEPTH: usize = 48;

const OPERATORS: [&str; 17] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
];
const FUNCTIONS: [&str; 10] = [
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
    "contains",
    "startsWith",
    "endsWith",
    "size",
    "string",
    "int",
    "double",
    "bool",
];

/// Checks `expression`, and makes each variable one name, so that it is looked up in one step.
///
/// # Errors
/// With a sentence that names what is wrong.
pub(super) fn check(expression: &mut IdedExpr, patterns: &Patterns) -> Result<(), String> {
    let mut walk = Walk { patterns, nodes: 0, bound: Vec::new() };
    walk.node(expression, 0)
}

struct Walk<'a> {
    patterns: &'a Patterns,
    nodes: usize,
    /// The names that the loop around binds.
    bound: Vec<String>,
}

// === impl Walk ===

impl Walk<'_> {
    fn node(&mut self, node: &mut IdedExpr, depth: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES || depth > DEPTH {
            return Err("too long for one condition: make several rules of it".to_owned());
        }
        if let Some(name) = self.variable(&node.expr)? {
            node.expr = Expr::Ident(name);
            return Ok(());
        }
        let next = depth + 1;
        match &mut node.expr {
            Expr::Literal(LiteralValue::Bytes(_)) => Err("bytes have no use here".to_owned()),
            Expr::Literal(_) => Ok(()),
            Expr::Select(select) if select.test => {
                Err("`has` is not needed: what is absent is empty text".to_owned())
            }
            Expr::Select(select) => self.node(&mut select.operand, next),
            Expr::List(list) => list.elements.iter_mut().try_for_each(|element| self.node(element, next)),
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                if !OPERATORS.contains(&name) && !FUNCTIONS.contains(&name) {
                    return Err(unknown_function(name));
                }
                call.target.iter_mut().try_for_each(|target| self.node(target, next))?;
                call.args.iter_mut().try_for_each(|argument| self.node(argument, next))
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, next),
            Expr::Ident(name) => Err(unknown_variable(name)),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err("no maps and no messages here".to_owned())
            }
        }
    }

    fn comprehension(&mut self, loops: &mut ComprehensionExpr, depth: usize) -> Result<(), String> {
        if !self.bound.is_empty() {
            return Err("a loop inside a loop could run for too long".to_owned());
        }
        self.node(&mut loops.iter_range, depth)?;
        self.bound = vec![loops.iter_var.clone(), loops.accu_var.clone()];
        self.bound.extend(loops.iter_var2.clone());
        let inner = [&mut loops.accu_init, &mut loops.loop_cond, &mut loops.loop_step, &mut loops.result];
        let checked = inner.into_iter().try_for_each(|part| self.node(part, depth));
        self.bound.clear();
        checked
    }

    /// The name, where `expr` is a variable; `sender.name` is one name. Fields of what a loop binds are no variables.
    fn variable(&self, expr: &Expr) -> Result<Option<String>, String> {
        let name = match expr {
            Expr::Ident(name) => name.clone(),
            Expr::Select(select) if !select.test => match &select.operand.expr {
                Expr::Ident(place) if !self.is_bound(place) => format!("{place}.{}", select.field),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let pattern = name.strip_prefix("patterns.").is_some_and(|pattern| self.patterns.has(pattern));
        if pattern || self.is_bound(&name) || VARIABLES.contains(&name.as_str()) {
            return Ok(Some(name));
        }
        Err(unknown_variable(&name))
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|bound| bound == name)
    }
}

fn unknown_variable(name: &str) -> String {
    let place = name.split('.').next().unwrap_or_default();
    let near: Vec<_> =
        VARIABLES.iter().filter(|known| known.split('.').next() == Some(place)).copied().collect();
    match (place, near.is_empty()) {
        ("patterns", _) => format!("there is no `{name}`: it has to stand under `patterns`"),
        (_, true) => format!("there is no `{name}`"),
        (_, false) => format!("there is no `{name}`; there are {}", near.join(", ")),
    }
}

fn unknown_function(name: &str) -> String {
    match name {
        "matches" => {
            "there is no `matches`: put the expression under `patterns`, and ask `patterns.<name>`".to_owned()
        }
        _ => format!("there is no function `{name}`"),
    }
}
