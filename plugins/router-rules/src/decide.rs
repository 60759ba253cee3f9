//! One message past the rules.

use cel::Context;
use patchbay_sdk::prelude::*;

use crate::{facts::Facts, routes::RouteTemplate, rules::Rules, settings::Mode};

/// What was decided so far.
struct Verdict<'a> {
    facts: &'a Facts<'a>,
    routes: Vec<Route>,
    replies: Vec<Text>,
    labels: Vec<String>,
    /// The rules that matched, for the reason.
    matched: Vec<&'a str>,
    /// What else whoever asks why wants to know.
    remarks: Vec<String>,
}

// === impl Rules ===

impl Rules {
    /// What becomes of the message.
    pub(crate) fn decide<'a>(&'a self, facts: &'a Facts<'a>) -> Decision {
        let mut context = Context::with_env(self.env.clone());
        context.set_variable_resolver(facts);
        let mut verdict = Verdict::new(facts);
        let mut stopped = false;
        for rule in &self.rules {
            match rule.when.as_ref().map(|when| when.holds(&context)) {
                None | Some(Ok(true)) => {}
                Some(Ok(false)) => continue,
                Some(Err(_)) => {
                    verdict.remarks.push(format!("rule `{}` could not be answered", rule.name));
                    continue;
                }
            }
            verdict.matched.push(&rule.name);
            verdict.label(&rule.labels, &rule.unlabel);
            verdict.reply(rule.reply.as_ref());
            verdict.route(&rule.routes);
            stopped = rule.stop || (self.mode == Mode::First && !rule.routes.is_empty());
            if stopped {
                break;
            }
        }
        let routed = !verdict.routes.is_empty();
        if !stopped && !routed && !self.default.is_empty() {
            verdict.route(&self.default);
            verdict.remarks.push("no rule gave a route, so the default did".to_owned());
        }
        verdict.decision()
    }

    /// Asks every rule, whatever the ones before it said.
    pub(crate) fn try_all(&self, facts: &Facts<'_>) {
        let mut context = Context::with_env(self.env.clone());
        context.set_variable_resolver(facts);
        for condition in self.rules.iter().filter_map(|rule| rule.when.as_ref()) {
            // Only that it ran matters here.
            drop(condition.holds(&context));
        }
    }
}

// === impl Verdict ===

impl<'a> Verdict<'a> {
    fn new(facts: &'a Facts<'a>) -> Self {
        let labels = facts.conversation.labels.clone();
        Self {
            facts,
            routes: Vec::new(),
            replies: Vec::new(),
            labels,
            matched: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn label(&mut self, labels: &[String], unlabel: &[String]) {
        self.labels.retain(|label| !unlabel.contains(label));
        for label in labels {
            if !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
    }

    /// Agents and other machines are not talked to: two bots would never stop.
    fn reply(&mut self, reply: Option<&String>) {
        let customer =
            self.facts.message.author.party == Party::Customer && self.facts.message.origin.is_none();
        self.replies
            .extend(reply.filter(|_| customer).map(|plain| Text { plain: plain.clone(), html: None }));
    }

    fn route(&mut self, templates: &'a [RouteTemplate]) {
        for template in templates {
            let adapter = &template.adapter;
            if self.facts.message.origin.as_ref() == Some(adapter) {
                self.remarks.push(format!("not back to `{adapter}`"));
                continue;
            }
            if self.routes.iter().any(|route| route.adapter == *adapter) {
                self.remarks.push(format!("`{adapter}` has a route already"));
                continue;
            }
            match template.route(self.facts.message, self.facts.conversation) {
                Some(route) => self.routes.push(route),
                None => self.remarks.push(format!("no open ticket in `{adapter}`")),
            }
        }
    }

    fn decision(self) -> Decision {
        let mut reason = match self.matched.as_slice() {
            [] => "no rule matched".to_owned(),
            [one] => format!("rule `{one}`"),
            several => format!("rules `{}`", several.join("`, `")),
        };
        for remark in self.remarks {
            reason.push_str("; ");
            reason.push_str(&remark);
        }
        Decision { routes: self.routes, replies: self.replies, labels: self.labels, reason }
    }
}
