//! The order of it all. Every step stands alone: where one cannot be done the others still are, so that an administrator
//! sees the whole list at once.

use std::path::PathBuf;

use serde_json::json;

use super::{
    fields, groups, key, modules,
    records::text,
    report::{Report, State, Step},
    rights, rules,
    session::{Access, Session, Transport},
    target::Target,
    trouble::Trouble,
    user::{self, User},
    version,
};

/// Whether anything may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What is missing is made.
    Do,
    /// Nothing is changed.
    Look,
}

/// What is wanted of an Odoo.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The administrator's way in.
    pub(crate) admin: Access,
    /// How it is talked to; none: as it turns out.
    pub(crate) transport: Option<Transport>,
    /// The technical user's login.
    pub(crate) login: String,
    /// Where its key is, or is to be.
    pub(crate) key_file: PathBuf,
    /// It is given a new password, and the file with it.
    pub(crate) new_password: bool,
    /// The model that conversations are kept in.
    pub(crate) target: Target,
    /// The adapter's own `transport`, where the tenant's file has the adapter.
    pub(crate) speaks: Option<String>,
    /// Where webhooks go; none where the host takes none.
    pub(crate) hook: Option<String>,
}

/// Goes through all of it; `told` hears of each step as it is done.
///
/// # Errors
/// When Odoo cannot be reached, lets the administrator not in, or refuses something that an administrator may do.
pub(crate) async fn run(wanted: &Wanted, mode: Mode, told: &mut dyn FnMut(&Step)) -> Result<Report, Trouble> {
    let odoo = Session::open(wanted.admin.clone(), wanted.transport).await?;
    let mut report =
        Report { version: odoo.version, transport: odoo.transport, user_transport: None, steps: Vec::new() };
    let mut tell = |report: &mut Report, steps: Vec<Step>| {
        steps.iter().for_each(&mut *told);
        report.steps.extend(steps);
    };

    let found = modules::look(&odoo, wanted.target).await?;
    let (way, automation) = (found.way, found.automation);
    tell(&mut report, found.steps);

    let mut user = user::find(&odoo, &wanted.login).await?;
    let (secret, steps) = secret(&odoo, wanted, &user, mode).await?;
    tell(&mut report, steps);
    let mut needs = vec![groups::INTERNAL_USER, groups::CONTACT_CREATION];
    needs.extend(way.map(|way| way.group));
    let login = (wanted.login.as_str(), secret.as_deref());
    let steps = user::ensure(&odoo, &mut user, login, &needs, mode).await?;
    tell(&mut report, steps);

    let step = fields::ensure(&odoo, "res.partner", fields::PERSON, mode).await?;
    tell(&mut report, vec![step]);
    if way.is_some() {
        let step = fields::ensure(&odoo, wanted.target.model(), fields::CONVERSATION, mode).await?;
        tell(&mut report, vec![step]);
        let steps = rules(&odoo, wanted, user.id, automation, mode).await?;
        tell(&mut report, steps);
    }
    if let Some((secret, id)) = secret.zip(user.id) {
        let (transport, steps) = as_user(&odoo, wanted, (id, &secret), way.is_some()).await?;
        report.user_transport = transport;
        tell(&mut report, steps);
    }
    Ok(report)
}

/// The technical user's key, and what had to be done for it. A new one is on disk before Odoo knows it.
async fn secret(
    odoo: &Session,
    wanted: &Wanted,
    user: &User,
    mode: Mode,
) -> Result<(Option<String>, Vec<Step>), Trouble> {
    let path = &wanted.key_file;
    let what = format!("key of `{}` in {}", wanted.login, path.display());
    let held = key::read(path)?;
    match (user.id, held) {
        (Some(_), Some(held)) if !wanted.new_password => Ok((Some(held), Vec::new())),
        (None, Some(held)) => Ok((Some(held), Vec::new())),
        (Some(_), None) if !wanted.new_password => {
            let detail = "the user is there already, and its key is not: put its API key or its password into the file, or \
                          have a new password set by `--new-password`";
            Ok((None, vec![Step::new(State::Missing, what).detail(detail)]))
        }
        (id, held) => {
            let was = held.is_some();
            if mode == Mode::Look {
                let state = if was { State::ToBeUpdated } else { State::ToBeMade };
                return Ok((None, vec![Step::new(state, what)]));
            }
            let new = key::make(path)?;
            if let Some(id) = id {
                user::set_password(odoo, id, &new).await?;
            }
            let state = if was { State::Updated } else { State::Made };
            Ok((Some(new), vec![Step::new(state, what).detail("a password")]))
        }
    }
}

async fn rules(
    odoo: &Session,
    wanted: &Wanted,
    user: Option<i64>,
    automation: bool,
    mode: Mode,
) -> Result<Vec<Step>, Trouble> {
    let model = wanted.target.model();
    let Some(hook) = &wanted.hook else {
        let detail = "the host takes no webhooks: say where by `listen.hooks` in patchbay.toml. Until then news come with \
                      the next look (`poll`)";
        return Ok(vec![Step::new(State::Note, format!("no rules for `{model}`")).detail(detail)]);
    };
    if !automation {
        // The module was said to be missing.
        return Ok(Vec::new());
    }
    // The rules name the user whose own deeds are no news: without one there can be none yet.
    let Some(uid) = user else {
        let steps = ["messages", "changes"]
            .map(|of| Step::new(State::ToBeMade, format!("rule for {of} of `{model}`")));
        return Ok(steps.into());
    };
    let mut steps = Vec::new();
    for rule in rules::of(wanted.target, &wanted.login, uid) {
        steps.extend(rules::ensure(odoo, &rule, hook, mode).await?);
    }
    Ok(steps)
}

/// What the technical user itself finds.
async fn as_user(
    odoo: &Session,
    wanted: &Wanted,
    (id, secret): (i64, &str),
    target: bool,
) -> Result<(Option<Transport>, Vec<Step>), Trouble> {
    let what = format!("`{}` gets in by the key in {}", wanted.login, wanted.key_file.display());
    let user = match Session::open(odoo.access_of(&wanted.login, secret), None).await {
        Ok(user) => user,
        Err(Trouble::Login { .. }) => {
            let detail = "the file holds neither an API key nor the password of this user: put one there, or have a new \
                          password set by `--new-password`";
            return Ok((None, vec![Step::new(State::Missing, what).detail(detail)]));
        }
        Err(trouble) => return Err(trouble),
    };
    let mut steps = Vec::new();
    if user.uid == id {
        let by = if user.transport == Transport::Json2 { "JSON-2" } else { "JSON-RPC" };
        steps.push(Step::new(State::AsItWas, what).detail(format!("by {by}")));
    } else {
        steps.push(Step::new(State::Missing, what).detail("the key is another user's"));
    }
    if user.transport == Transport::JsonRpc && user.version >= version::JSON_2 {
        let detail = format!(
            "what is in the file is a password. For JSON-2 log in to Odoo as `{}` with it, and under Preferences → Security → \
             New API Key make a key; put that into the file in its place, and set the adapter's `transport` to `auto`",
            wanted.login
        );
        steps.push(Step::new(State::Note, "JSON-RPC goes with Odoo 22").detail(detail));
    }
    if let Some(speaks) = wanted.speaks.as_deref().filter(|_| user.version >= version::JSON_2)
        && user.transport == Transport::JsonRpc
        && speaks != "json-rpc"
    {
        let detail = "the adapter would speak JSON-2, which takes no password: set it in the tenant's file";
        steps.push(Step::new(State::Missing, "`transport = \"json-rpc\"`").detail(detail));
    }
    steps.extend(expiry(odoo, id).await?);
    let mut models = vec!["res.partner", "mail.message", "ir.attachment"];
    if target {
        models.insert(0, wanted.target.model());
    }
    steps.extend(rights::look(&user, &models).await?);
    Ok((Some(user.transport), steps))
}

/// Keys of whoever is no administrator end: after three months, unless a group of theirs allows more.
async fn expiry(odoo: &Session, user: i64) -> Result<Vec<Step>, Trouble> {
    const KEYS: &str = "res.users.apikeys";
    if odoo.fields(KEYS, &["expiration_date"]).await?.is_empty() {
        return Ok(Vec::new());
    }
    let domain = json!([["user_id", "=", user], ["expiration_date", "!=", false]]);
    let keys = odoo.rows(KEYS, domain, &["name", "expiration_date"]).await?;
    let one = |key| {
        let name = text(key, "name").unwrap_or_default();
        let what = format!("API key “{name}” ends on {}", text(key, "expiration_date")?);
        let detail = "make another one before, and put it into the file; how long a key may live is said by the group (Settings \
                      → Users → Groups → API Keys maximum duration)";
        Some(Step::new(State::Note, what).detail(detail))
    };
    Ok(keys.iter().filter_map(one).collect())
}
