//! The modules that have to be installed. They are never installed from here: that changes what everybody sees.

use serde_json::json;

use super::{
    records::text,
    report::{State, Step},
    session::Session,
    target::{Target, Way},
    trouble::Trouble,
};

/// What rules need.
const AUTOMATION: &str = "base_automation";

/// What is installed.
pub(super) struct Modules {
    /// How this Odoo has the target, if it does.
    pub(super) way: Option<Way>,
    /// Whether rules can be made.
    pub(super) automation: bool,
    /// What was found.
    pub(super) steps: Vec<Step>,
}

/// Looks which are installed.
pub(super) async fn look(odoo: &Session, target: Target) -> Result<Modules, Trouble> {
    let names: Vec<_> = target.ways().iter().map(|way| way.module).chain([AUTOMATION]).collect();
    let domain = json!([["name", "in", names], ["state", "in", ["installed", "to upgrade"]]]);
    let found = odoo.rows("ir.module.module", domain, &["name", "state"]).await?;
    let installed = |module: &str| found.iter().any(|row| text(row, "name") == Some(module));
    let way = target.ways().iter().find(|way| installed(way.module)).copied();
    let automation = installed(AUTOMATION);
    let mut steps = Vec::new();
    match way {
        Some(way) => steps.push(Step::new(State::AsItWas, format!("module `{}` is installed", way.module))),
        None => {
            let choice: Vec<_> =
                target.ways().iter().map(|way| format!("{} (`{}`)", way.app, way.module)).collect();
            let detail =
                format!("`{}` comes with it: Apps → {} → Activate", target.model(), choice.join(" or "));
            let names: Vec<_> = target.ways().iter().map(|way| format!("`{}`", way.module)).collect();
            steps.push(Step::new(State::Missing, format!("module {}", names.join(" or "))).detail(detail));
        }
    }
    steps.push(if automation {
        Step::new(State::AsItWas, format!("module `{AUTOMATION}` is installed"))
    } else {
        let detail = "Apps, without the filter “Apps” → Automation Rules → Activate; until then nothing tells us of news, \
                      and they come with the next look (`poll`)";
        Step::new(State::Missing, format!("module `{AUTOMATION}`")).detail(detail)
    });
    Ok(Modules { way, automation, steps })
}
