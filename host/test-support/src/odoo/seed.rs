//! What stands in a fresh server: the recorded users, stages, subtypes and external identifiers.

use serde_json::{Map, Value, json};

use super::{
    Version,
    access::Role,
    core::{Core, Secrets},
    error::{Halt, Res},
    orm,
    tx::Tx,
};

fn make(tx: &mut Tx<'_>, model: &str, values: Value) -> Res<i64> {
    let model = tx.model(model).ok_or_else(|| Halt::Unbacked(model.to_owned()))?;
    match values {
        Value::Object(values) => orm::create_unchecked(tx, &model, &values),
        _ => Err(Halt::Unbacked("no values".to_owned())),
    }
}

/// A record with this very identifier, without what the server would add.
fn place(tx: &mut Tx<'_>, model: &str, id: i64, values: Value) {
    let Some(about) = tx.model(model) else { return };
    let mut row: Map<String, Value> =
        about.fields.iter().filter(|f| f.stored).map(|f| (f.name.clone(), f.default.clone())).collect();
    for (name, value) in [("create_uid", json!(2)), ("write_uid", json!(2))] {
        row.insert(name.to_owned(), value);
    }
    for name in ["create_date", "write_date"] {
        row.insert(name.to_owned(), json!(tx.now));
    }
    if let Value::Object(values) = values {
        row.extend(values);
    }
    tx.put(model, id, row);
}

/// Fills a fresh database.
pub(crate) fn fill(core: &Core) {
    let filled = core.force(2, |tx| {
        models(tx);
        groups(tx);
        users(tx);
        crm(tx)?;
        project(tx)?;
        helpdesk(tx)?;
        subtypes(tx);
        Ok(())
    });
    debug_assert!(filled.is_ok(), "{filled:?}");
    secrets(core);
}

/// Models and their fields as records: first as recorded, the rest after them.
fn models(tx: &mut Tx<'_>) {
    let v18 = tx.version() == Version::V18;
    let fixed = |name: &str| match (name, v18) {
        ("crm.lead", true) => Some(415),
        ("crm.lead", false) => Some(434),
        ("mail.message", true) => Some(179),
        ("mail.message", false) => Some(191),
        _ => None,
    };
    let mut field_id = 4000;
    for (at, name) in (1_i64..).zip(tx.model_names()) {
        let Some(model) = tx.model(&name) else { continue };
        let id = fixed(&name).unwrap_or(at);
        place(tx, "ir.model", id, json!({"name": model.label, "model": name}));
        for field in &model.fields {
            field_id += 1;
            place(
                tx,
                "ir.model.fields",
                field_id,
                json!({
                    "name": field.name, "model_id": id, "model": name, "field_description": field.label,
                    "ttype": field.kind.name(), "state": "base",
                }),
            );
        }
    }
}

/// Groups that the set-up names, and the modules that were installed.
const GROUPS: [(i64, &str, &str, &str); 8] = [
    (1, "base", "group_user", "User"),
    (3, "base", "group_erp_manager", "Access Rights"),
    (4, "base", "group_system", "Settings"),
    (8, "base", "group_partner_manager", "Contact Creation"),
    (20, "sales_team", "group_sale_salesman", "User: Own Documents Only"),
    (21, "sales_team", "group_sale_salesman_all_leads", "User: All Documents"),
    (25, "project", "group_project_user", "User"),
    (30, "helpdesk_mgmt", "group_helpdesk_user", "User: Personal tickets"),
];

fn groups(tx: &mut Tx<'_>) {
    for (id, module, name, label) in GROUPS {
        place(tx, "res.groups", id, json!({"name": label, "full_name": label}));
        let data = json!({
            "module": module, "name": name, "model": "res.groups", "res_id": id, "complete_key": format!("{module}.{name}"),
        });
        place(tx, "ir.model.data", 100 + id, data);
    }
    let modules = ["base", "mail", "crm", "project", "contacts", "base_automation", "helpdesk_mgmt"];
    for (id, name) in (1_i64..).zip(modules) {
        place(tx, "ir.module.module", id, json!({"name": name, "state": "installed"}));
    }
}

/// Login, name, address, user and partner; in the order in which they were made.
type Person = (&'static str, &'static str, &'static str, i64, i64);

fn people(version: Version) -> [Person; 4] {
    let shift = i64::from(version == Version::V19);
    [
        ("admin", "Administrator", "admin@example.test", 2, 3),
        ("bridge", "Matrix Bridge", "bridge@example.test", 6 - shift, 7 - shift),
        ("agent", "Alice Agent", "agent@example.test", 7 - shift, 8 - shift),
        ("limited", "Larry Limited", "limited@example.test", 8 - shift, 9 - shift),
    ]
}

fn users(tx: &mut Tx<'_>) {
    place(tx, "res.company", 1, json!({"name": "My Company"}));
    place(tx, "res.partner", 1, json!({"name": "My Company", "is_company": true}));
    place(tx, "res.partner", 2, json!({"name": "System", "active": false}));
    place(
        tx,
        "res.users",
        1,
        json!({"name": "System", "login": "__system__", "partner_id": 2, "active": false}),
    );
    for (login, name, email, uid, partner) in people(tx.version()) {
        let address =
            json!({"name": name, "email": email, "email_normalized": email, "partner_share": false});
        place(tx, "res.partner", partner, address);
        let groups: &[i64] = match login {
            "admin" => &[1, 3, 4, 8, 21, 25, 30],
            "limited" => &[1],
            _ => &[1, 8, 21, 25, 30],
        };
        let field = if tx.version() == Version::V18 { "groups_id" } else { "group_ids" };
        let user = json!({
            "name": name, "login": login, "email": email, "partner_id": partner, "company_id": 1, "lang": "en_US",
            field: groups,
        });
        place(tx, "res.users", uid, user);
    }
}

fn secrets(core: &Core) {
    let Ok(mut users) = core.users.write() else { return };
    for (login, _, _, uid, _) in people(core.version) {
        let role = match login {
            "admin" => Role::Admin,
            "limited" => Role::Limited,
            _ => Role::Internal,
        };
        let key = format!("{:0>40}", format!("{uid}{}", hex::encode(login)));
        users.insert(uid, Secrets { password: format!("{login}-pw"), keys: vec![key], role });
    }
}

fn crm(tx: &mut Tx<'_>) -> Res<()> {
    place(tx, "crm.team", 1, json!({"name": "Sales"}));
    for (id, name, sequence, won) in
        [(1, "New", 1, false), (2, "Qualified", 2, false), (3, "Proposition", 3, false), (4, "Won", 70, true)]
    {
        place(tx, "crm.stage", id, json!({"name": name, "sequence": sequence, "is_won": won}));
    }
    make(tx, "crm.tag", json!({"name": "Matrix"}))?;
    Ok(())
}

fn project(tx: &mut Tx<'_>) -> Res<()> {
    place(tx, "project.project", 1, json!({"name": "Support"}));
    for (at, name) in (0_i64..).zip(["New", "In Progress", "Done"]) {
        let stage = json!({"name": name, "sequence": at, "project_ids": [1]});
        place(tx, "project.task.type", at + 1, stage);
    }
    make(tx, "project.tags", json!({"name": "Matrix"}))?;
    Ok(())
}

fn helpdesk(tx: &mut Tx<'_>) -> Res<()> {
    let stages = [
        ("New", false, true, false),
        ("In Progress", false, false, false),
        ("Awaiting", false, false, false),
        ("Done", true, false, true),
        ("Cancelled", true, false, true),
        ("Rejected", true, false, true),
    ];
    for (at, (name, closed, unattended, fold)) in (1_i64..).zip(stages) {
        let stage =
            json!({"name": name, "sequence": at, "closed": closed, "unattended": unattended, "fold": fold});
        place(tx, "helpdesk.ticket.stage", at, stage);
    }
    make(tx, "helpdesk.ticket.team", json!({"name": "Support"}))?;
    make(tx, "helpdesk.ticket.tag", json!({"name": "Matrix"}))?;
    Ok(())
}

fn subtypes(tx: &mut Tx<'_>) {
    let lead = json!("crm.lead");
    let task = json!("project.task");
    let ticket = json!("helpdesk.ticket");
    let none = json!(false);
    let all: [(i64, &str, bool, &Value); 18] = [
        (1, "Discussions", false, &none),
        (2, "Note", true, &none),
        (3, "Activities", true, &none),
        (5, "Opportunity Created", false, &lead),
        (6, "Stage Changed", false, &lead),
        (7, "Opportunity Won", false, &lead),
        (8, "Opportunity Lost", false, &lead),
        (9, "Opportunity Restored", false, &lead),
        (15, "Task Created", false, &task),
        (16, "Stage Changed", false, &task),
        (17, "Task In Progress", false, &task),
        (18, "Changes Requested", false, &task),
        (19, "Task Approved", false, &task),
        (20, "Task Cancelled", false, &task),
        (21, "Task Done", false, &task),
        (22, "Task Waiting", false, &task),
        (23, "Task Rating", false, &task),
        (36, "Ticket Created", false, &ticket),
    ];
    for (id, name, internal, model) in all {
        let subtype = json!({"name": name, "internal": internal, "res_model": model, "default": id == 1, "sequence": id});
        place(tx, "mail.message.subtype", id, subtype);
    }
    for (id, name, subtype) in [(11459, "mt_comment", 1), (11460, "mt_note", 2), (11461, "mt_activities", 3)]
    {
        let data = json!({
            "module": "mail", "name": name, "model": "mail.message.subtype", "res_id": subtype,
            "complete_key": format!("mail.{name}"),
        });
        place(tx, "ir.model.data", id, data);
    }
}
