//! What a call asked of the host, written down for a replay: bodies that are text as that text, and no more than a trace
//! should hold.

use std::sync::PoisonError;

use serde::{Serialize, Serializer};

use crate::{
    ports::{HostCall, Ports},
    wit::patchbay::plugin::{
        http::{Chunk, Failure, Field, Method, Piece, Request, Response, Take},
        types::Header,
    },
};

/// Bytes of JSON that one call's record may have.
const MOST: usize = 2 << 20;
/// What stands in the record in place of all that no longer fitted.
const FULL: &str = "record.full";

// === impl Ports ===

impl Ports {
    /// Writes down one thing that was asked, where anybody wants to know.
    pub(crate) fn note(&self, function: &str, input: &impl Serialize, answer: &impl Serialize) {
        self.note_of(0, function, input, answer);
    }

    /// The same for a request and what came of it.
    pub(crate) fn note_request(&self, asked: &Request, answer: &Result<Response, Failure>) {
        let sent =
            asked.body.iter().map(|chunk| if let Chunk::Bytes(bytes) = chunk { bytes.len() } else { 0 });
        let came = answer.as_ref().map_or(0, |response| response.body.len());
        let least = sent.fold(came, usize::saturating_add);
        self.note_of(least, "http.send", &(Asked::of(asked),), &answer.as_ref().map(Answered::of));
    }

    /// `least`: as many bytes it will have, and perhaps more: what cannot fit is not even written.
    fn note_of(&self, least: usize, function: &str, input: &impl Serialize, answer: &impl Serialize) {
        let Some(record) = &self.record else { return };
        let mut calls = record.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.last().is_some_and(|last| last.function == FULL) {
            return;
        }
        let used: usize = calls.iter().map(|call| call.input.len() + call.answer.len()).sum();
        // What does not serialise is not of the contract.
        let json = |value: Result<String, serde_json::Error>| value.unwrap_or_else(|_| "null".to_owned());
        let fits = |more: usize| used.saturating_add(more) <= MOST;
        if fits(least) {
            let (input, answer) = (json(serde_json::to_string(input)), json(serde_json::to_string(answer)));
            if fits(input.len() + answer.len()) {
                calls.push(HostCall { function: function.to_owned(), input, answer });
                return;
            }
        }
        let why = format!("\"`{function}` and what followed: the record of a call holds {MOST} bytes\"");
        calls.push(HostCall { function: FULL.to_owned(), input: "[]".to_owned(), answer: why });
    }
}

/// Bytes, as their text where they are text: as the list of numbers that they are to serde they are four times as long,
/// and nobody can read them. For what is shown; `serde` does not read it back as bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        match std::str::from_utf8(self.0) {
            Ok(text) if !text.is_empty() && text.chars().all(plain) => serializer.serialize_str(text),
            _ => self.0.serialize(serializer),
        }
    }
}

/// A [`Request`], field by field.
#[derive(Serialize)]
struct Asked<'a> {
    method: Method,
    url: &'a [Piece],
    headers: &'a [Field],
    body: Vec<AskedChunk<'a>>,
    take: &'a [Take],
    timeout: Option<u32>,
    step: Option<&'a str>,
}

#[derive(Serialize)]
enum AskedChunk<'a> {
    Bytes(Bytes<'a>),
    File(&'a str),
    FileBase64(&'a str),
    Secret(&'a str),
}

/// A [`Response`], field by field.
#[derive(Serialize)]
struct Answered<'a> {
    status: u16,
    headers: &'a [Header],
    body: Bytes<'a>,
}

// === impl Asked ===

impl<'a> Asked<'a> {
    fn of(request: &'a Request) -> Self {
        let Request { method, url, headers, body, take, timeout, step } = request;
        let chunk = |chunk: &'a Chunk| match chunk {
            Chunk::Bytes(bytes) => AskedChunk::Bytes(Bytes(bytes)),
            Chunk::File(file) => AskedChunk::File(file),
            Chunk::FileBase64(file) => AskedChunk::FileBase64(file),
            Chunk::Secret(secret) => AskedChunk::Secret(secret),
        };
        let (body, step) = (body.iter().map(chunk).collect(), step.as_deref());
        Self { method: *method, url, headers, body, take, timeout: *timeout, step }
    }
}

// === impl Answered ===

impl<'a> Answered<'a> {
    fn of(response: &'a Response) -> Self {
        let Response { status, headers, body } = response;
        Self { status: *status, headers, body: Bytes(body) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::ports::Record;

    fn ports() -> (Ports, Record) {
        let record = Record::default();
        (Ports { record: Some(Arc::clone(&record)), ..Ports::none(0) }, record)
    }

    fn request(body: Vec<Chunk>) -> Request {
        Request {
            method: Method::Post,
            url: vec![Piece::Text("https://h/".into()), Piece::Secret("token".into())],
            headers: vec![Field { name: "a".into(), value: vec![Piece::Text("b".into())] }],
            body,
            take: Vec::new(),
            timeout: Some(1),
            step: Some("open".into()),
        }
    }

    fn response(body: Vec<u8>) -> Response {
        Response { status: 200, headers: vec![Header { name: "a".into(), value: "b".into() }], body }
    }

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_no_text_is_written_as_serde_writes_the_contracts_own_types() {
        let (ports, record) = ports();
        let chunks = [Chunk::Bytes(vec![0, 255]), Chunk::File("f".into()), Chunk::FileBase64("g".into())];
        let asked = request([&chunks[..], &[Chunk::Secret("s".into()), Chunk::Bytes(Vec::new())]].concat());
        let answer = Ok(response(vec![7, 200]));
        ports.note_request(&asked, &answer);
        let call = record.lock().unwrap()[0].clone();
        assert_eq!(read(&call.input), json!([asked]));
        assert_eq!(read(&call.answer), json!(answer));
    }

    #[test]
    fn a_body_that_is_text_can_be_read() {
        let (ports, record) = ports();
        ports.note_request(&request(vec![Chunk::Bytes(b"hi\n".to_vec())]), &Ok(response(b"{}".to_vec())));
        let call = record.lock().unwrap()[0].clone();
        assert_eq!(read(&call.input)[0]["body"], json!([{ "Bytes": "hi\n" }]));
        assert_eq!(read(&call.answer)["Ok"]["body"], "{}");
    }

    #[test]
    fn a_record_stays_small_however_much_is_asked_and_says_where_it_ends() {
        let (ports, record) = ports();
        for _ in 0..1000 {
            ports.note_request(
                &request(vec![Chunk::Bytes(vec![0; 100_000])]),
                &Ok(response(vec![b'a'; 1 << 20])),
            );
            ports.note("store.get", &("key",), &Some(vec![1, 2, 3]));
        }
        let calls = record.lock().unwrap();
        let size: usize = calls.iter().map(|call| call.input.len() + call.answer.len()).sum();
        assert!(size < MOST + 1024, "{size}");
        let last = calls.last().unwrap();
        assert_eq!((calls.len(), last.function.as_str()), (3, FULL));
        assert!(last.answer.contains("http.send"), "{}", last.answer);
    }
}
