//! Literals as Python writes them: the domains of automation rules are kept as such text.

use serde_json::{Number, Value};

/// A list, tuple, text, number, `True`, `False` or `None`; none: it is something else.
pub(crate) fn literal(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.skip();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip();
        if depth > 32 {
            return None;
        }
        for (word, value) in [
            ("True", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("None", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.take(word) {
                return Some(value);
            }
        }
        match self.rest.chars().next()? {
            '[' => self.list('[', ']', depth),
            '(' => self.list('(', ')', depth),
            quote @ ('\'' | '"') => self.text(quote),
            _ => self.number(),
        }
    }

    fn list(&mut self, open: char, close: char, depth: usize) -> Option<Value> {
        self.rest = self.rest.strip_prefix(open)?;
        let mut items = Vec::new();
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return Some(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.skip();
            self.take(",");
        }
    }

    fn text(&mut self, quote: char) -> Option<Value> {
        self.rest = self.rest.strip_prefix(quote)?;
        let mut text = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next()? {
                '\\' => text.push(letters.next()?),
                letter if letter == quote => break,
                letter => text.push(letter),
            }
        }
        self.rest = letters.as_str();
        Some(Value::String(text))
    }

    fn number(&mut self) -> Option<Value> {
        let end =
            self.rest.find(|c: char| !c.is_ascii_digit() && c != '-' && c != '.').unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        match number.parse::<i64>() {
            Ok(number) => Some(Value::from(number)),
            Err(_) => Number::from_f64(number.parse().ok()?).map(Value::Number),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rules_domain_is_read_as_python_reads_it() {
        let domain = "[('model', 'in', ['crm.lead', \"x\"]), ('create_uid','!=',6), '|', ('a', '=', False)]";
        let expected =
            json!([["model", "in", ["crm.lead", "x"]], ["create_uid", "!=", 6], "|", ["a", "=", false]]);
        assert_eq!(literal(domain), Some(expected));
        assert_eq!(literal("__import__('os')"), None);
    }
}
