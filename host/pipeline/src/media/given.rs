//! The files that one delivery may send on: those of its message. They stream from the homeserver into the request, with
//! a length that is known before the first byte leaves. Where the homeserver names none, or did not keep to it, the file
//! is fetched whole first: what breaks off then has sent nothing.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use moka::sync::Cache;
use patchbay_egress::{Destination, Files, Keeping, NoFiles, Opened};
use patchbay_matrix::{Client, ClientError, Download, Linked, Mxc};
use patchbay_plugin::types::{Attachment, Content, Message};
use patchbay_types::{Millis, RegistrationId, TenantId, media::MediaConfig};

use super::{
    Media, Spool,
    admit::Judge,
    why::{Why, Withheld},
};
use crate::shared::lock;

/// Whose message it is, and by what it is judged.
pub(crate) struct Given<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) registration: &'a RegistrationId,
    /// The way to the homeserver that has the files.
    pub(crate) way: Option<&'a Client>,
    pub(crate) policy: &'a MediaConfig,
    /// What earlier attempts found out.
    pub(crate) withheld: &'a [Withheld],
    /// When the message was accepted: links follow from it, so that each attempt says the same.
    pub(crate) since: Millis,
}

/// The files of one message.
#[derive(Default)]
pub(crate) struct GivenFiles {
    source: Option<Source>,
    handles: HashSet<String>,
    /// What this attempt found out.
    refused: Mutex<Vec<Withheld>>,
}

struct Source {
    way: Client,
    spool: Spool,
    doubted: Cache<String, ()>,
    largest: u64,
    most: u64,
}

// === impl Given ===

impl Given<'_> {
    /// Leaves in `message` the files that pass; answers the place that they are had from.
    pub(crate) fn admit(&self, media: &Media, message: &mut Message) -> GivenFiles {
        let until = self.since.saturating_add(self.policy.link_lifetime.as_millis());
        let link = |file: &Attachment| {
            let links = media.links.as_ref().filter(|_| self.policy.links)?;
            let (registration, mxc) = (self.registration.clone(), file.handle.clone());
            let (name, mime_type) = (file.file_name.clone(), file.mime_type.clone());
            Some(links.link(self.tenant, &Linked { registration, mxc, name, mime_type, until }))
        };
        let is_handle = |handle: &str| Mxc::parse(handle).is_some();
        let judge = Judge { media: self.policy, withheld: self.withheld, is_handle: &is_handle, link: &link };
        judge.message(message);
        let files = match &message.content {
            Content::Post(post) => post.files.as_slice(),
            Content::Edit(edit) => edit.post.files.as_slice(),
            _ => &[],
        };
        let largest = self.policy.size.0;
        let source = self.way.map(|way| Source {
            way: way.clone(),
            spool: media.spool.clone(),
            doubted: media.doubted.clone(),
            largest,
            most: largest.saturating_mul(self.policy.files.into()),
        });
        let handles = files.iter().map(|file| file.handle.clone()).collect();
        GivenFiles { source, handles, refused: Mutex::default() }
    }
}

// === impl GivenFiles ===

impl GivenFiles {
    /// What was found out to be none that could be sent on; the message can go without.
    pub(crate) fn refused(&self) -> Vec<Withheld> {
        lock(&self.refused).clone()
    }

    fn refuse(&self, handle: &str, why: Why) -> String {
        let said = format!("a file of the message cannot be sent on ({why:?}): the message goes without it");
        lock(&self.refused).push(Withheld { handle: handle.to_owned(), why });
        said
    }

    /// The whole of it, before any of it is sent.
    async fn spooled(&self, source: &Source, handle: &str, download: Download) -> Result<Opened, String> {
        let mut writing = source.spool.begin().await.map_err(|error| error.to_string())?;
        let mut bytes = download.bytes;
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|error| error.to_string())?;
            writing.write(&piece).await.map_err(|error| error.to_string())?;
            if writing.length() > source.largest {
                return Err(self.refuse(handle, Why::TooLarge(writing.length())));
            }
        }
        let spooled = writing.finish().await.map_err(|error| error.to_string())?;
        Ok(spooled.open())
    }
}

#[async_trait]
impl Files for GivenFiles {
    async fn open(&self, handle: &str) -> Result<Option<Opened>, String> {
        let (Some(source), Some(mxc)) = (&self.source, Mxc::parse(handle)) else { return Ok(None) };
        if !self.handles.contains(handle) {
            return Ok(None);
        }
        let download = match source.way.download(&mxc).await {
            Ok(download) => download,
            Err(error) if error.is_transient() => return Err(error.to_string()),
            Err(ClientError::NotFound(_)) => return Err(self.refuse(handle, Why::Missing)),
            Err(_) => return Err(self.refuse(handle, Why::Refused)),
        };
        match download.length {
            Some(length) if length > source.largest => Err(self.refuse(handle, Why::TooLarge(length))),
            Some(length) if !source.doubted.contains_key(handle) => {
                let bytes = watched(download.bytes, length, handle.to_owned(), source.doubted.clone());
                Ok(Some(Opened { length, bytes }))
            }
            _ => self.spooled(source, handle, download).await.map(Some),
        }
    }

    fn together(&self) -> u64 {
        self.source.as_ref().map_or(0, |source| source.most)
    }

    fn may_take(&self, into: &Destination) -> Result<(), String> {
        NoFiles.may_take(into)
    }

    fn largest(&self) -> u64 {
        0
    }

    async fn keep_file(&self) -> Result<Box<dyn Keeping>, String> {
        NoFiles.keep_file().await
    }

    async fn keep_secret(&self, name: &str, value: Bytes) -> Result<(), String> {
        NoFiles.keep_secret(name, value).await
    }
}

/// The same bytes; a file that breaks off is fetched whole the next time.
fn watched(
    bytes: BoxStream<'static, std::io::Result<Bytes>>,
    length: u64,
    handle: String,
    doubted: Cache<String, ()>,
) -> BoxStream<'static, std::io::Result<Bytes>> {
    let left = Arc::new(Mutex::new(length));
    let counted = Arc::clone(&left);
    let noted = (handle.clone(), doubted.clone());
    let pieces = bytes.inspect(move |piece| match piece {
        Ok(piece) => {
            let mut left = lock(&counted);
            *left = left.saturating_sub(piece.len() as u64);
        }
        Err(_) => noted.1.insert(noted.0.clone(), ()),
    });
    let end = futures::stream::once(async move {
        if *lock(&left) > 0 {
            doubted.insert(handle, ());
        }
    });
    pieces.chain(end.filter_map(|()| async { None })).boxed()
}
