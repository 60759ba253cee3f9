//! The technical user that the adapter works as: an internal user with the groups that it needs and no others. What it
//! writes is known by it, so it must be nobody's own account.

use serde_json::{Value, json};

use super::{
    groups,
    records::{Row, id, links, ticked},
    report::{State, Step},
    session::Session,
    setup::Mode,
    trouble::Trouble,
};

const MODEL: &str = "res.users";

/// The user as it is in Odoo.
pub(super) struct User {
    /// Its identifier; none where it is not there.
    pub(super) id: Option<i64>,
    row: Option<Row>,
    /// What its list of groups is called: `groups_id` until 18, `group_ids` since.
    groups: String,
}

/// Looks for it.
pub(super) async fn find(odoo: &Session, login: &str) -> Result<User, Trouble> {
    let known = odoo.fields(MODEL, &["group_ids", "groups_id"]).await?;
    let groups = known.into_iter().next().unwrap_or_else(|| "group_ids".to_owned());
    let found = odoo.rows(MODEL, json!([["login", "=", login]]), &["active", &groups]).await?;
    let row = found.into_iter().next();
    Ok(User { id: row.as_ref().and_then(id), row, groups })
}

/// Makes it, or gives it what it lacks. `secret` is the password that a new one is made with.
pub(super) async fn ensure(
    odoo: &Session,
    user: &mut User,
    (login, secret): (&str, Option<&str>),
    wanted: &[&str],
    mode: Mode,
) -> Result<Vec<Step>, Trouble> {
    let what = format!("user `{login}`");
    let mut steps = Vec::new();
    let found = groups::of(odoo, wanted).await?;
    let missing = wanted.iter().zip(&found).filter(|(_, id)| id.is_none());
    for (group, _) in missing {
        let detail = "this Odoo has no such group: give the user by hand what corresponds to it";
        steps.push(Step::new(State::Missing, format!("group `{group}`")).detail(detail));
    }
    let mut needed: Vec<i64> = found.iter().flatten().copied().collect();
    needed.sort_unstable();
    let Some((row, id)) = user.row.as_ref().zip(user.id) else {
        if mode == Mode::Look {
            steps.push(Step::new(State::ToBeMade, what).detail(with(wanted)));
            return Ok(steps);
        }
        let mut values = json!({ "name": "Patchbay", "login": login, "password": secret });
        set(&mut values, &user.groups, json!([[6, 0, needed]]));
        // Nobody reads an invitation that is sent to it.
        user.id = Some(odoo.make(MODEL, values, json!({ "no_reset_password": true })).await?);
        steps.push(Step::new(State::Made, what).detail(with(wanted)));
        return Ok(steps);
    };
    let has = links(row, &user.groups);
    let lacks: Vec<_> = needed.iter().filter(|group| !has.contains(group)).collect();
    let asleep = !ticked(row, "active");
    if lacks.is_empty() && !asleep {
        steps.push(Step::new(State::AsItWas, what));
    } else {
        let mut values = json!({});
        let mut said = Vec::new();
        if !lacks.is_empty() {
            let add: Vec<_> = lacks.iter().map(|group| json!([4, group])).collect();
            set(&mut values, &user.groups, add.into());
            let name = |group: &&i64| {
                let at = found.iter().position(|one| one.as_ref() == Some(*group))?;
                wanted.get(at).map(|name| format!("`{name}`"))
            };
            let names: Vec<_> = lacks.iter().copied().filter_map(|group| name(&group)).collect();
            said.push(format!("it lacked the group {}", names.join(", ")));
        }
        if asleep {
            set(&mut values, "active", json!(true));
            said.push("it was archived".to_owned());
        }
        if mode == Mode::Do {
            odoo.change(MODEL, id, values).await?;
        }
        let state = if mode == Mode::Do { State::Updated } else { State::ToBeUpdated };
        steps.push(Step::new(state, what).detail(said.join("; ")));
    }
    let system = groups::of(odoo, &[groups::SETTINGS]).await?;
    if system.into_iter().flatten().any(|group| has.contains(&group)) {
        let detail = "it does not need that: whoever gets at its key gets at everything";
        steps.push(Step::new(State::Note, format!("`{login}` is an administrator")).detail(detail));
    }
    Ok(steps)
}

/// Another password for it.
pub(super) async fn set_password(odoo: &Session, id: i64, secret: &str) -> Result<(), Trouble> {
    odoo.change(MODEL, id, json!({ "password": secret })).await
}

fn set(values: &mut Value, field: &str, value: Value) {
    if let Value::Object(values) = values {
        values.insert(field.to_owned(), value);
    }
}

fn with(groups: &[&str]) -> String {
    let groups: Vec<_> = groups.iter().map(|group| format!("`{group}`")).collect();
    format!("with the groups {}", groups.join(", "))
}
