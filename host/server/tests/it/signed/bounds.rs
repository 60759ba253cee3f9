//! Bodies that end too early, and bodies that do not end.

use futures::stream;
use reqwest::Body;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::scene::{SECRET, Scene, message};

/// Bytes, as `[hooks]` has it below.
const LARGEST: usize = 8 << 10;

/// Sends the head of a webhook and this much of what follows, then closes its side; answers all that came back.
async fn cut(scene: &Scene, framing: &str, rest: &str, body: &str) -> String {
    let url = scene.door.strip_prefix("http://").unwrap();
    let (address, path) = url.split_once('/').unwrap();
    let seconds = receiver::now();
    let signature = receiver::sign(&receiver::Key::new(SECRET), "w1", seconds, body.as_bytes());
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {address}\r\nwebhook-id: w1\r\nwebhook-timestamp: {seconds}\r\n\
         webhook-signature: {signature}\r\n{framing}\r\n\r\n{rest}"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // Whoever is cut off may be cut off in turn.
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_no_body_and_takes_no_name() {
    let scene = Scene::new().await;
    let ticket = scene.customer("hello?").await;
    let body = message(&ticket, "half of it");
    let half = &body[..body.len() / 2];
    let announced = format!("content-length: {}", body.len());
    // The signature is that of the half: were it taken for a whole, it would be believed.
    let counted = cut(&scene, &announced, half, half).await;
    let chunk = format!("{:x}\r\n{half}\r\n", half.len());
    let chunked = cut(&scene, "transfer-encoding: chunked", &chunk, half).await;
    for answer in [counted, chunked] {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    scene.host.until("both are turned away", async || scene.counted("turned_away").await == 2).await;
    assert!(!scene.knows("w1").await);
    assert_eq!(scene.told(|| scene.webhook("w1", &message(&ticket, "all of it"))).await.0, 200);
    scene.heard("all of it").await;
}

#[tokio::test]
async fn a_body_above_the_bound_is_refused_and_one_of_just_that_size_is_not() {
    let scene = Scene::with("body = '8KiB'").await;
    let ticket = scene.customer("hello?").await;
    let body = |size: usize| format!("{:<size$}", message(&ticket, "a large one"));
    let large = body(LARGEST + 1);
    assert_eq!(scene.told(|| scene.webhook("w1", &large)).await.0, 413);
    let streamed = || {
        let parts: Vec<_> =
            large.as_bytes().chunks(1024).map(|part| Ok::<_, std::io::Error>(part.to_vec())).collect();
        scene.webhook("w1", &large).body(Body::wrap_stream(stream::iter(parts)))
    };
    assert_eq!(scene.told(streamed).await.0, 413, "whether or not it says how large it is");
    assert_eq!(scene.counted("turned_away").await, 2);
    assert_eq!(scene.told(|| scene.webhook("w1", &body(LARGEST))).await.0, 200);
    scene.heard("a large one").await;
}
