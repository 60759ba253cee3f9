//! Where a message goes, by a tenant's rules: conditions in CEL, patterns that are built once and cannot run away,
//! business hours with a time zone. The decision's reason names the rules that made it.
//!
//! What a rules file may say is in [`settings`], which variables a condition has in [`facts`].

mod condition;
mod decide;
pub mod facts;
mod hours;
mod patterns;
mod routes;
mod rules;
pub mod settings;

use patchbay_sdk::prelude::*;

use crate::{facts::Facts, hours::Hours, patterns::Patterns, rules::Rules, settings::Settings};

/// The router: a tenant's rules, ready to be asked.
pub struct RulesRouter {
    rules: Rules,
    patterns: Patterns,
    hours: Hours,
}

impl Plugin for RulesRouter {
    type Settings = Settings;

    fn prepare(settings: Settings) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let patterns = Patterns::build(&settings.patterns, &mut problems);
        let hours = Hours::build(settings.business_hours.as_ref(), &mut problems);
        let rules = Rules::build(settings, &patterns, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let router = Self { rules, patterns, hours };
        router.rehearse();
        Ok(router)
    }
}

impl Router for RulesRouter {
    fn decide(
        &self,
        message: Message,
        conversation: Conversation,
        now: Timestamp,
    ) -> Result<Decision, String> {
        let facts = Facts::new(&message, &conversation, now, &self.hours, &self.patterns);
        Ok(self.rules.decide(&facts))
    }
}

impl RulesRouter {
    /// One message past every rule, so that what is allocated on first use is in the image.
    fn rehearse(&self) {
        let (message, conversation) = facts::sample();
        let facts = Facts::new(&message, &conversation, 0, &self.hours, &self.patterns);
        self.rules.try_all(&facts);
        // Only that it ran matters here.
        drop(self.rules.decide(&facts));
    }
}

patchbay_sdk::schema_by_hand!(Settings, include_str!("../settings.schema.json"));
patchbay_sdk::export_router!(RulesRouter);
