//! What an adapter may reach while it is asked about a webhook, and while it reads one.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::{Method, Uri},
};
use reqwest::{Client, StatusCode};

use crate::{
    captures::directory,
    guest::Guest,
    host::{Directory, Host, PATIENCE},
};

/// Requests that came, as `GET /path`.
type Seen = Arc<Mutex<Vec<String>>>;

/// A CRM that takes everything.
async fn crm() -> (Seen, String) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(async move |method: Method, uri: Uri| {
        kept.lock().unwrap().push(format!("{method} {}", uri.path()));
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    (seen, at)
}

/// An adapter whose `accept` GETs `/accept` and answers 200 where it got an answer, 210 where that was denied; and whose
/// `receive` GETs `/read`, then POSTs `/step` as the step `s`, and then does `end`.
fn adapter(crm: &str, end: &str) -> Vec<u8> {
    let (mut data, mut pieces) = (String::new(), Vec::new());
    for (n, path) in ["/accept", "/read", "/step"].iter().enumerate() {
        let (at, piece, url) = (5000 + 200 * n, 6000 + 12 * n, format!("{crm}{path}"));
        // One piece of text: its kind, where it is, how long.
        let bytes = [0_u32, at.try_into().unwrap(), url.len().try_into().unwrap()];
        let bytes: String =
            bytes.iter().flat_map(|n| n.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect();
        data += &format!("(data (i32.const {at}) \"{url}\") (data (i32.const {piece}) \"{bytes}\")\n");
        pieces.push(piece);
    }
    let send = |method: u32, piece: usize, step: &str| {
        let none = "(i32.const 0) ".repeat(8);
        format!(
            "(call $send (i32.const {method}) (i32.const {piece}) (i32.const 1) {none} {step} (i32.const 4000))"
        )
    };
    let (read, step) =
        ("(i32.const 0) (i32.const 0) (i32.const 0)", "(i32.const 1) (i32.const 5900) (i32.const 1)");
    let accept = format!(
        "{} (i32.store8 (i32.const 3000) (i32.const 1)) (i32.store16 (i32.const 3002) (i32.add (i32.const 200)
         (i32.add (i32.mul (i32.load8_u (i32.const 4000)) (i32.const 10)) (i32.load8_u (i32.const 4008)))))
         (i32.const 3000)",
        send(0, pieces[0], read)
    );
    let receive = format!("{} {} {end}", send(0, pieces[1], read), send(2, pieces[2], step));
    let import = format!(
        "(import \"patchbay:plugin/http@0.1.0\" \"send\" (func $send (param{})))\n{data}(data (i32.const 5900) \"s\")",
        " i32".repeat(15)
    );
    Guest::of("crm-adapter")
        .manifest("delivery-id = ['webhook-id']\n")
        .fields(&import)
        .body("accept", &accept)
        .body("receive", &receive)
        .build()
}

fn bring(dir: &Directory, component: &[u8]) {
    let file = dir.path().join("components/crm.wasm");
    fs::write(file.with_extension("part"), component).unwrap();
    fs::rename(file.with_extension("part"), file).unwrap();
}

async fn scene(crm: &str, component: &[u8]) -> (Directory, Host, String) {
    let dir = directory("http://127.0.0.1:1");
    let (host, tenant) = (dir.path().join("patchbay.toml"), dir.path().join("tenants/acme.toml"));
    let text = fs::read_to_string(&host).unwrap().replace("[listen]\n", "[listen]\nhooks = '127.0.0.1:0'\n");
    fs::write(host, text).unwrap();
    let grants = format!("{{ store = true, http = [{{ url = '{crm}', addresses = ['127.0.0.1'] }}] }}");
    let text = fs::read_to_string(&tenant).unwrap();
    fs::write(tenant, format!("{text}[adapters.crm]\ncomponent = 'crm'\ngrants = {grants}\n")).unwrap();
    bring(&dir, component);
    let host = Host::start(&dir).await;
    let door = host.get("/admin/v1/hooks").await.1["hooks"][0]["url"].as_str().unwrap().to_owned();
    (dir, host, door)
}

async fn post(door: &str, id: &str) -> u16 {
    let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    http.post(door).header("webhook-id", id).send().await.unwrap().status().as_u16()
}

async fn is_in_state(host: &Host, id: &str, state: &str) {
    let path = format!("/admin/v1/events/{id}/why");
    host.until(state, async || host.get(&path).await.1["hooks"][0]["state"] == state).await;
}

#[tokio::test]
async fn an_adapter_reaches_what_it_was_granted_while_it_reads_a_webhook_and_nothing_while_it_is_asked() {
    let (seen, at) = crm().await;
    let (_dir, host, door) = scene(&at, &adapter(&at, "(i32.const 1024)")).await;
    let mut n = 0;
    // 200 is the answer where it was not asked in time: it never says so itself here.
    let status = loop {
        n += 1;
        match post(&door, &format!("w{n}")).await {
            200 => {}
            other => break other,
        }
    };
    assert_eq!(status, 210, "denied");
    is_in_state(&host, &format!("w{n}"), "done").await;
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.iter().filter(|seen| *seen == "GET /accept").count(), 0, "{seen:?}");
    assert_eq!(seen[..2], ["GET /read", "POST /step"]);
}

#[tokio::test]
async fn what_an_adapter_does_while_it_reads_a_webhook_is_done_once_though_it_faults() {
    let (seen, at) = crm().await;
    let (dir, host, door) = scene(&at, &adapter(&at, "unreachable")).await;
    assert!([200, 210].contains(&post(&door, "w1").await));
    is_in_state(&host, "w1", "parked").await;
    assert_eq!(
        *seen.lock().unwrap(),
        ["GET /read", "POST /step", "GET /read"],
        "a read is repeated, a step is not"
    );

    bring(&dir, &adapter(&at, "(i32.const 1024)"));
    let parked = async || host.get("/admin/v1/parked").await.1;
    host.until("the better one serves", async || {
        let (_, plugins) = host.get("/admin/v1/plugins").await;
        plugins["tenants"][0]["generation"] == 2
    })
    .await;
    let id = parked().await["parked"][0]["id"].to_string();
    let replayed = host.run(&dir, &["parked", "replay", &id]);
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    is_in_state(&host, "w1", "done").await;
    assert_eq!(seen.lock().unwrap()[3..], ["GET /read"], "nor by another component");
    assert_eq!(host.status("/healthz").await, StatusCode::OK);
}
