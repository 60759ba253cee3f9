//! Bodies of several parts, `multipart/form-data` (RFC 7578).

use std::hash::{DefaultHasher, Hash, Hasher};

use super::contract::Chunk;
use crate::{clock, types::Attachment};

/// Parts, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Multipart {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    /// Without the boundary before it.
    head: String,
    body: Chunk,
}

// === impl Multipart ===

impl Multipart {
    /// Without any part.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of text.
    #[must_use]
    pub fn text(self, name: &str, value: impl Into<String>) -> Self {
        let head = format!("Content-Disposition: form-data; name=\"{}\"\r\n\r\n", quoted(name));
        self.part(head, Chunk::Bytes(value.into().into_bytes()))
    }

    /// A file whose bytes the plugin made.
    #[must_use]
    pub fn bytes(self, name: &str, file_name: &str, mime_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.part(file_head(name, file_name, mime_type), Chunk::Bytes(bytes.into()))
    }

    /// A file that an adapter was given. Its bytes go from the homeserver to the CRM, and never through the plugin.
    #[must_use]
    pub fn attachment(self, name: &str, file: &Attachment) -> Self {
        let head = file_head(name, &file.file_name, &file.mime_type);
        self.part(head, Chunk::File(file.handle.clone()))
    }

    fn part(mut self, head: String, body: Chunk) -> Self {
        self.parts.push(Part { head, body });
        self
    }

    /// The body, and the boundary that its parts are divided by.
    pub(super) fn chunks(self) -> (Vec<Chunk>, String) {
        let boundary = self.boundary();
        let mut chunks = Vec::with_capacity(self.parts.len() * 2 + 1);
        let mut line = String::new();
        for Part { head, body } in self.parts {
            line.push_str(&format!("--{boundary}\r\n{head}"));
            chunks.extend([Chunk::Bytes(line.into_bytes()), body]);
            line = "\r\n".to_owned();
        }
        line.push_str(&format!("--{boundary}--\r\n"));
        chunks.push(Chunk::Bytes(line.into_bytes()));
        (chunks, boundary)
    }

    /// What a customer's file holds is not seen here, so the boundary has to be one that nobody could have written into
    /// it: it depends on the time of the call.
    fn boundary(&self) -> String {
        let mut hasher = DefaultHasher::new();
        clock::now().hash(&mut hasher);
        for part in &self.parts {
            part.head.hash(&mut hasher);
            match &part.body {
                Chunk::Bytes(bytes) => bytes.hash(&mut hasher),
                Chunk::File(handle) | Chunk::FileBase64(handle) | Chunk::Secret(handle) => {
                    handle.hash(&mut hasher)
                }
            }
        }
        let first = hasher.finish();
        first.hash(&mut hasher);
        format!("patchbay-{first:016x}{:016x}", hasher.finish())
    }
}

fn file_head(name: &str, file_name: &str, mime_type: &str) -> String {
    let (name, file_name) = (quoted(name), quoted(file_name));
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    let mime_type = if mime_type.chars().all(plain) && mime_type.contains('/') {
        mime_type
    } else {
        "application/octet-stream"
    };
    format!(
        "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {mime_type}\r\n\r\n"
    )
}

/// As browsers do it.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Host, sample};

    fn written(form: Multipart) -> (String, String) {
        let (chunks, boundary) = form.chunks();
        let chunk = |chunk: Chunk| match chunk {
            Chunk::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            other => format!("{other:?}"),
        };
        (chunks.into_iter().map(chunk).collect(), boundary)
    }

    #[test]
    fn the_parts_stand_between_boundaries_and_a_name_cannot_end_its_header() {
        let _host = Host::new();
        let mut file = sample::attachment("a\"\r\nX: y.png");
        file.mime_type = "image/png\r\nX: y".to_owned();
        let (body, boundary) = written(Multipart::new().text("n", "v").attachment("f", &file));
        let wanted = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"f\"; filename=\"a%22%0D%0AX: y.png\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nChunk::File({:?})\r\n--{boundary}--\r\n",
            file.handle
        );
        assert_eq!(body, wanted);
    }

    #[test]
    fn the_boundary_changes_with_the_time_of_the_call() {
        let host = Host::new();
        let form = || Multipart::new().text("n", "v");
        let before = form().chunks().1;
        assert_eq!(before, form().chunks().1);
        host.set_now(host.now() + 1);
        assert_ne!(before, form().chunks().1);
    }
}
