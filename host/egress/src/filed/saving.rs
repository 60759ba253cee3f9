//! One file on its way out of an answer: counted, and decoded from Base64 where it is in that.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use crate::{
    answer::Broken,
    files::{Files, Keeping},
    request::Destination,
};

/// Base64 is longer than what it says by a third, and lines and escapes may be in it.
const LONGER: u64 = 2;
/// Decoded at once.
const BLOCK: usize = 64 << 10;

pub(super) struct Saving {
    file: Box<dyn Keeping>,
    base64: Option<Base64>,
    /// Bytes that may still come, and of which a file may still be made.
    may_come: u64,
    may_be: u64,
    largest: u64,
}

/// What has come of Base64 and is not decoded yet.
#[derive(Default)]
struct Base64 {
    held: Vec<u8>,
    /// Its padding has come.
    over: bool,
}

// === impl Saving ===

impl Saving {
    pub(super) async fn begin(files: &dyn Files, into: &Destination) -> Result<Self, Broken> {
        let largest = files.largest();
        let file = files.keep_file().await.map_err(Broken::Cut)?;
        let base64 = matches!(into, Destination::Base64File).then(Base64::default);
        let may_come = largest.saturating_mul(LONGER).saturating_add(1 << 10);
        Ok(Self { file, base64, may_come, may_be: largest, largest })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let count = bytes.len() as u64;
        self.may_come = self.may_come.checked_sub(count).ok_or(Broken::TooLarge(self.largest))?;
        let ready = match &mut self.base64 {
            None => Bytes::copy_from_slice(bytes),
            Some(base64) => base64.take(bytes)?,
        };
        self.keep(ready).await
    }

    async fn keep(&mut self, bytes: Bytes) -> Result<(), Broken> {
        if bytes.is_empty() {
            return Ok(());
        }
        let count = bytes.len() as u64;
        self.may_be = self.may_be.checked_sub(count).ok_or(Broken::TooLarge(self.largest))?;
        self.file.write(bytes).await.map_err(Broken::Cut)
    }

    /// Answers the file's handle.
    pub(super) async fn finish(mut self) -> Result<String, Broken> {
        if let Some(base64) = &mut self.base64 {
            let last = base64.decode(base64.held.len())?;
            self.keep(last).await?;
        }
        self.file.finish().await.map_err(Broken::Cut)
    }
}

// === impl Base64 ===

impl Base64 {
    fn take(&mut self, bytes: &[u8]) -> Result<Bytes, Broken> {
        self.held.extend(bytes.iter().filter(|byte| !byte.is_ascii_whitespace()));
        if self.held.len() < BLOCK { Ok(Bytes::new()) } else { self.decode(self.held.len() / 4 * 4) }
    }

    fn decode(&mut self, count: usize) -> Result<Bytes, Broken> {
        let ready: Vec<u8> = self.held.drain(..count).collect();
        let wrong = || Broken::Cut("what was to be taken is no Base64".to_owned());
        if self.over && !ready.is_empty() {
            return Err(wrong());
        }
        self.over |= ready.last() == Some(&b'=');
        STANDARD.decode(ready).map(Bytes::from).map_err(|_| wrong())
    }
}
