//! Files that a body holds and an answer becomes, behind a port: this crate knows no media store.

use std::{fmt, io};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::request::Destination;

/// The files and places that one call may use.
#[async_trait]
pub trait Files: Send + Sync {
    /// The file of this handle; none: the call has no such file.
    ///
    /// # Errors
    /// With a sentence, when it cannot be had now.
    async fn open(&self, handle: &str) -> Result<Option<Opened>, String>;

    /// Bytes of files that one body may hold besides what is configured for bodies.
    fn together(&self) -> u64;

    /// Asked before anything is sent: whether a part of the answer may go there.
    ///
    /// # Errors
    /// With a sentence, when it may not.
    fn may_take(&self, into: &Destination) -> Result<(), String>;

    /// The largest file that is taken out of an answer, in bytes.
    fn largest(&self) -> u64;

    /// A place for a file that is about to be taken. Dropped before its end, it leaves nothing behind.
    ///
    /// # Errors
    /// With a sentence, when there is none.
    async fn keep_file(&self) -> Result<Box<dyn Keeping>, String>;

    /// Keeps what was taken as the value of a secret.
    ///
    /// # Errors
    /// With a sentence, when it cannot be kept.
    async fn keep_secret(&self, name: &str, value: Bytes) -> Result<(), String>;
}

/// A file while it is being taken.
#[async_trait]
pub trait Keeping: Send {
    /// The next bytes.
    ///
    /// # Errors
    /// With a sentence, when they cannot be kept.
    async fn write(&mut self, bytes: Bytes) -> Result<(), String>;

    /// It is whole; answers the handle that stands in its place.
    ///
    /// # Errors
    /// With a sentence, when it cannot be kept.
    async fn finish(self: Box<Self>) -> Result<String, String>;
}

/// A file that can be read. Fewer or more bytes than it said end the request.
pub struct Opened {
    /// All its bytes.
    pub length: u64,
    /// They themselves, in order.
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
}

/// No file, and no place for one.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

#[async_trait]
impl Files for NoFiles {
    async fn open(&self, _: &str) -> Result<Option<Opened>, String> {
        Ok(None)
    }

    fn together(&self) -> u64 {
        0
    }

    fn may_take(&self, into: &Destination) -> Result<(), String> {
        Err(match into {
            Destination::Secret(_) => "taking secrets out of an answer is not built yet",
            Destination::File | Destination::Base64File => "a file can be taken in `fetch` alone",
        }
        .to_owned())
    }

    fn largest(&self) -> u64 {
        0
    }

    async fn keep_file(&self) -> Result<Box<dyn Keeping>, String> {
        Err("there is no place for a file".to_owned())
    }

    async fn keep_secret(&self, _: &str, _: Bytes) -> Result<(), String> {
        Err("there is no place for a secret".to_owned())
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("length", &self.length).finish_non_exhaustive()
    }
}
