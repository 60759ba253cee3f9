//! Parts of an answer that the guest does not see.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use patchbay_egress::{Chunk, Destination, Files, Opened, Request, Take};

use crate::{
    house::{House, body, denied, get, post, send, unknown},
    outside::{Server, answer, ok},
};

/// Files by handle, and the secrets that were put.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, Bytes>>>);

#[async_trait]
impl Files for Shelf {
    async fn open(&self, handle: &str) -> Result<Option<Opened>, String> {
        let Some(bytes) = self.0.lock().unwrap().get(handle).cloned() else { return Ok(None) };
        Ok(Some(Opened { length: bytes.len() as u64, bytes: stream::iter([Ok(bytes)]).boxed() }))
    }

    fn may_take(&self, into: &Destination) -> Result<(), String> {
        match into {
            Destination::Secret(name) if name != "token" => Err(format!("`{name}` may not be written")),
            _ => Ok(()),
        }
    }

    async fn keep_file(&self, bytes: Bytes) -> Result<String, String> {
        let mut shelf = self.0.lock().unwrap();
        let handle = format!("file-{}", shelf.len());
        shelf.insert(handle.clone(), bytes);
        Ok(handle)
    }

    async fn keep_secret(&self, name: &str, value: Bytes) -> Result<(), String> {
        self.0.lock().unwrap().insert(name.to_owned(), value);
        Ok(())
    }
}

fn taking(request: Request, takes: &[(&str, Destination)]) -> Request {
    let take = takes.iter().map(|(at, into)| Take { at: (*at).to_owned(), into: into.clone() }).collect();
    Request { take, ..request }
}

fn token() -> Destination {
    Destination::Secret("token".to_owned())
}

#[tokio::test]
async fn a_new_secret_goes_to_the_host_and_is_hidden_in_the_rest() {
    let server =
        Server::answering(|_| ok(r#"{"access":"brand-new-token","note":"use brand-new-token","n":1}"#)).await;
    let (outlet, shelf) = (House::to(&server).outlet(), Shelf::default());
    let request = taking(get(&server.url("/")), &[("/access", token()), ("/absent", token())]);
    let said = body(outlet.send(request, &shelf).await);
    assert_eq!(said, r#"{"access":null,"n":1,"note":"use ***"}"#);
    assert_eq!(shelf.0.lock().unwrap()["token"], "brand-new-token");
}

#[tokio::test]
async fn a_file_leaves_its_handle_and_can_be_sent_on() {
    let server =
        Server::answering(
            |request| if request.starts_with("GET") { ok(r#"{"data":"aGVsbG8="}"#) } else { ok("") },
        )
        .await;
    let (outlet, shelf) = (House::to(&server).outlet(), Shelf::default());
    let said =
        body(outlet.send(taking(get(&server.url("/")), &[("/data", Destination::Base64File)]), &shelf).await);
    assert_eq!(said, r#"{"data":"file-0"}"#);
    let mut request = post(&server.url("/"), "<");
    request.body.extend([Chunk::File("file-0".to_owned()), Chunk::FileBase64("file-0".to_owned())]);
    outlet.send(request, &shelf).await.unwrap();
    assert!(server.requests()[1].ends_with("\r\n\r\n<helloaGVsbG8="));
}

#[tokio::test]
async fn a_whole_body_can_be_taken_whatever_it_holds() {
    let server = Server::answering(|_| answer("200 OK", &[], &[0xff, 0, 1])).await;
    let (outlet, shelf) = (House::to(&server).outlet(), Shelf::default());
    assert_eq!(
        body(outlet.send(taking(get(&server.url("/")), &[("", Destination::File)]), &shelf).await),
        "file-0"
    );
    assert_eq!(shelf.0.lock().unwrap()["file-0"], [0xff, 0, 1].as_slice());
}

#[tokio::test]
async fn what_may_not_be_taken_is_not_asked_for() {
    let server = Server::trap().await;
    let outlet = House::to(&server).outlet();
    let other = Destination::Secret("other".to_owned());
    denied(outlet.send(taking(get(&server.url("/")), &[("/a", other)]), &Shelf::default()).await);
    denied(outlet.send(taking(get(&server.url("/")), &[("a", token())]), &Shelf::default()).await);
    denied(send(&outlet, taking(get(&server.url("/")), &[("/a", token())])).await);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_could_not_be_taken_out_is_not_shown() {
    let outlet_of = |server: &Server| House::to(server).outlet();
    let server = Server::answering(|_| ok("token=not-json")).await;
    let request = taking(get(&server.url("/")), &[("/a", token())]);
    unknown(outlet_of(&server).send(request, &Shelf::default()).await);
    let failing = Server::answering(|_| answer("400 Bad", &[], br#"{"a":"kept as it is"}"#)).await;
    let request = taking(get(&failing.url("/")), &[("/a", token())]);
    assert!(
        body(outlet_of(&failing).send(request, &Shelf::default()).await).contains("kept"),
        "only of a 2xx"
    );
}
