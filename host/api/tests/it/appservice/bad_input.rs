//! Wrong tokens, wrong bodies, a full disk: what is refused leaves no trace, and what is accepted is kept.

use patchbay_storage::Subject;
use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::host::{Host, LIMIT, answer, event};

const PATH: &str = "/_matrix/app/v1/transactions/1";

fn body() -> String {
    json!({ "events": [event(1)] }).to_string()
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_refused_and_nothing_is_stored() {
    let host = Host::start().await;
    let put = |path: &str| host.request("PUT", path).body(body());
    let code = async |request| {
        let (status, answer) = answer(request).await;
        (status.as_u16(), answer["errcode"].as_str().unwrap().to_owned())
    };
    assert_eq!(code(put(PATH)).await, (401, "M_MISSING_TOKEN".to_owned()));
    assert_eq!(code(put(PATH).bearer_auth("")).await, (403, "M_FORBIDDEN".to_owned()));
    assert_eq!(code(put(PATH).bearer_auth("HS_TOKE")).await, (403, "M_FORBIDDEN".to_owned()));
    assert_eq!(
        code(put(PATH).header("authorization", "Basic HS_TOKEN")).await,
        (403, "M_FORBIDDEN".to_owned())
    );
    assert_eq!(
        code(put(PATH).header("authorization", &b"Bearer \xff"[..])).await,
        (403, "M_FORBIDDEN".to_owned())
    );
    assert_eq!(code(put(&format!("{PATH}?access_token=wrong"))).await, (403, "M_FORBIDDEN".to_owned()));
    // A right token in the query does not heal a wrong one in the header.
    let both = put(&format!("{PATH}?access_token=HS_TOKEN")).bearer_auth("wrong");
    assert_eq!(code(both).await, (403, "M_FORBIDDEN".to_owned()));
    for path in ["/_matrix/app/v1/users/%40a%3Ab", "/_matrix/app/v1/rooms/%23a%3Ab"] {
        assert_eq!(code(host.request("GET", path)).await.0, 401);
    }
    assert_eq!(code(host.request("POST", "/_matrix/app/v1/ping")).await.0, 401);
    assert_eq!(host.pending().await.len(), 0);

    let legacy = put(&format!("{PATH}?access_token=HS_TOKEN"));
    assert_eq!(answer(legacy).await.0, StatusCode::OK);
    assert_eq!(host.pending().await.len(), 1);
}

#[tokio::test]
async fn an_unknown_endpoint_is_404_and_another_method_405_in_matrix_terms() {
    let host = Host::start().await;
    for (method, path, status) in [
        ("GET", "/_matrix/app/v1/thirdparty/protocol/crm", 404),
        ("POST", "/_matrix/app/unstable/org.matrix.msc3984/keys/query", 404),
        ("PUT", "/transactions/1", 404),
        ("GET", "/", 404),
        ("POST", PATH, 405),
        ("GET", "/_matrix/app/v1/ping", 405),
    ] {
        let (seen, answer) = host.send(method, path, vec![]).await;
        assert_eq!(
            (seen.as_u16(), answer["errcode"].as_str()),
            (status, Some("M_UNRECOGNIZED")),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_transaction_is_parked_once_and_acknowledged() {
    let host = Host::start().await;
    let bodies = [&b"not json"[..], b"", b"[]", b"{}", b"\xff\xfe", b"{\"events\":{}}"];
    for _ in 0..2 {
        for (n, body) in bodies.into_iter().enumerate() {
            assert_eq!(host.transaction(&n.to_string(), body).await, (StatusCode::OK, json!({})), "{body:?}");
        }
    }
    let parked = host.parked().await;
    assert_eq!(parked.len(), bodies.len(), "{parked:?}");
    let (_, raw) = host.store.parked_one(parked[0].id).await.unwrap().unwrap();
    assert_eq!(raw.as_deref(), Some(&b"not json"[..]));
    assert_eq!(host.pending().await.len(), 0);
}

#[tokio::test]
async fn a_bad_event_is_parked_with_its_reason_and_its_neighbours_are_handled() {
    let host = Host::start().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut float = event(3);
    float["origin_server_ts"] = json!(1.5);
    let body = format!(r#"{{"events":[{},{{"x":{deep}}},{float},7,{}]}}"#, event(1), event(2));
    assert_eq!(host.transaction("1", body.into_bytes()).await, (StatusCode::OK, json!({})));
    let pending: Vec<String> = host.pending().await.into_iter().map(|event| event.key).collect();
    assert_eq!(pending, ["$e1", "$e2"]);
    let reasons: Vec<String> = host.parked().await.into_iter().map(|parked| parked.reason).collect();
    assert!(reasons[0].contains("levels deep"), "{reasons:?}");
    assert!(reasons[1].contains("`origin_server_ts`"), "{reasons:?}");
    assert!(reasons[2].contains("no JSON object"), "{reasons:?}");
    assert!(matches!(host.parked().await[1].subject, Subject::Inbox(_)));
    assert_eq!(host.metric("patchbay_event_faults_total", ""), 3);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_it_is_announced_or_not() {
    let host = Host::start().await;
    let (status, answer) = host.transaction("1", vec![b' '; LIMIT + 1]).await;
    assert_eq!((status.as_u16(), answer["errcode"].as_str()), (413, Some("M_TOO_LARGE")));

    let head = format!(
        "PUT {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer HS_TOKEN\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [format!("{:x}\r\n", 1 << 20).as_bytes(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    for _ in 0..4 {
        stream.write_all(&chunk).await.unwrap();
    }
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!(host.parked().await, []);
    assert_eq!(host.metric("patchbay_transactions_total", ",outcome=\"too-large\""), 2);
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_taken() {
    let host = Host::start().await;
    let mut large = json!({ "events": [event(1), event(2)] }).to_string().into_bytes();
    large.resize(LIMIT, b' ');
    assert_eq!(host.transaction("1", large).await.0, StatusCode::OK);
    assert_eq!(host.pending().await.len(), 2);
}

#[tokio::test]
async fn an_incomplete_body_is_never_acknowledged() {
    let host = Host::start().await;
    let body = body();
    let head = format!(
        "PUT {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer HS_TOKEN\r\ncontent-length: {}\r\n\r\n",
        body.len() + 1
    );
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(host.metric("patchbay_transactions_total", ",outcome=\"incomplete\""), 1);
    assert_eq!(host.pending().await.len(), 0);
    assert_eq!(host.transaction("1", body).await.0, StatusCode::OK);
    assert_eq!(host.pending().await.len(), 1);
}

#[tokio::test]
async fn a_full_disk_is_500_and_what_was_acknowledged_is_all_there() {
    let host = Host::with_pages(Some(400)).await;
    let mut kept = 0;
    let refused = loop {
        let mut events = event(kept);
        events["content"]["body"] = json!("x".repeat(60_000));
        let (status, answer) = host.transaction("1", json!({ "events": [events] }).to_string()).await;
        if status != StatusCode::OK {
            break (status.as_u16(), answer["errcode"].as_str().unwrap().to_owned());
        }
        kept += 1;
        assert!(kept < 100, "the disk is never full");
    };
    assert_eq!(refused, (500, "M_UNKNOWN".to_owned()));
    assert_eq!(host.metric("patchbay_transactions_total", ",outcome=\"not-stored\""), 1);
    assert!(kept > 0);
    assert_eq!(host.pending().await.len(), kept);
}
