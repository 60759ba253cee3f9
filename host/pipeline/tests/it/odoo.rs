//! The contract suite of the Odoo adapter: the real component, in the sandbox, through the whole house, against an Odoo that
//! answers as real ones were recorded to. Each rule holds on 18 and 19 by JSON-RPC and on 19 by JSON-2.

mod back;
mod bad;
mod costs;
mod lost;
mod out;

use std::sync::Arc;

use patchbay_test_support::odoo::{Message, Odoo, Version};
use patchbay_types::MockClock;
use serde_json::{Value, json};

use crate::house::{House, NOW, tenant, text};

/// What the suite runs on.
const ALL: [(Version, &str); 3] =
    [(Version::V18, "json-rpc"), (Version::V19, "json-rpc"), (Version::V19, "json-2")];

const TICKET: &str = "helpdesk.ticket";
const LEAD: &str = "crm.lead";
const TASK: &str = "project.task";

const ROOMS: &str = "link = ['!a:h', '!b:h', '!c:h', '!d:h', '!e:h', '!f:h', '!g:h', '!h:h']";

/// What is counted or made to fail is what was asked for, and not what a poll happened to ask.
const UNASKED: &str = "poll = '0s'";

/// A busy machine may take longer to load a mapper than a tenant would let it.
const PATIENT: &str = "component = 'mapper-matrix'\nlimits = { time = '30s' }";

/// An Odoo, the house beside it, and the clock of both.
struct Scene {
    odoo: Odoo,
    house: House,
    model: &'static str,
}

impl Scene {
    /// Everything that is said goes to tickets of `model`.
    async fn new(on: (Version, &str), model: &'static str) -> Self {
        Self::with(on, model, UNASKED, &json!({ "default": [{ "adapter": "odoo" }] })).await
    }

    /// The same with these lines in its slot, and other rules.
    async fn with(on: (Version, &str), model: &'static str, slot: &str, rules: &Value) -> Self {
        let odoo = Odoo::start_at(on.0, Arc::new(MockClock::at(NOW))).await;
        odoo.login_cost(std::time::Duration::ZERO);
        let file = file(&odoo, on.1, model, slot, rules);
        let house = House::new(&[("acme", file)]).await;
        std::fs::write(house.dir.path().join("odoo.key"), odoo.bridge().key).unwrap();
        Self { odoo, house, model }
    }

    async fn say(&mut self, room: &str, words: &[&str]) {
        for words in words {
            let event =
                text(&format!("!{room}:h"), &format!("${room}-{words}"), &format!("@{room}:h"), words);
            self.house.send(&[event]).await;
        }
    }

    /// The tickets, in the order in which they were made.
    fn tickets(&self) -> Vec<Value> {
        let mut tickets = self.odoo.records(self.model);
        tickets.sort_by_key(|ticket| ticket["id"].as_i64());
        tickets
    }

    /// What was said in a ticket.
    fn comments(&self, ticket: i64) -> Vec<Message> {
        let all = self.odoo.messages(self.model, ticket).into_iter();
        all.filter(|message| message.message_type == "comment").collect()
    }

    /// The words of all that was said in all tickets, ticket by ticket.
    fn words(&self) -> Vec<String> {
        let ids = self.tickets().into_iter().filter_map(|ticket| ticket["id"].as_i64());
        ids.flat_map(|id| self.comments(id)).map(|message| plain(&message.body)).collect()
    }

    /// How often a method of a model was asked for.
    fn asked(&self, method: &str) -> usize {
        self.odoo.calls().iter().filter(|call| call.method == method).count()
    }

    async fn end(self) {
        self.house.stop().await;
        self.odoo.assert_backed();
    }
}

/// The tenant's file. Instances are kept warm: one that is prepared is compiled for each Odoo's own address, which takes
/// longer than all else.
fn file(odoo: &Odoo, transport: &str, model: &str, slot: &str, rules: &Value) -> String {
    let (url, database) = (odoo.url(), odoo.database());
    let defaults = if model == TASK { "defaults = { project_id = 1 }" } else { "" };
    format!(
        "{}\n[adapters.odoo]\ncomponent = 'adapter-odoo'\nconcurrency = 4\n\
         instance = {{ warm = 10000 }}\nlimits = {{ time = '30s' }}\n{slot}\n\
         grants = {{ store = true, secrets = ['odoo'], http = [{{ url = '{url}', addresses = ['127.0.0.1'] }}] }}\n\
         [adapters.odoo.settings]\nurl = '{url}'\ndatabase = '{database}'\nlogin = 'bridge'\nmodel = '{model}'\n\
         transport = '{transport}'\n{defaults}\n\
         [secrets.odoo]\nfrom = {{ file = 'odoo.key' }}\nhosts = ['{url}']\n",
        tenant(ROOMS, rules).replace("component = 'mapper-matrix'", PATIENT)
    )
}

fn plain(html: &str) -> String {
    html.replace("<p>", "").replace("</p>", "")
}
