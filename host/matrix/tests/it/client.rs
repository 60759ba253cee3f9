//! Each call asks what the capture asked, and understands what it answered.

use std::{collections::BTreeSet, time::Duration};

use futures::StreamExt as _;
use patchbay_matrix::{Client, ClientError, ClientOptions, Member, TxnId, http_client};
use patchbay_types::{EventId, RoomId, UserId};
use reqwest::header::HeaderMap;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

use super::homeserver::{Homeserver, capture, captured};

fn room() -> RoomId {
    RoomId::from("!Lhqgv8se3icW2OVSnLu5KiCTRrtdpyAUHaJPnDEldnw")
}

fn ghost() -> UserId {
    UserId::from("@_crm_alice:localhost")
}

fn txn() -> TxnId {
    TxnId::new(&ghost(), ["1"])
}

const TEXT: &str = r#"{"msgtype":"m.text","body":"from ghost"}"#;

/// A path and its query, decoded: two spellings of one request are the same.
fn parts(uri: &str) -> (Vec<String>, BTreeSet<(String, String)>) {
    let url = Url::parse("http://x").unwrap().join(uri).unwrap();
    let decoded =
        |part: &str| url::form_urlencoded::parse(part.as_bytes()).map(|(key, _)| key.into_owned()).collect();
    (url.path_segments().unwrap().map(decoded).collect(), url.query_pairs().into_owned().collect())
}

/// The last request is the one of the capture, but for its transaction ID.
fn asked_as_captured(homeserver: &Homeserver, name: &str, txn: Option<&str>) {
    let request = &capture(name)["request"];
    asked_where_captured(homeserver, name, txn);
    if request["body"].is_object() {
        assert_eq!(homeserver.last().body, request["body"], "{name}");
    }
}

/// The same, whatever its body.
fn asked_where_captured(homeserver: &Homeserver, name: &str, txn: Option<&str>) {
    let (asked, request) = (homeserver.last(), &capture(name)["request"]);
    let path = request["path"].as_str().unwrap();
    let path = txn.map_or(path.to_owned(), |txn| path.replacen(txn, super::client::txn().as_str(), 1));
    assert_eq!(asked.method.as_str(), request["method"].as_str().unwrap());
    assert_eq!(parts(&asked.uri), parts(&path));
    assert_eq!(asked.token.as_deref(), Some("AS_TOKEN"));
}

#[tokio::test]
async fn a_ghost_is_registered_and_one_that_is_there_is_as_good() {
    for name in ["AS register ghost inhibit_login", "AS register ghost again"] {
        let homeserver = Homeserver::answering(&[name]).await;
        homeserver.ghost().register().await.unwrap();
        asked_as_captured(&homeserver, name, None);
    }
}

#[tokio::test]
async fn a_400_after_the_user_was_made_is_no_error_and_one_for_a_foreign_name_is() {
    let made = ["msc4190: register without inhibit_login", "whoami masquerade"];
    assert_eq!(Homeserver::answering(&made).await.ghost().register().await, Ok(()));
    let foreign = ["AS register outside namespace", "whoami masquerade outside namespace"];
    let error = Homeserver::answering(&foreign).await.ghost().register().await.unwrap_err();
    assert!(matches!(&error, ClientError::Rejected { errcode, .. } if errcode == "M_EXCLUSIVE"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_device_is_made_and_from_then_on_named_in_every_call() {
    for made in ["msc4190: PUT /devices creates the device", "msc4190: PUT /devices again"] {
        let homeserver =
            Homeserver::answering(&[made, "ghost sends message (own AS events are echoed back)"]).await;
        let mut ghost = homeserver.ghost();
        assert!(!ghost.is_idempotent());
        assert!(ghost.make_device("PATCHBAY").await.unwrap());
        assert!(
            !homeserver.last().uri.contains("device_id"),
            "a device that does not exist may not be named"
        );
        ghost.send(&room(), "m.room.message", TEXT, &txn()).await.unwrap();
        let (_, query) = parts(&homeserver.last().uri);
        assert!(query.contains(&("device_id".to_owned(), "PATCHBAY".to_owned())));
        assert!(query.contains(&("user_id".to_owned(), self::ghost().to_string())));
        assert!(ghost.is_idempotent());
    }
}

#[tokio::test]
async fn without_msc4190_a_login_makes_the_device_and_where_that_fails_the_ghost_has_none() {
    let unknown = captured("ping GET");
    let login = captured("AS login ghost (m.login.application_service)");
    let homeserver = Homeserver::with(vec![captured("versions"), unknown.clone(), login]).await;
    let mut ghost = homeserver.ghost();
    assert!(ghost.make_device("PATCHBAY").await.unwrap());
    assert_eq!(homeserver.last().body["device_id"], "PATCHBAY");
    assert_eq!(homeserver.last().body["identifier"]["user"], "@_crm_alice:localhost");

    let refused = captured("msc4190: AS login refused");
    let homeserver = Homeserver::with(vec![captured("versions"), unknown, refused]).await;
    let mut ghost = homeserver.ghost();
    assert!(!ghost.make_device("PATCHBAY").await.unwrap());
    assert!(!ghost.is_idempotent());
}

#[tokio::test]
async fn a_device_that_was_deleted_is_told_apart() {
    let homeserver = Homeserver::answering(&["whoami with unknown device_id"]).await;
    let ghost = homeserver.client().act_as(&ghost(), Some("NOPE")).unwrap();
    assert_eq!(ghost.send(&room(), "m.room.message", TEXT, &txn()).await, Err(ClientError::UnknownDevice));
}

#[tokio::test]
async fn two_ghosts_never_share_a_transaction_id() {
    let other = UserId::from("@_crm_bob:localhost");
    assert_ne!(TxnId::new(&ghost(), ["delivery", "7"]), TxnId::new(&other, ["delivery", "7"]));
}

#[tokio::test]
async fn what_a_ghost_does_is_asked_as_the_captures_ask_it() {
    let sends = "ghost sends message (own AS events are echoed back)";
    let homeserver = Homeserver::answering(&[sends]).await;
    let event = homeserver.ghost().send(&room(), "m.room.message", TEXT, &txn()).await.unwrap();
    assert_eq!(event.as_str(), "$947oBCyvwBrmdf6_1qykpsBtArjxUQDrEQwXHmejCbw");
    asked_as_captured(&homeserver, sends, Some("out1"));

    let homeserver = Homeserver::answering(&["ghost redacts own"]).await;
    let source = ("dev.patchbay.source", "out7");
    homeserver.ghost().redact(&room(), &event, Some("oops"), source, &txn()).await.unwrap();
    asked_where_captured(&homeserver, "ghost redacts own", Some("out7"));
    assert_eq!(
        homeserver.last().body,
        serde_json::json!({ "reason": "oops", "dev.patchbay.source": "out7" })
    );

    let homeserver = Homeserver::answering(&["set ghost displayname"]).await;
    homeserver.ghost().set_display_name("Alice (CRM)").await.unwrap();
    asked_as_captured(&homeserver, "set ghost displayname", None);

    let homeserver = Homeserver::answering(&["ghost join masqueraded"]).await;
    homeserver.ghost().join(&room()).await.unwrap();
    asked_as_captured(&homeserver, "ghost join masqueraded", None);

    let homeserver = Homeserver::answering(&["ghost typing"]).await;
    homeserver.ghost().set_typing(&room(), Some(Duration::from_secs(5))).await.unwrap();
    asked_as_captured(&homeserver, "ghost typing", None);

    let homeserver = Homeserver::answering(&["ghost receipt"]).await;
    let read = EventId::from("$_iHVngy4zetObvd6NXLy9mZUWxYtFv3DUlj1E7fBk04");
    homeserver.ghost().mark_read(&room(), &read).await.unwrap();
    asked_as_captured(&homeserver, "ghost receipt", None);

    let homeserver = Homeserver::with(vec![captured("media upload as ghost")]).await;
    let file = futures::stream::iter(["hello ", "file"]).map(|piece| Ok(piece.into())).boxed();
    let address = homeserver.ghost().upload((10, file), "text/plain", Some("doc.txt")).await.unwrap();
    assert_eq!(address, "mxc://localhost/TOLCncJkyIeamZtYCWuwMzCo");
    asked_as_captured(&homeserver, "media upload as ghost", None);
}

#[tokio::test]
async fn what_can_be_looked_up_is_understood() {
    let homeserver =
        Homeserver::answering(&["room messages as AS", "joined_members", "get event (edited)"]).await;
    let ghost = homeserver.ghost();
    let page = ghost.messages(&room(), None, 3).await.unwrap();
    assert_eq!((page.events.len(), page.next.is_some()), (2, true));
    let members = ghost.joined_members(&room()).await.unwrap();
    assert!(members.iter().any(|Member { user, .. }| *user == self::ghost()));
    let event =
        ghost.event(&room(), &EventId::from("$UU-TJ9NsRoshcyJ4pUsWk6Tdif1K7PNdwRpnBr1bVo0")).await.unwrap();
    assert!(event.unwrap().contains("hello crm"));
}

#[tokio::test]
async fn the_bot_asks_who_it_is_and_has_itself_pinged() {
    let homeserver = Homeserver::answering(&["whoami as AS", "ping ok"]).await;
    let client = homeserver.client();
    assert_eq!(client.whoami().await.unwrap().as_str(), "@_crm_bot:localhost");
    assert_eq!(client.ping("crm", "ping-1").await, Ok(Duration::from_millis(1)));
    asked_as_captured(&homeserver, "ping ok", None);
}

#[tokio::test]
async fn the_captured_refusals_have_their_own_meaning() {
    let error = async |name: &str| {
        let homeserver = Homeserver::answering(&[name]).await;
        homeserver.ghost().send(&room(), "m.room.message", TEXT, &txn()).await.unwrap_err()
    };
    assert!(matches!(error("send to room not joined").await, ClientError::Forbidden(_)));
    assert!(matches!(error("typing for someone else").await, ClientError::Forbidden(_)));
    assert!(matches!(error("too large event").await, ClientError::Rejected { status: 413, .. }));
    assert!(matches!(
        error("float in content (room v11+ strict)").await,
        ClientError::Rejected { status: 400, .. }
    ));
    assert!(error("whoami bad token").await.is_transient(), "the operator repairs a token on the other side");
    let limited = error("rate limited (AS ghost, registration rate_limited: true)").await;
    assert_eq!(limited, ClientError::RateLimited { retry_after: Duration::from_secs(1) });
    let homeserver = Homeserver::answering(&["resolve unknown AS alias"]).await;
    assert_eq!(homeserver.ghost().event(&room(), &EventId::from("$x")).await, Ok(None));
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_versions_are_asked_once() {
    let answers = ["versions", "whoami as AS", "whoami as AS"].map(captured).to_vec();
    let homeserver = Homeserver::with(answers).await;
    let http = http_client::build(Duration::from_secs(30)).unwrap();
    let client = Client::new(http, ClientOptions::new(format!("{}/matrix/", homeserver.url), "AS_TOKEN"));
    client.whoami().await.unwrap();
    client.whoami().await.unwrap();
    let uris: Vec<String> = homeserver.asked().into_iter().map(|asked| asked.uri).collect();
    assert_eq!(uris, ["/matrix/_matrix/client/v3/account/whoami"; 2]);
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    let peak = async |concurrency: usize| {
        let answers =
            std::iter::once(captured("versions")).chain(std::iter::repeat_n(captured("whoami as AS"), 12));
        let homeserver = Homeserver::with(answers.collect()).await;
        let http = http_client::build(Duration::from_secs(30)).unwrap();
        let options = ClientOptions { concurrency, ..ClientOptions::new(&homeserver.url, "AS_TOKEN") };
        let client = Client::new(http, options);
        client.versions().await.unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let client = client.clone();
            calls.spawn(async move { client.whoami().await.unwrap() });
        }
        calls.join_all().await;
        homeserver.peak()
    };
    assert_eq!(peak(1).await, 1);
    assert!(peak(12).await > 3, "the double shows nothing if it never sees more");
    assert!(peak(3).await <= 3);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let homeserver = Homeserver::answering(&[]).await;
    let ghost = homeserver.ghost();
    for content in ["[]", "7", "", "{", "{}x"] {
        let error = ghost.send(&room(), "m.room.message", content, &txn()).await.unwrap_err();
        assert!(matches!(error, ClientError::InvalidRequest(_)), "{content}: {error}");
    }
    let nowhere = ghost.join(&RoomId::from("no room")).await.unwrap_err();
    assert!(matches!(nowhere, ClientError::InvalidRequest(_)));
    assert!(homeserver.asked().is_empty());
}

#[tokio::test]
async fn an_answer_larger_than_the_bound_is_not_read_to_its_end() {
    let large = (200, HeaderMap::new(), vec![b' '; 10_000]);
    let homeserver = Homeserver::with(vec![captured("versions"), large]).await;
    let http = http_client::build(Duration::from_secs(30)).unwrap();
    let options = ClientOptions { response_limit: 9_999, ..ClientOptions::new(&homeserver.url, "AS_TOKEN") };
    let error = Client::new(http, options).whoami().await.unwrap_err();
    assert!(matches!(&error, ClientError::InvalidAnswer(said) if said.contains("9999")), "{error}");
}

#[tokio::test]
async fn no_connection_and_no_answer_are_two_things_and_neither_shows_a_token() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = |url: &str| {
        let http = http_client::build(Duration::from_secs(30)).unwrap();
        Client::new(http, ClientOptions::new(url, "AS_TOKEN"))
    };
    // It takes the request, and hangs up without a word.
    let hang_up = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    });
    let unknown = client(&url).whoami().await.unwrap_err();
    assert!(matches!(unknown, ClientError::UnknownOutcome(_)), "{unknown}");
    hang_up.await.unwrap();
    let unreachable = client(&url).whoami().await.unwrap_err();
    assert!(matches!(unreachable, ClientError::Unreachable(_)), "{unreachable}");
    let shown = format!("{unknown:?} {unreachable:?} {:?}", client(&url));
    assert!(!shown.contains("AS_TOKEN"), "{shown}");
    assert!(unknown.is_transient() && unreachable.is_transient());
}

#[tokio::test]
async fn a_redirect_is_no_success_and_the_token_goes_nowhere_else() {
    let elsewhere = Homeserver::answering(&[]).await;
    let headers = HeaderMap::from_iter([("location".parse().unwrap(), elsewhere.url.parse().unwrap())]);
    let homeserver = Homeserver::with(vec![captured("versions"), (307, headers, Vec::new())]).await;
    let error = homeserver.client().whoami().await.unwrap_err();
    assert!(matches!(error, ClientError::Rejected { status: 307, .. }), "{error}");
    assert!(elsewhere.asked().is_empty());
}
