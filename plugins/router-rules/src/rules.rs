//! All rules of a tenant, built from the settings.

use std::sync::Arc;

use cel::Env;
use patchbay_sdk::prelude::*;

use crate::{
    condition::Condition,
    patterns::Patterns,
    routes::RouteTemplate,
    settings::{Mode, RouteSettings, RuleSettings, Settings},
};

/// Rules of a tenant, and routes of a rule.
const RULES: usize = 1000;
const ROUTES: usize = 16;
/// Bytes of a name or a label, and of a reply.
const NAME: usize = 80;
const REPLY: usize = 4096;

/// The rules, in order, and what applies when none does.
pub(crate) struct Rules {
    pub(crate) mode: Mode,
    pub(crate) rules: Vec<Rule>,
    pub(crate) default: Vec<RouteTemplate>,
    /// The functions of CEL: expensive to make, so made once.
    pub(crate) env: Arc<Env>,
}

/// One rule.
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) when: Option<Condition>,
    pub(crate) routes: Vec<RouteTemplate>,
    pub(crate) labels: Vec<String>,
    pub(crate) unlabel: Vec<String>,
    pub(crate) reply: Option<String>,
    pub(crate) stop: bool,
}

// === impl Rules ===

impl Rules {
    /// Builds all; what cannot be built is a problem.
    pub(crate) fn build(settings: Settings, patterns: &Patterns, problems: &mut Vec<Problem>) -> Self {
        let env = Arc::new(Env::stdlib());
        let Settings { mode, rules, default, .. } = settings;
        if rules.len() > RULES {
            problems.push(problem("/rules", format!("at most {RULES}")));
        }
        let rules = rules.into_iter().take(RULES).enumerate();
        let rules =
            rules.map(|(n, rule)| build(rule, &format!("/rules/{n}"), &env, patterns, problems)).collect();
        let default = routes(default, "/default", problems);
        Self { mode, rules, default, env }
    }
}

fn build(rule: RuleSettings, at: &str, env: &Env, patterns: &Patterns, problems: &mut Vec<Problem>) -> Rule {
    let RuleSettings { name, when, route, labels, unlabel, reply, stop } = rule;
    if name.is_empty() || name.len() > NAME {
        problems.push(problem(format!("{at}/name"), format!("1 to {NAME} bytes")));
    }
    for (field, list) in [("labels", &labels), ("unlabel", &unlabel)] {
        if list.len() > ROUTES || list.iter().any(|label| label.is_empty() || label.len() > NAME) {
            problems
                .push(problem(format!("{at}/{field}"), format!("at most {ROUTES}, of 1 to {NAME} bytes")));
        }
    }
    if reply.as_ref().is_some_and(|reply| reply.is_empty() || reply.len() > REPLY) {
        problems.push(problem(format!("{at}/reply"), format!("1 to {REPLY} bytes")));
    }
    let routes = routes(route, &format!("{at}/route"), problems);
    if routes.is_empty() && labels.is_empty() && unlabel.is_empty() && reply.is_none() && !stop {
        problems.push(problem(at, "it does nothing: no `route`, `labels`, `unlabel`, `reply` or `stop`"));
    }
    let when = when.and_then(|text| {
        let built = Condition::new(&text, env, patterns);
        built.map_err(|message| problems.push(problem(format!("{at}/when"), message))).ok()
    });
    Rule { name, when, routes, labels, unlabel, reply, stop }
}

fn routes(settings: Vec<RouteSettings>, at: &str, problems: &mut Vec<Problem>) -> Vec<RouteTemplate> {
    if settings.len() > ROUTES {
        problems.push(problem(at, format!("at most {ROUTES}")));
    }
    for (n, route) in settings.iter().enumerate() {
        if route.adapter.is_empty() || route.adapter.len() > NAME {
            problems.push(problem(format!("{at}/{n}/adapter"), "the name of an adapter of this tenant"));
        }
    }
    settings.into_iter().take(ROUTES).map(RouteTemplate::new).collect()
}
