//! What becomes a ticket in Odoo: three models, and what each needs.

use serde::{Deserialize, Serialize};

/// The model that conversations are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Target {
    /// Odoo Enterprise's Helpdesk, or the OCA's Helpdesk Management: both name it so.
    #[value(name = "helpdesk.ticket")]
    #[serde(rename = "helpdesk.ticket")]
    Ticket,
    /// CRM's leads and opportunities.
    #[value(name = "crm.lead")]
    #[serde(rename = "crm.lead")]
    Lead,
    /// Project's tasks.
    #[value(name = "project.task")]
    #[serde(rename = "project.task")]
    Task,
}

/// One way to have a target: a module, and the group whose people work with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// The module's technical name.
    pub(super) module: &'static str,
    /// The name under which it stands in Apps.
    pub(super) app: &'static str,
    /// The group's external identifier: sees all records of the target, not its own alone.
    pub(super) group: &'static str,
}

// === impl Target ===

impl Target {
    /// Its name in Odoo.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::Ticket => "helpdesk.ticket",
            Self::Lead => "crm.lead",
            Self::Task => "project.task",
        }
    }

    /// The modules that bring it: one of them is needed.
    pub(super) fn ways(self) -> &'static [Way] {
        match self {
            Self::Ticket => &[
                Way { module: "helpdesk", app: "Helpdesk", group: "helpdesk.group_helpdesk_user" },
                Way {
                    module: "helpdesk_mgmt",
                    app: "Helpdesk Management",
                    group: "helpdesk_mgmt.group_helpdesk_user",
                },
            ],
            Self::Lead => {
                &[Way { module: "crm", app: "CRM", group: "sales_team.group_sale_salesman_all_leads" }]
            }
            Self::Task => &[Way { module: "project", app: "Project", group: "project.group_project_user" }],
        }
    }

    /// The fields whose changes concern a customer. Those that a release or an edition does not have are left out.
    pub(super) fn watched(self) -> &'static [&'static str] {
        match self {
            Self::Ticket => {
                &["stage_id", "user_id", "team_id", "priority", "tag_ids", "partner_id", "active"]
            }
            Self::Lead => &[
                "stage_id",
                "user_id",
                "team_id",
                "priority",
                "tag_ids",
                "partner_id",
                "active",
                "lost_reason_id",
            ],
            Self::Task => &[
                "stage_id",
                "state",
                "user_ids",
                "project_id",
                "priority",
                "tag_ids",
                "partner_id",
                "active",
            ],
        }
    }
}
