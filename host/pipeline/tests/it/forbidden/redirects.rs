//! Where a granted server sends on to: each place is looked at as the first one was, and an effect is not sent on at all.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{all_denied, is_answered};
use crate::{
    errands::{Granted, Names, acme, get, house, step, told, with, write_secret},
    played::{Server, answer, ok, see},
};

/// Sends `/<n>` on to the nth of these, and answers everything else.
async fn guide(to: &Arc<Mutex<Vec<String>>>) -> Server {
    let to = Arc::clone(to);
    Server::answering(move |request| {
        let path = request.split(' ').nth(1).unwrap().trim_start_matches("/api/");
        let n = path.trim_start_matches('/').parse::<usize>();
        match n.ok().and_then(|n| Some((n, to.lock().unwrap().get(n).cloned()?))) {
            Some((n, to)) => see([301, 302, 303, 307, 308][n % 5], &to),
            None => ok("here"),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_redirect_leads_nowhere_that_could_not_be_called_at_once() {
    let (to, trap) = (Arc::<Mutex<Vec<String>>>::default(), Server::trap().await);
    let six = Server::playing_at("[::1]:0", |mut peer| async move { drop(peer.request().await) }).await;
    let guide = guide(&to).await;
    let (here, there, port) = (guide.address, trap.address, trap.port());
    let inside = format!("http://inside.example:{port}");
    let places = vec![
        format!("http://{there}/s3cr3t"),
        format!("//{there}/s3cr3t"),
        format!("\\\\{there}\\s3cr3t"),
        format!("/\\{there}/s3cr3t"),
        format!("http:\\\\{there}/s3cr3t"),
        format!("http://{here}@{there}/s3cr3t"),
        format!("http://me:s3cr3t@{here}/api/x"),
        format!("http://s3cr3t@{here}/api/x"),
        format!("http://0x7f.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[::1]:{}/", six.port()),
        format!("{inside}/s3cr3t"),
        format!("https://{here}/api/x"),
        format!("ftp://{here}/api/x"),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,s3cr3t".to_owned(),
        "javascript:s3cr3t".to_owned(),
        "http://".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/".to_owned(),
        "/".to_owned(),
        "../x".to_owned(),
        "/apis".to_owned(),
        "/api/../x".to_owned(),
        "/api/%2e%2e/x".to_owned(),
        "/api/..%2fx".to_owned(),
        "/api/..%5cx".to_owned(),
        "/api/..;/x".to_owned(),
        "/api/..%3b/x".to_owned(),
        "/api\\..\\x".to_owned(),
    ];
    let loops = places.len();
    to.lock().unwrap().extend(places);
    // Two that send each other on, and one that goes on to a forbidden place by way of an allowed one.
    let more = [format!("/api/{}", loops + 1), format!("/api/{loops}"), "/api/0".to_owned()];
    to.lock().unwrap().extend(more);
    let granted = Granted::none().by(&["get", "head"], &guide.url("/api/"), &["127.0.0.1"]);
    let granted =
        granted.to(&inside, &[]).to("http://169.254.169.254", &[]).to("http://[fd00:ec2::254]", &[]);
    let names = Names::of([("inside.example".to_owned(), vec!["127.0.0.1".parse().unwrap()])]);
    let mut house = house(&[("acme", granted.file(&["!a:h"]))], &names, |_| {}).await;
    let urls: Vec<String> = (0..loops + 3).map(|n| guide.url(&format!("/api/{n}"))).collect();
    let mut errands: Vec<Value> = urls.iter().map(|url| get(url)).collect();
    errands.extend(urls.iter().map(|url| with(get(url), json!({ "method": "head" }))));
    all_denied(&mut house, "$reads", &errands, &[&trap, &six]).await;
    let seen = guide.requests();
    assert!(seen.iter().all(|said| said.contains(" /api/")), "{seen:?}");
    // Each once; six in each loop of two, both begun at either end; the last one twice.
    assert_eq!(seen.len(), 2 * (loops + 6 + 6 + 2));
    is_answered(&mut house, "$control", get(&guide.url("/api/x"))).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_effect_is_not_sent_on_and_stays_to_be_done() {
    let (to, trap) = (Arc::<Mutex<Vec<String>>>::default(), Server::trap().await);
    let guide = guide(&to).await;
    let places =
        [trap.url("/"), guide.url("/here"), trap.url("/"), "/here".to_owned(), "ftp://x/".to_owned()];
    to.lock().unwrap().extend(places);
    let granted = Granted::none().to(&guide.url(""), &["127.0.0.1"]).to(&trap.url(""), &["127.0.0.1"]);
    let mut house = acme(&granted).await;
    let mut errands = Vec::new();
    for method in ["post", "put", "patch", "delete"] {
        for n in 0..5 {
            let url = guide.url(&format!("/{n}"));
            errands.push(with(step(&format!("{method}{n}"), &url, "x"), json!({ "method": method })));
        }
    }
    // An effect needs no body, and a read with a body is none.
    for method in ["post", "put", "patch", "delete"] {
        errands
            .push(with(get(&guide.url("/1")), json!({ "method": method, "step": format!("bare-{method}") })));
    }
    errands.push(with(step("get", &guide.url("/1"), "x"), json!({ "method": "get" })));
    let told = told(&mut house, "$1", &errands).await;
    assert!(told.iter().all(|told| told.answer.starts_with("30")), "{told:?}");
    assert_eq!((trap.connections(), guide.requests().len()), (0, errands.len()));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_redirect_carries_a_secret_to_no_other_host_in_no_part_of_a_request() {
    let other = Server::trap().await;
    let stolen = other.url("/?stolen=");
    let first = Server::answering(move |request| {
        let key = request.lines().find_map(|line| line.strip_prefix("x-key: ")).unwrap().to_owned();
        let to = match request.split(' ').nth(1).unwrap() {
            "/plain" => format!("{stolen}{key}"),
            "/path" => stolen.replace("?stolen=", &key),
            "/encoded" => format!("{stolen}{}", key.replace('-', "%2d").replace('3', "%33")),
            "/fragment" => format!("{stolen}#{key}"),
            _ => stolen.clone(),
        };
        answer("302 Elsewhere", &[("location", &to), ("set-cookie", &key)], key.as_bytes())
    })
    .await;
    let granted = Granted::none().to(&first.url(""), &["127.0.0.1"]).to(&other.url(""), &["127.0.0.1"]);
    let granted = granted.secret("key", &[&first.url("")]);
    let mut house = acme(&granted).await;
    write_secret(&house, "key", "s3cr3t-of-the-first");
    let asking = |path: &str| {
        with(
            get(&first.url(path)),
            json!({ "headers": [
            ["x-key", [{ "secret": "key" }]],
            ["authorization", [{ "text": "Bearer " }, { "secret": "key" }]],
            ["cookie", [{ "text": "session=1" }]],
            ["x-note", [{ "text": "hello" }]],
        ] }),
        )
    };
    let errands = ["/plain", "/path", "/encoded"].map(asking);
    all_denied(&mut house, "$stolen", &errands, &[&other]).await;
    // Without the secret it may go there, and none of what was meant for the first goes along.
    for (n, path) in ["/", "/fragment"].into_iter().enumerate() {
        is_answered(&mut house, &format!("$away{n}"), asking(path)).await;
        let seen = other.requests().remove(n);
        assert!(seen.contains("x-note: hello"), "{seen}");
        assert!(!seen.contains("s3cr3t") && !seen.contains("cookie") && !seen.contains("x-key"), "{seen}");
    }
    house.stop().await;
}
