use std::fs;

use patchbay_sdk::testing::{Expect, Host, Sent, sample};
use serde_json::json;

use super::*;

mod append;
mod back;
mod change;
mod contact;
mod faults;
mod speech;
mod words;

const URL: &str = "https://odoo.example";

/// What a real server answered; see `fixtures/odoo/README.md`.
fn recorded(file: &str, name: &str) -> Value {
    let path = format!("{}/../../fixtures/odoo/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let all: Vec<Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let entry = all.iter().find(|entry| entry["name"] == name);
    entry.unwrap_or_else(|| panic!("{file} has no {name}")).clone()
}

fn body(file: &str, name: &str) -> Value {
    recorded(file, name)["response"]["body"].clone()
}

const OLD: &str = "odoo18-jsonrpc";
const NEW: &str = "odoo19-jsonrpc";
const JSON2: &str = "odoo19-json2";

fn settings(model: &str) -> Value {
    let mut settings = json!({ "url": URL, "database": "crm18", "login": "bridge", "model": model });
    if model == "project.task" {
        settings["defaults"] = json!({ "project_id": 1 });
    }
    settings
}

fn odoo(host: &Host, settings: Value) -> Odoo {
    host.prepare(settings).unwrap()
}

/// What the server is known to be like, as a call before this one kept it.
fn known(host: &Host, settings: &Value, json2: bool) {
    let of = |kind: &str, relation: &str| json!({ "kind": kind, "relation": relation, "required": false, "choices": [] });
    let mut priority = of("selection", "");
    priority["choices"] = json!(["0", "1", "2", "3"]);
    let mut description = of("html", "");
    description["required"] = json!(settings["model"] == "helpdesk.ticket");
    let mut ticket = json!({
        "name": of("char", ""), "description": description, "partner_id": of("many2one", "res.partner"),
        "stage_id": of("many2one", "crm.stage"), "priority": priority, "tag_ids": of("many2many", "crm.tag"),
        "x_patchbay_conversation": of("char", ""), "active": of("boolean", ""),
    });
    if settings["model"] == "project.task" {
        ticket["state"] = of("selection", "");
        ticket["user_ids"] = of("many2many", "res.users");
        ticket["project_id"] = of("many2one", "project.project");
    } else {
        ticket["user_id"] = of("many2one", "res.users");
        ticket["team_id"] = of("many2one", "crm.team");
    }
    let partner = json!({
        "name": of("char", ""), "email": of("char", ""), "email_normalized": of("char", ""), "phone": of("char", ""),
        "user_ids": of("one2many", "res.users"), "image_128": of("binary", ""),
    });
    let stage =
        |id: i64, name: &str, done: bool| json!({ "id": id, "name": name, "done": done, "won": false });
    let stages = json!([
        stage(1, "New", false),
        stage(2, "In Progress", false),
        stage(3, "Awaiting", false),
        stage(4, "Done", true)
    ]);
    let version = if json2 { "19.0" } else { "18.0" };
    let known = json!({
        "at": host.now(), "version": version, "json2": json2, "uid": 6, "ticket": ticket, "partner": partner,
        "stages": stages,
    });
    let read: Settings = serde_json::from_value(settings.clone()).unwrap();
    host.store(&format!("known-{}", crate::known::digest(&read.place())), known.to_string());
}

/// A call over JSON-RPC: method, and what is between the model and the named arguments.
fn rpc(model: &str, method: &str) -> Expect {
    let (model, method) = (model.to_owned(), method.to_owned());
    Expect::post(format!("{URL}/jsonrpc")).with(move |sent| {
        let args = &sent.json()["params"]["args"];
        args[2] == "<odoo>" && args[3] == model.as_str() && args[4] == method.as_str()
    })
}

fn service(method: &str) -> Expect {
    let method = method.to_owned();
    Expect::post(format!("{URL}/jsonrpc"))
        .with(move |sent| sent.json()["params"]["method"] == method.as_str())
}

fn result(value: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": value })
}

fn json2(model: &str, method: &str) -> Expect {
    Expect::post(format!("{URL}/json/2/{model}/{method}"))
        .header("authorization", "bearer <odoo>")
        .header("x-odoo-database", "crm18")
}

/// The same rule over both transports: what JSON-RPC has in `result`, JSON-2 answers bare.
fn call(by_json2: bool, model: &str, method: &str, answer: Value) -> Expect {
    if by_json2 {
        json2(model, method).answer(200, answer)
    } else {
        rpc(model, method).answer(200, result(answer))
    }
}

/// The arguments by name, of either transport.
fn named(sent: &Sent) -> Value {
    let json = sent.json();
    json.pointer("/params/args/6").cloned().unwrap_or(json)
}

/// An argument that JSON-RPC gives by place.
fn given(sent: &Sent, place: usize, name: &str) -> Value {
    let json = sent.json();
    json.pointer(&format!("/params/args/5/{place}")).cloned().unwrap_or_else(|| json[name].clone())
}

fn customer() -> Person {
    Person { remote: Some("15".to_owned()), ..sample::customer() }
}

fn item(key: &str, plain: &str) -> Item {
    let mut item = sample::item(key, plain);
    item.message.author = customer();
    item
}
