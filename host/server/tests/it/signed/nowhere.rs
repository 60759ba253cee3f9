//! Who does not know a door's token cannot tell whether there is such a door.

use reqwest::{Method, Response};

use super::scene::Scene;

/// All that can be seen of an answer, but for the time.
async fn seen(answer: Response) -> (u16, Vec<(String, String)>, String) {
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let mut headers: Vec<_> =
        answer.headers().iter().map(header).filter(|(name, _)| name != "date").collect();
    headers.sort();
    (answer.status().as_u16(), headers, answer.text().await.unwrap())
}

#[tokio::test]
async fn an_unknown_tenant_an_unknown_adapter_and_a_wrong_token_look_the_same() {
    let scene = Scene::new().await;
    let (base, path) = scene.door.split_once("/hooks/").unwrap();
    let (place, token) = path.rsplit_once('/').unwrap();
    assert_eq!(place, "acme/crm");
    let other: String = token.chars().rev().collect();
    let places = [
        format!("hooks/acme/crm/{other}"),
        format!("hooks/acme/crm/{}", &token[1..]),
        format!("hooks/acme/crm/{token}x"),
        // Neither the desk nor a mapper has a door, and a token opens none but its own.
        format!("hooks/acme/desk/{token}"),
        format!("hooks/acme/mapper/{token}"),
        format!("hooks/acme/nothing/{token}"),
        format!("hooks/nobody/crm/{token}"),
        format!("hooks/%00/crm/{token}"),
        format!("hooks/acme/crm/{token}/more"),
        "hooks/acme/crm".to_owned(),
        "metrics".to_owned(),
        "admin/v1/hooks".to_owned(),
        String::new(),
    ];
    for method in [Method::POST, Method::GET, Method::PUT, Method::OPTIONS] {
        let mut all = Vec::new();
        for place in &places {
            let request = scene.http.request(method.clone(), format!("{base}/{place}"));
            let request = request.header("webhook-id", "w1").body("{}");
            all.push((place, seen(request.send().await.unwrap()).await));
        }
        let first = all[0].1.clone();
        assert_eq!(first.0, 404);
        for (place, seen) in all {
            assert_eq!(seen, first, "{method} /{place}");
        }
    }
    assert_eq!(scene.counted("received").await, 0, "they came to no door");
    assert!(!scene.host.logged().contains(&other), "a token that was tried is shown");
}
