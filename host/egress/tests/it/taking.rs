//! Parts of an answer that the guest does not see.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use patchbay_egress::{Chunk, Destination, Failure, Files, Keeping, Opened, Request, Take};

use crate::{
    house::{House, body, denied, get, post, send, unknown},
    outside::{Server, answer, ok},
};

/// More than the largest answer that a guest may have.
const LARGEST: u64 = 6 << 20;

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

    fn together(&self) -> u64 {
        LARGEST
    }

    fn largest(&self) -> u64 {
        LARGEST
    }

    async fn keep_file(&self) -> Result<Box<dyn Keeping>, String> {
        Ok(Box::new(Put(self.clone(), Vec::new())))
    }

    async fn keep_secret(&self, name: &str, value: Bytes) -> Result<(), String> {
        self.0.lock().unwrap().insert(name.to_owned(), value);
        Ok(())
    }
}

/// A file that is being put on the shelf.
struct Put(Shelf, Vec<u8>);

#[async_trait]
impl Keeping for Put {
    async fn write(&mut self, bytes: Bytes) -> Result<(), String> {
        assert!(bytes.len() <= 1 << 20, "it comes in pieces");
        self.1.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<String, String> {
        let mut shelf = self.0.0.lock().unwrap();
        let handle = format!("file-{}", shelf.len());
        shelf.insert(handle.clone(), self.1.into());
        Ok(handle)
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

#[tokio::test]
async fn a_file_may_be_larger_than_an_answer_and_no_larger_than_files_may_be() {
    let large = vec![b'x'; usize::try_from(LARGEST).unwrap()];
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &large);
    let folded: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let json = format!(r#"{{"result":[{{"id":7,"datas":"{}"}}]}}"#, folded.join("\\n"));
    let server = Server::answering(move |request| match request {
        request if request.contains("/whole") => answer("200 OK", &[], &large),
        request if request.contains("/more") => answer("200 OK", &[], &[&large[..], b"x"].concat()),
        _ => ok(&json),
    })
    .await;
    let (outlet, shelf) = (House::to(&server).outlet(), Shelf::default());
    let whole = taking(get(&server.url("/whole")), &[("", Destination::File)]);
    assert_eq!(body(outlet.send(whole, &shelf).await), "file-0");
    let pointed = taking(get(&server.url("/json")), &[("/result/0/datas", Destination::Base64File)]);
    assert_eq!(body(outlet.send(pointed, &shelf).await), r#"{"result":[{"id":7,"datas":"file-1"}]}"#);
    let shelf_now = shelf.0.lock().unwrap().clone();
    assert!(
        shelf_now.values().all(|file| file.len() as u64 == LARGEST && file.iter().all(|byte| *byte == b'x'))
    );
    let more = taking(get(&server.url("/more")), &[("", Destination::File)]);
    assert_eq!(outlet.send(more, &shelf).await.unwrap_err(), Failure::TooLarge(LARGEST));
    assert_eq!(shelf.0.lock().unwrap().len(), 2, "of what is too large nothing stays");
}

#[tokio::test]
async fn what_is_no_base64_or_no_json_or_is_cut_off_is_no_file() {
    for bad in [
        r#"{"a":"aGVs!G8="}"#,
        r#"{"a":"aGVsbG8"}"#,
        r#"{"a":"aGk=aGk="}"#,
        r#"{"a":"aGVs","b":}"#,
        r#"{"a":"aGVs"#,
    ] {
        let server = Server::answering(move |_| ok(bad)).await;
        let (outlet, shelf) = (House::to(&server).outlet(), Shelf::default());
        unknown(outlet.send(taking(get(&server.url("/")), &[("/a", Destination::Base64File)]), &shelf).await);
    }
}

#[tokio::test]
async fn an_empty_field_is_left_to_the_guest() {
    let server = Server::answering(|_| ok(r#"{"a":false,"b":null,"c":""}"#)).await;
    let (outlet, shelf) = (House::to(&server).outlet(), Shelf::default());
    let all = ["/a", "/b", "/c"].map(|at| (at, Destination::Base64File));
    assert_eq!(
        body(outlet.send(taking(get(&server.url("/")), &all), &shelf).await),
        r#"{"a":false,"b":null,"c":"file-0"}"#
    );
}
