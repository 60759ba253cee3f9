//! What goes back.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use receiver::{Behaviour, Books, Hook, Key, Receiver, verify};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::scene::{SECRET, ask, open, send};

type Told = (HeaderMap, Bytes);

async fn hear(State(told): State<UnboundedSender<Told>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    told.send((headers, body)).unwrap();
    StatusCode::OK
}

#[tokio::test]
async fn an_agents_reply_goes_out_as_a_signed_webhook() {
    let (sender, mut told) = unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let hook = Router::new().route("/hook", post(hear)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, hook).await });

    let key = Key::new(SECRET);
    let router = Receiver::new(
        key.clone(),
        Some(Hook::new(url, key.clone()).unwrap()),
        Books::default(),
        Behaviour::default(),
    )
    .router();
    let ticket = send(&router, &open("a")).await.1["id"].as_str().unwrap().to_owned();
    let reply = json!({ "agent": "eve", "text": "Hello", "id": "r1" });
    let (status, answer) = ask(&router, "POST", &format!("/tickets/{ticket}/reply"), &reply).await;
    assert_eq!((status, &answer["id"]), (StatusCode::OK, &json!("r1")), "{answer}");

    let (headers, body) = told.recv().await.unwrap();
    assert_eq!(verify(&key, &headers, &body), Ok("r1"));
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&told["type"], &told["ticket"], &told["text"]),
        (&json!("message"), &json!(ticket), &json!("Hello"))
    );
}

#[tokio::test]
async fn without_a_hook_or_a_ticket_nothing_can_be_sent_back() {
    let router = crate::scene::receiver(Books::default());
    let reply = json!({ "agent": "eve", "text": "Hello" });
    assert_eq!(ask(&router, "POST", "/tickets/T1/reply", &reply).await.0, StatusCode::NOT_FOUND);
    send(&router, &open("a")).await;
    assert_eq!(ask(&router, "POST", "/tickets/T1/reply", &reply).await.0, StatusCode::CONFLICT);
}
