//! Bodies that are whole, and bodies that never become so.

use async_trait::async_trait;

use super::*;
use crate::request::Destination;

/// One file, `f`, that says a length and has these chunks.
struct OneFile(u64, Vec<&'static [u8]>);

#[async_trait]
impl Files for OneFile {
    async fn open(&self, handle: &str) -> Result<Option<Opened>, String> {
        let chunks: Vec<_> = self.1.iter().map(|chunk| Ok(Bytes::from_static(chunk))).collect();
        let opened = Opened { length: self.0, bytes: stream::iter(chunks).boxed() };
        Ok((handle == "f").then_some(opened))
    }
    fn may_take(&self, _: &Destination) -> Result<(), String> {
        Err(String::new())
    }
    fn together(&self) -> u64 {
        20
    }
    fn largest(&self) -> u64 {
        0
    }
    async fn keep_file(&self) -> Result<Box<dyn crate::files::Keeping>, String> {
        Err(String::new())
    }
    async fn keep_secret(&self, _: &str, _: Bytes) -> Result<(), String> {
        Err(String::new())
    }
}

async fn packed(chunks: Vec<Chunk>, file: OneFile, bound: u64) -> Result<Parcel, Failure> {
    pack(chunks, &Secrets::none(), &"https://a.example/".parse().unwrap(), &file, bound).await
}

async fn read(parcel: Parcel) -> io::Result<Vec<u8>> {
    let chunks: Vec<io::Result<Bytes>> = parcel.bytes.collect().await;
    chunks.into_iter().collect::<io::Result<Vec<_>>>().map(|chunks| chunks.concat())
}

#[tokio::test]
async fn a_files_base64_is_whole_however_its_chunks_are_cut() {
    for cut in [vec![b"abcdefg".as_slice()], vec![b"a", b"bc", b"", b"d", b"efg"], vec![b"abcde", b"fg"]] {
        let chunks =
            vec![Chunk::Bytes(b"<".to_vec()), Chunk::FileBase64("f".to_owned()), Chunk::File("f".to_owned())];
        let parcel = packed(chunks, OneFile(7, cut), 100).await.unwrap();
        assert_eq!(parcel.length, 1 + 12 + 7);
        assert_eq!(read(parcel).await.unwrap(), b"<YWJjZGVmZw==abcdefg");
    }
}

#[tokio::test]
async fn a_file_that_is_not_as_long_as_it_said_ends_in_an_error() {
    for said in [2, 4] {
        for chunk in [Chunk::File("f".to_owned()), Chunk::FileBase64("f".to_owned())] {
            let parcel = packed(vec![chunk], OneFile(said, vec![b"abc"]), 100).await.unwrap();
            read(parcel).await.unwrap_err();
        }
    }
}

#[tokio::test]
async fn what_is_no_file_counts_against_the_bound_and_files_against_theirs_before_any_is_read() {
    let chunks = |plain| vec![Chunk::Bytes(vec![0; plain]), Chunk::FileBase64("f".to_owned())];
    let twice = || vec![Chunk::File("f".to_owned()), Chunk::FileBase64("f".to_owned())];
    assert!(packed(chunks(9), OneFile(20, vec![]), 9).await.is_ok());
    assert!(packed(twice(), OneFile(10, vec![]), 9).await.is_ok());
    assert_eq!(packed(chunks(10), OneFile(1, vec![]), 9).await.err(), Some(Failure::TooLarge(9)));
    assert_eq!(packed(twice(), OneFile(11, vec![]), 9).await.err(), Some(Failure::TooLarge(20)));
    assert_eq!(packed(chunks(0), OneFile(u64::MAX, vec![]), 9).await.err(), Some(Failure::TooLarge(20)));
}

#[tokio::test]
async fn a_file_that_the_call_does_not_have_is_denied() {
    let missing = packed(vec![Chunk::File("g".to_owned())], OneFile(0, vec![]), 9).await;
    assert!(matches!(missing.err(), Some(Failure::Denied(_))));
}

#[test]
fn a_request_that_was_given_up_never_becomes_whole() {
    let sent = Sent::default();
    let body = Parcel::empty().leave(&sent);
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(matches!(sent.failure(String::new()), Failure::Unreachable(_)));
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(1), "announced, and never sent");
    let begun = Sent::default();
    assert!(Parcel::empty().leave(&begun).is_end_stream());
    assert!(matches!(begun.failure(String::new()), Failure::UnknownOutcome(_)));
}
