//! Links to files: what is handed out, as what, and to whom nothing is.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use patchbay_api::media::MediaDoor;
use patchbay_matrix::{Client, ClientOptions, Linked, Links, http_client};
use patchbay_types::{MockClock, TenantId};

const NOW: u64 = 1_795_157_275_563;

/// A door at this address, and what makes links to it.
async fn house() -> (String, Links) {
    let homeserver = Router::new().route("/_matrix/client/v1/media/download/h/{id}", get(file));
    let way = Client::new(
        http_client::build(Duration::from_secs(5)).unwrap(),
        ClientOptions::new(listening(homeserver).await, "as"),
    );
    let ways = BTreeMap::from([("patchbay".into(), way)]);
    let links = Links::new(&[7; 32], "");
    let may_open = |tenant: &TenantId| tenant.as_str() == "acme";
    let door = MediaDoor::new(links.clone(), ways, Arc::new(may_open), Arc::new(MockClock::at(NOW)));
    let elsewhere = async || (StatusCode::NOT_FOUND, "there is nothing here\n");
    (listening(door.router().fallback(elsewhere)).await, links)
}

async fn listening(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn file(Path(id): Path<String>) -> Response {
    let large =
        || futures::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![7; 10_000]))));
    match id.as_str() {
        "large" => ([(header::CONTENT_LENGTH, 1_000_000)], Body::from_stream(large())).into_response(),
        "unmeasured" => Body::from_stream(large()).into_response(),
        "down" => StatusCode::BAD_GATEWAY.into_response(),
        _ => (StatusCode::NOT_FOUND, r#"{"errcode":"M_NOT_FOUND"}"#).into_response(),
    }
}

fn linked(id: &str) -> Linked {
    Linked {
        registration: "patchbay".into(),
        mxc: format!("mxc://h/{id}"),
        name: "\u{440}\u{430}\u{445}\u{443}\u{43d}\u{43e}\u{43a} 1.html".into(),
        mime_type: "text/html".into(),
        until: NOW + 1,
    }
}

async fn asked(url: &str, path: &str) -> reqwest::Response {
    reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{url}{path}")).send().await.unwrap()
}

#[tokio::test]
async fn a_file_comes_as_a_download_that_no_browser_runs() {
    let (url, links) = house().await;
    for id in ["large", "unmeasured"] {
        let answer = asked(&url, &links.link(&"acme".into(), &linked(id))).await;
        assert_eq!(answer.status(), 200);
        let said = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(said("content-type"), "application/octet-stream");
        assert_eq!(said("x-content-type-options"), "nosniff");
        assert_eq!(said("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(
            said("content-disposition"),
            "attachment; filename=\"_______ 1.html\"; filename*=UTF-8''%D1%80%D0%B0%D1%85%D1%83%D0%BD%D0%BE%D0%BA%201.html"
        );
        assert!(answer.bytes().await.unwrap().iter().all(|byte| *byte == 7));
    }
    let links = links.link(&"acme".into(), &linked("large"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let head = client.head(format!("{url}{links}")).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "1000000");
    let down = Links::new(&[7; 32], "").link(&"acme".into(), &linked("down"));
    assert_eq!(asked(&url, &down).await.status(), 503);
}

#[tokio::test]
async fn whatever_is_not_right_is_answered_like_a_path_that_is_none() {
    let (url, links) = house().await;
    let right = links.link(&"acme".into(), &linked("large"));
    let (tenant, token) = right.strip_prefix("/media/").unwrap().split_once('/').unwrap();
    let over = links.link(&"acme".into(), &Linked { until: NOW, ..linked("large") });
    let unwished = links.link(&"globex".into(), &linked("large"));
    let gone = links.link(&"acme".into(), &linked("gone"));
    let nowhere = links.link(&"acme".into(), &Linked { registration: "other".into(), ..linked("large") });
    let forged = Links::new(&[8; 32], "").link(&"acme".into(), &linked("large"));
    let shortened = format!("/media/{tenant}/{}", &token[..token.len() - 1]);
    let paths = [
        &*over,
        &unwished,
        &gone,
        &nowhere,
        &forged,
        &shortened,
        "/media/acme/x",
        "/media/acme/%ff",
        "/other",
    ];
    let mut answers = Vec::new();
    for path in paths {
        let answer = asked(&url, path).await;
        let mut headers = answer.headers().clone();
        headers.remove("date");
        answers.push((answer.status(), headers, answer.text().await.unwrap()));
    }
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let post =
        reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{url}{right}")).send().await;
    assert_eq!(post.unwrap().status(), 404);
}
