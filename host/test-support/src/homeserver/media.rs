//! Files: uploaded once, downloaded with a token only.

use bytes::Bytes;

use super::world::{Refusal, Stored, World};

impl World {
    /// Keeps a file; answers its `mxc://` address.
    pub(crate) fn upload(&mut self, bytes: Bytes, mime_type: &str, name: Option<&str>) -> String {
        let id: String = self.fresh().chars().filter(char::is_ascii_alphabetic).take(24).collect();
        let file = Stored { bytes, mime_type: mime_type.to_owned(), name: name.map(str::to_owned) };
        self.media.insert(id.clone(), file);
        format!("mxc://{}/{id}", self.server)
    }

    pub(crate) fn file(&self, server: &str, id: &str, path: &str) -> Result<&Stored, Refusal> {
        let found = self.media.get(id).filter(|_| server == self.server);
        found.ok_or_else(|| Refusal::new(404, "M_NOT_FOUND", format!("Not found '{path}'")))
    }
}
