//! Files both ways, past an adapter that runs in the sandbox and never holds one.

mod homeserver;
mod large;
mod out;
mod shown;

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use patchbay_egress::Egress;
use patchbay_types::egress::EgressConfig;
use serde_json::{Value, json};

use self::homeserver::Homeserver;
use crate::{
    errands::{Granted, ask},
    house::House,
};

/// A CRM that takes whatever is posted, and has files.
#[derive(Clone)]
struct Crm {
    url: String,
    state: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// What was posted whole: its length as it was said, and its bytes.
    posted: Vec<(Option<String>, Bytes)>,
    /// Requests whose body broke off.
    broken: usize,
    /// What is answered to a GET; the last one stays.
    answers: Vec<(u16, Vec<u8>)>,
    gets: usize,
}

// === impl Crm ===

impl Crm {
    async fn start() -> Self {
        let state = Arc::new(Mutex::new(Kept::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = Router::new().fallback(crm).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, state }
    }

    fn answers(&self, answers: &[(u16, &[u8])]) {
        let answers = answers.iter().map(|(status, body)| (*status, body.to_vec()));
        self.state.lock().unwrap().answers = answers.collect();
    }

    fn posted(&self) -> Vec<(Option<String>, String)> {
        let posted = self.state.lock().unwrap().posted.clone();
        posted
            .into_iter()
            .map(|(length, bytes)| (length, String::from_utf8(bytes.to_vec()).unwrap()))
            .collect()
    }

    fn broken(&self) -> usize {
        self.state.lock().unwrap().broken
    }

    fn gets(&self) -> usize {
        self.state.lock().unwrap().gets
    }
}

async fn crm(State(state): State<Arc<Mutex<Kept>>>, request: Request) -> Response {
    if request.method() == "GET" {
        if request.uri().path() == "/large" {
            return large::in_json();
        }
        let mut kept = state.lock().unwrap();
        kept.gets += 1;
        let answer = if kept.answers.len() > 1 { kept.answers.remove(0) } else { kept.answers[0].clone() };
        return (StatusCode::from_u16(answer.0).unwrap(), answer.1).into_response();
    }
    let length =
        request.headers().get(header::CONTENT_LENGTH).map(|value| value.to_str().unwrap().to_owned());
    match homeserver::counted(request.into_body()).await {
        Ok((count, bytes)) => {
            assert!(length.as_ref().is_none_or(|length| *length == count.to_string()));
            state.lock().unwrap().posted.push((length, bytes));
            "done".into_response()
        }
        Err(_) => {
            state.lock().unwrap().broken += 1;
            StatusCode::BAD_REQUEST.into_response()
        }
    }
}

/// A house with a homeserver and a CRM; `media` are lines of its tenant's `[media]`.
async fn house(media: &str) -> (House, Homeserver, Crm) {
    let (homeserver, crm) = (Homeserver::start().await, Crm::start().await);
    let granted = Granted::none().to(&crm.url, &["127.0.0.1/32"]).limits("time = '60s'");
    let file = format!("{}\n[media]\n{media}\n", granted.file(&["!a:h", "!b:h"]));
    let egress = |dir: &std::path::Path| Egress::new(&EgressConfig::default(), dir).unwrap();
    let house = House::between(&[("acme", file)], egress, &homeserver.url).await;
    (house, homeserver, crm)
}

/// A file in the room, whose caption is orders: post it, with what else the message says.
fn file_event(id: &str, url: &str, name: &str, body: &[Value], crm: &Crm) -> Value {
    let errand = json!({ "method": "post", "step": "post", "url": [{ "text": crm.url }], "body": body });
    let orders = json!({ "errands": [errand] }).to_string();
    let content = json!({ "msgtype": "m.file", "body": orders, "filename": name, "url": url });
    crate::house::message("!a:h", id, "@alice:h", content)
}

/// Posted: the file, the same in Base64, and what was added to the words.
fn all_of_it() -> Vec<Value> {
    vec![
        json!({ "given": 0 }),
        json!({ "text": "|" }),
        json!({ "given-base64": 0 }),
        json!({ "text": "|" }),
        json!({ "said": null }),
    ]
}

/// Opens a ticket in a room, and answers its identifier.
async fn ticket(house: &mut House, room: &str, id: &str) -> String {
    ask(house, room, id, &[], true).await;
    house.settled().await;
    crate::errands::delivery(house, id).await.ticket.unwrap().to_string()
}
