//! The methods that can be called from outside: their signatures, and what each answers.

use serde_json::{Map, Value, json};

use super::{
    Transport, Version, access,
    access::{Op, Role},
    domain,
    error::{Halt, Res, access_error, python_error, type_error, value_error, web_error},
    load, orm, post,
    schema::Model,
    tx::Tx,
};

/// A call as either transport brings it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) method: String,
    /// In order, over JSON-RPC; the records of a record method come first.
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: Map<String, Value>,
    /// Over JSON-2.
    pub(crate) ids: Option<Vec<i64>>,
}

/// A value (none: the method answers nothing), and the entries that may back it, the best first.
pub(crate) struct Outcome {
    pub(crate) value: Option<Value>,
    pub(crate) entries: Vec<String>,
}

struct Signature {
    on_records: bool,
    params: &'static [&'static str],
    /// How many of them must be there.
    required: usize,
    /// Keywords beyond `params` are the method's own affair.
    open: bool,
}

const fn signature(
    on_records: bool,
    params: &'static [&'static str],
    required: usize,
    open: bool,
) -> Signature {
    Signature { on_records, params, required, open }
}

fn signature_of(method: &str) -> Option<Signature> {
    Some(match method {
        "search" => signature(false, &["domain", "offset", "limit", "order"], 1, false),
        "search_read" => signature(false, &["domain", "fields", "offset", "limit", "order"], 0, true),
        "search_count" => signature(false, &["domain", "limit"], 1, false),
        "name_search" => signature(false, &["name", "domain", "operator", "limit"], 0, false),
        "fields_get" => signature(false, &["allfields", "attributes"], 0, false),
        "create" => signature(false, &["vals_list"], 1, false),
        "load" => signature(false, &["fields", "data"], 2, false),
        "context_get" => signature(false, &[], 0, false),
        "read" => signature(true, &["fields", "load"], 0, false),
        "write" => signature(true, &["vals"], 1, false),
        "unlink"
        | "action_set_won"
        | "action_set_lost"
        | "generate_access_token"
        | "get_external_id"
        | "set_message_done" => signature(true, &[], 0, false),
        "message_post" => signature(true, &[], 0, true),
        _ => return None,
    })
}

struct Args {
    ids: Vec<i64>,
    named: Map<String, Value>,
}

impl Args {
    fn get(&self, name: &str) -> &Value {
        self.named.get(name).unwrap_or(&Value::Null)
    }
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }
    fn number(&self, name: &str) -> Option<usize> {
        self.get(name).as_u64().and_then(|n| usize::try_from(n).ok())
    }
    fn list(&self, name: &str) -> Option<Vec<String>> {
        let list = self.get(name).as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

/// Carries a call out.
pub(crate) fn call(tx: &mut Tx<'_>, request: &Request, transport: Transport) -> Res<Outcome> {
    let (name, method) = (request.model.as_str(), request.method.as_str());
    let json2 = transport == Transport::Json2;
    let Some(model) = tx.model(name) else {
        return Err(if json2 {
            web_error("NotFound", 404, format!("the model '{name}' does not exist"), &["error.missing_model"])
        } else {
            super::error::user_error(format!("Object {name} doesn't exist"), &["error.missing_model"])
        });
    };
    orm::check_context(tx)?;
    if method.starts_with('_') {
        let message = if tx.version() == Version::V18 {
            format!("Private methods (such as {method}) cannot be called remotely.")
        } else {
            format!("Private methods (such as '{name}.{method}') cannot be called remotely.")
        };
        return Err(access_error(message, &["error.private_method"]));
    }
    let Some(signature) = signature_of(method) else {
        return Err(no_method(tx, &model, method, json2));
    };
    let args = bind(&model, request, &signature, json2)?;
    run(tx, &model, method, &args, json2)
}

/// A name that no Odoo has is answered as recorded; one that a real Odoo may well have is not for us to say.
fn no_method(tx: &Tx<'_>, model: &Model, method: &str, json2: bool) -> Halt {
    if method != "no_such_method" {
        return Halt::Unbacked(format!("{}.{method}", model.name));
    }
    let entries = &["error.missing_method"];
    let message = if tx.version() == Version::V18 {
        format!("The method '{method}' does not exist on the model '{}'", model.name)
    } else {
        format!("The method '{}.{method}' does not exist", model.name)
    };
    if json2 {
        web_error("NotFound", 404, message, entries)
    } else {
        python_error("builtins.AttributeError", message, entries)
    }
}

fn bind(model: &Model, request: &Request, signature: &Signature, json2: bool) -> Res<Args> {
    let mut named = Map::new();
    let mut ids = Vec::new();
    let mut positional = request.args.iter();
    if json2 {
        if !signature.on_records && request.ids.is_some() {
            let message = format!("cannot call {}.{} with ids", model.name, request.method);
            return Err(web_error("UnprocessableEntity", 422, message, &["error.ids_on_model_method"]));
        }
        ids = request.ids.clone().unwrap_or_default();
    } else if signature.on_records {
        ids = match positional.next() {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_i64).collect(),
            Some(one) => one.as_i64().into_iter().collect(),
            None => Vec::new(),
        };
    }
    let class = if request.method == "message_post" { "MailThread".to_owned() } else { model.class() };
    let rest: Vec<&Value> = positional.collect();
    if rest.len() > signature.params.len() {
        let message = format!(
            "{class}.{}() takes {} positional argument but {} were given",
            request.method,
            signature.params.len() + 1,
            rest.len() + 1
        );
        return Err(type_error(message, &["message_post.positional_body"]));
    }
    for (name, value) in signature.params.iter().zip(rest) {
        named.insert((*name).to_owned(), value.clone());
    }
    for (name, value) in &request.kwargs {
        let name = if name == "args" && request.method == "name_search" { "domain" } else { name.as_str() };
        if signature.params.contains(&name) || signature.open {
            named.insert(name.to_owned(), value.clone());
        } else if json2 {
            let message = format!("got an unexpected keyword argument '{name}'");
            return Err(web_error("UnprocessableEntity", 422, message, &["error.unexpected_kwarg_strict"]));
        } else {
            let message = format!("{class}.{}() got an unexpected keyword argument '{name}'", request.method);
            return Err(type_error(message, &["error.unexpected_kwarg"]));
        }
    }
    for name in signature.params.iter().take(signature.required) {
        if named.contains_key(*name) {
            continue;
        }
        if json2 {
            let message = format!("missing a required argument: '{name}'");
            return Err(web_error(
                "UnprocessableEntity",
                422,
                message,
                &["error.missing_arg", "envelope.empty_body"],
            ));
        }
        let message =
            format!("{class}.{}() missing 1 required positional argument: '{name}'", request.method);
        return Err(type_error(message, &["error.missing_arg"]));
    }
    Ok(Args { ids, named })
}

/// The prefix of a model's entries.
fn short(model: &str) -> &str {
    match model {
        "res.partner" => "partner",
        "crm.lead" => "lead",
        "project.task" => "task",
        "helpdesk.ticket" => "ticket",
        "mail.message" => "message",
        "ir.attachment" => "attachment",
        "res.users" => "users",
        other => other,
    }
}

/// `lead.write`, then the same method of a partner, whose shape every model shares.
fn entries(model: &Model, method: &str, first: &[&str]) -> Vec<String> {
    let mut entries: Vec<String> = first.iter().map(|entry| (*entry).to_owned()).collect();
    entries.push(format!("{}.{method}", short(&model.name)));
    entries.push(format!("partner.{method}"));
    entries
}

fn run(tx: &mut Tx<'_>, model: &Model, method: &str, args: &Args, json2: bool) -> Res<Outcome> {
    let answer = |value: Value, entries: Vec<String>| Ok(Outcome { value: Some(value), entries });
    match method {
        "search" | "search_read" | "search_count" => {
            access::check(tx, Op::Read, &model.name)?;
            let node = domain::parse(tx, model, args.get("domain"))?;
            if method == "search_read" {
                check_read(tx, model, args, json2)?;
            }
            let order = args.text("order").map(str::to_owned);
            let ids = tx.search(
                model,
                &node,
                order.as_deref(),
                args.number("offset").unwrap_or(0),
                args.number("limit"),
            )?;
            let ids = orm::visible(tx, &model.name, ids);
            let specific = specific_search(model, method, args, ids.is_empty());
            if method == "search_count" {
                return answer(json!(ids.len()), entries(model, method, &["auth.ok"]));
            }
            if method == "search" {
                let mut first: Vec<&str> = specific;
                first.push("partner.search.active_test_false");
                return answer(json!(ids), entries(model, method, &first));
            }
            let fields = args.list("fields").unwrap_or_default();
            let bare = args.named.contains_key("load");
            let rows = orm::read(tx, model, &ids, &fields, bare)?;
            answer(rows, entries(model, method, &specific))
        }
        "name_search" => {
            access::check(tx, Op::Read, &model.name)?;
            let name = args.text("name").unwrap_or("");
            let mut all = vec![json!([model.name_field, "ilike", name])];
            all.extend(args.get("domain").as_array().cloned().unwrap_or_default());
            let node = domain::parse(tx, model, &Value::Array(all))?;
            let ids = tx.search(model, &node, None, 0, Some(args.number("limit").unwrap_or(100)))?;
            let pairs: Vec<Value> =
                ids.into_iter().map(|id| json!([id, tx.name_of(&model.name, id)])).collect();
            answer(json!(pairs), entries(model, method, &[]))
        }
        "fields_get" => {
            access::check(tx, Op::Read, &model.name)?;
            answer(fields_get(tx, model, args), entries(model, method, &[]))
        }
        "create" => {
            let list = args.get("vals_list");
            let many: Vec<Value> = match list {
                Value::Array(all) => all.clone(),
                one => vec![one.clone()],
            };
            access::check(tx, Op::Create, &model.name)?;
            let mut ids = Vec::new();
            for values in many {
                let Value::Object(values) = values else {
                    return Err(Halt::Unbacked("values that are no object".to_owned()));
                };
                ids.push(orm::create(tx, model, &values)?);
            }
            let first: &[&str] = match (model.name.as_str(), list.is_array()) {
                ("mail.message", _) => &["message.create_direct"],
                ("ir.model.data", _) => &["external_id.create.admin"],
                (_, true) => &["partner.create_multi"],
                _ => &[],
            };
            let value = match ids.as_slice() {
                [id] if !json2 && !list.is_array() => json!(id),
                all => json!(all),
            };
            answer(value, entries(model, method, first))
        }
        "load" => {
            let (value, entry) = load::load(tx, model, args.get("fields"), args.get("data"))?;
            let by_model = format!("load.{}_by_external_id", short(&model.name));
            let mut all =
                vec!["load.via_json2".to_owned(), by_model, "partner.load_with_external_id".to_owned()];
            if !entry.is_empty() {
                all.insert(0, entry.to_owned());
            }
            answer(value, all)
        }
        "context_get" => {
            let user = |field| tx.get("res.users", tx.uid, field);
            let value = json!({"lang": user("lang"), "tz": user("tz"), "uid": tx.uid});
            answer(value, vec!["res_users.context_get".to_owned(), "users.context_get".to_owned()])
        }
        "read" => {
            if args.named.get("fields").is_none_or(Value::is_null) && tx.role != Role::Admin {
                return Err(Halt::Unbacked(format!("{}.read of all fields", model.name)));
            }
            let fields = args.list("fields").unwrap_or_else(|| all_fields(model));
            let bare = args.named.get("load").is_some_and(|load| load.is_null() || load == "");
            let rows = orm::read(tx, model, &args.ids, &fields, bare)?;
            let empty = rows.as_array().is_some_and(Vec::is_empty);
            let first: &[&str] = match model.name.as_str() {
                _ if empty => &["error.missing_record.read"],
                _ if bare => &["partner.read.load_none", "partner.read_load_none"],
                "mail.tracking.value" => &["tracking_values.as_admin"],
                "res.users" => &["res_users.me"],
                "ir.attachment" if fields.iter().any(|field| field == "datas") => &["attachment.read_datas"],
                _ => &[],
            };
            answer(rows, entries(model, method, first))
        }
        "write" => {
            let Value::Object(values) = args.get("vals").clone() else {
                return Err(Halt::Unbacked("values that are no object".to_owned()));
            };
            orm::write(tx, model, &args.ids, &values)?;
            let first: &[&str] = match model.name.as_str() {
                "mail.message" => &["message.edit_own_body"],
                "crm.lead" => &["lead.write.stage", "lead.write_stage"],
                "project.task" => &["task.write_stage"],
                "helpdesk.ticket" => &["ticket.write_stage"],
                _ => &[],
            };
            answer(json!(true), entries(model, method, first))
        }
        "unlink" => {
            orm::unlink(tx, model, &args.ids)?;
            answer(json!(true), entries(model, method, &["message.unlink_own"]))
        }
        "message_post" => posted(tx, model, args, json2),
        "action_set_won" | "action_set_lost" if model.name == "crm.lead" => {
            close_lead(tx, model, method, args)
        }
        "generate_access_token" if model.name == "ir.attachment" => tokens(tx, model, args),
        "get_external_id" => {
            let mut found = Map::new();
            for id in &args.ids {
                let data = tx
                    .find("ir.model.data", "res_id", &json!(id))
                    .into_iter()
                    .find(|data| tx.get("ir.model.data", *data, "model").as_str() == Some(&model.name));
                let name = data.map_or(json!(""), |data| tx.get("ir.model.data", data, "complete_name"));
                found.insert(id.to_string(), name);
            }
            answer(Value::Object(found), vec!["load.get_external_id".to_owned()])
        }
        "set_message_done" if model.name == "mail.message" => {
            Ok(Outcome { value: None, entries: vec!["mail.message.set_done_returns_none".to_owned()] })
        }
        _ => Err(Halt::Unbacked(format!("{}.{method}", model.name))),
    }
}

/// The keywords that `search_read` hands on to the reading, and what becomes of a call that names no fields.
fn check_read(tx: &Tx<'_>, model: &Model, args: &Args, json2: bool) -> Res<()> {
    let known = ["domain", "fields", "offset", "limit", "order", "load"];
    let odd = args.named.keys().find(|name| !known.contains(&name.as_str()));
    let all = args.list("fields").is_none_or(|fields| fields.is_empty());
    if all && tx.role != Role::Admin && model.name == "res.partner" && tx.version() == Version::V19 {
        return Err(access_error(
            "Failed to read field res.partner.rtc_session_ids\nYou are not allowed to access 'Mail RTC session' \
             (discuss.channel.rtc.session) records.\n\nThis operation is allowed for the following groups:\n\t- Role / \
             Administrator\n\nContact your administrator to request access if necessary.",
            if json2 { &[] } else { &["error.unexpected_kwarg"] },
        ));
    }
    if let Some(odd) = odd {
        let message = format!("BaseModel._read_format() got an unexpected keyword argument '{odd}'");
        return Err(type_error(message, &["error.unexpected_kwarg"]));
    }
    if all && tx.role != Role::Admin {
        return Err(Halt::Unbacked(format!("{}.search_read of all fields", model.name)));
    }
    Ok(())
}

/// Searches that have an entry of their own.
fn specific_search(model: &Model, method: &str, args: &Args, nothing: bool) -> Vec<&'static str> {
    let leaves: Vec<(&str, &str)> = args
        .get("domain")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|leaf| Some((leaf.get(0)?.as_str()?, leaf.get(1)?.as_str()?)))
        .collect();
    let has = |field: &str, op: &str| leaves.contains(&(field, op));
    let mut first = Vec::new();
    match model.name.as_str() {
        "mail.message" if has("id", ">") && nothing => first.extend(["poll.nothing_new"]),
        "mail.message" if has("id", ">") => first.extend(["poll.messages_since_id"]),
        "mail.message" if has("message_id", "=") && method == "search" => {
            first.extend(["concurrent_search_then_post.result"]);
        }
        "mail.message" if has("message_id", "=") && has("res_id", "=") => {
            first.extend(["message_id.search_scoped"])
        }
        "mail.message" if has("message_id", "=") => {
            first.extend(["message_id.search", "message.search_by_message_id"])
        }
        "mail.message" if has("res_id", "=") => first.extend(["messages.of_record"]),
        "mail.message" => first.extend(["message.read.comment", "message.search_by_message_id"]),
        "mail.message.subtype" => first.extend(["subtypes"]),
        "mail.followers" => first.extend(["followers"]),
        "mail.mail" => first.extend(["mail.mail.created"]),
        "mail.notification" => first.extend(["notifications"]),
        "ir.model.data" => first.extend(["subtypes.xmlids"]),
        "crm.stage" => first.extend(["lead.stages"]),
        "project.task.type" => first.extend(["task.stages"]),
        "helpdesk.ticket.stage" => first.extend(["ticket.stages"]),
        "ir.attachment" => first.extend(["attachment.unsafe_mimetypes_read"]),
        "res.partner" if nothing => first.extend(["partner.search_read.no_match"]),
        "res.partner" if has("email", "=ilike") => first.extend(["partner.search_read.email_ilike"]),
        "res.partner" if has("email_normalized", "=") => {
            first.extend(["partner.search_read.email_normalized"])
        }
        _ if has("write_date", ">") => first.extend(["write_date.gt_same_value"]),
        _ if leaves.iter().any(|(field, _)| field.starts_with("x_")) => first.extend(["custom_field.search"]),
        _ => {}
    }
    first
}

fn all_fields(model: &Model) -> Vec<String> {
    model.fields.iter().map(|field| field.name.clone()).filter(|name| name != "id").collect()
}

/// Fields by name; names that the model does not have are left out.
fn fields_get(tx: &Tx<'_>, model: &Model, args: &Args) -> Value {
    let wanted = args.list("allfields").filter(|names| !names.is_empty());
    let attributes = args.list("attributes").filter(|names| !names.is_empty());
    let mut all = Map::new();
    for field in &model.fields {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&field.name)) {
            continue;
        }
        if field.admin_only && tx.role != Role::Admin {
            continue;
        }
        let mut about = Map::new();
        about.insert("name".to_owned(), json!(field.name));
        about.insert("type".to_owned(), json!(field.kind.name()));
        about.insert("string".to_owned(), json!(field.label));
        about.insert("required".to_owned(), json!(field.required));
        about.insert("readonly".to_owned(), json!(field.readonly));
        about.insert("store".to_owned(), json!(field.stored));
        if let Some(relation) = &field.relation {
            about.insert("relation".to_owned(), json!(relation));
        }
        if !field.selection.is_empty() {
            about.insert("selection".to_owned(), json!(field.selection));
        }
        if let Some(attributes) = &attributes {
            about.retain(|name, _| attributes.contains(name));
        }
        all.insert(field.name.clone(), Value::Object(about));
    }
    Value::Object(all)
}

fn posted(tx: &mut Tx<'_>, model: &Model, args: &Args, json2: bool) -> Res<Outcome> {
    if !model.is_thread() {
        return Err(Halt::Unbacked(format!("{}.message_post", model.name)));
    }
    let named = &args.named;
    let id = post::message_post(tx, model, &args.ids, named)?;
    let string = tx.version() == Version::V18 && tx.rules_on_messages.contains(&model.name);
    let value = match tx.version() {
        Version::V18 if string => json!(format!("mail.message({id},)")),
        Version::V18 => json!(id),
        Version::V19 => json!([id]),
    };
    let has = |name: &str| named.contains_key(name);
    let first = if string {
        "message_post.return_shape_with_on_message_automation"
    } else if has("attachments") {
        "message_post.attachments_inline"
    } else if named.get("attachment_ids").and_then(Value::as_array).is_some_and(|ids| !ids.is_empty()) {
        if json2 { "lead.message_post_attachment" } else { "message_post.attachment_ids" }
    } else if has("message_id") {
        "message_post.message_id.set"
    } else if has("body_is_html") {
        "message_post.html_body_is_html"
    } else if has("author_id") {
        "message_post.author_partner"
    } else if tx.context.contains_key("mail_notify_force_send") {
        "message_post.context_mail_notify_force_send_false"
    } else if has("message_type") {
        "message_post.comment"
    } else {
        "message_post.defaults"
    };
    let by_model = format!("{}.message_post", short(&model.name));
    let entries = if json2 {
        vec![first.to_owned(), by_model, "lead.message_post".to_owned()]
    } else {
        vec![
            first.to_owned(),
            format!("message_post.{}", short(&model.name)),
            "message_post.comment".to_owned(),
        ]
    };
    Ok(Outcome { value: Some(value), entries })
}

fn close_lead(tx: &mut Tx<'_>, model: &Model, method: &str, args: &Args) -> Res<Outcome> {
    if method == "action_set_won" {
        let won = tx.search_json("crm.stage", &json!([["is_won", "=", true]]))?;
        let values = json!({"stage_id": won.first(), "active": true, "probability": 100.0});
        if let Value::Object(values) = values {
            orm::write(tx, model, &args.ids, &values)?;
        }
        return Ok(Outcome { value: Some(json!(true)), entries: vec!["lead.set_won".to_owned()] });
    }
    for id in &args.ids {
        let stage = tx.get("crm.lead", *id, "stage_id").as_i64().unwrap_or(0);
        if tx.version() == Version::V19 && tx.get("crm.stage", stage, "is_won").as_bool() == Some(true) {
            return Err(super::error::validation(
                "A lead in a Won stage cannot be lost. Move it to another stage first.",
                &["lead.set_lost_when_won"],
            ));
        }
    }
    if let Value::Object(values) = json!({"active": false, "probability": 0.0}) {
        orm::write(tx, model, &args.ids, &values)?;
    }
    Ok(Outcome { value: None, entries: vec!["method_returning_none".to_owned(), "lead.set_lost".to_owned()] })
}

fn tokens(tx: &mut Tx<'_>, model: &Model, args: &Args) -> Res<Outcome> {
    let mut tokens = Vec::new();
    for id in &args.ids {
        let Some(row) = tx.row(&model.name, *id) else {
            return Err(super::error::missing(&model.name, *id, tx.uid, &["error.missing_record.write"]));
        };
        if let Some(token) = row.get("access_token").and_then(Value::as_str) {
            tokens.push(token.to_owned());
            continue;
        }
        let moment: String = tx.now.chars().filter(char::is_ascii_digit).collect();
        let token = format!("{:08x}-{}-{:04}", id, moment, tx.serial());
        let mut row = (*row).clone();
        row.insert("access_token".to_owned(), json!(token));
        tx.put(&model.name, *id, row);
        tokens.push(token);
    }
    Ok(Outcome { value: Some(json!(tokens)), entries: vec!["attachment.generate_access_token".to_owned()] })
}

/// A value that Python's `int()` would not take.
pub(crate) fn bad_uid(login: &str) -> Halt {
    value_error(
        format!("invalid literal for int() with base 10: '{login}'"),
        &["execute_kw.login_instead_of_uid"],
    )
}
