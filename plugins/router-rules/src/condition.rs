//! One condition: CEL text, checked as far as it can be before any message comes.

mod check;

use cel::{
    Context, Env, Value,
    common::{ast::IdedExpr, types::CelBool},
};

use crate::patterns::Patterns;

/// Bytes of one condition.
const LENGTH: usize = 2048;
/// Brackets inside brackets, before the parser sees them.
const BRACKETS: usize = 24;

/// A condition, ready to be asked.
pub(crate) struct Condition(IdedExpr);

/// It could not be answered for this message, as when a list is shorter than an index into it.
pub(crate) struct Unanswered;

// === impl Condition ===

impl Condition {
    /// Parses and checks `text`.
    ///
    /// # Errors
    /// With a sentence: it is no CEL, names what there is not, or could cost too much.
    pub(crate) fn new(text: &str, env: &Env, patterns: &Patterns) -> Result<Self, String> {
        if text.len() > LENGTH {
            return Err(format!("longer than {LENGTH} bytes"));
        }
        if nesting(text) > BRACKETS {
            return Err(format!("more than {BRACKETS} brackets inside each other"));
        }
        let mut expression = env.parser().parse(text).map_err(|errors| first_line(&errors.to_string()))?;
        check::check(&mut expression, patterns)?;
        Ok(Self(expression))
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, context: &Context<'_, '_>) -> Result<bool, Unanswered> {
        let value = Value::resolve_val(&self.0, context).map_err(|_| Unanswered)?;
        value.downcast_ref::<CelBool>().map(|flag| *flag.inner()).ok_or(Unanswered)
    }
}

/// Brackets in strings count too: nobody needs so many.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
