//! Which files of a message pass, decided before anybody is asked to carry one: by the tenant's policy, and by what is
//! known of each. In place of those that do not pass, the text says which and why.

use patchbay_plugin::types::{Attachment, Content, MediaKind, Message, News, Post, Text};
use patchbay_types::media::MediaConfig;
use serde_json::Value;

use super::{
    name,
    why::{Why, Withheld},
};
use crate::html;

/// What a message's files are judged by.
pub(super) struct Judge<'a> {
    pub(super) media: &'a MediaConfig,
    /// What is known already not to pass.
    pub(super) withheld: &'a [Withheld],
    /// Whether there can be a file of such a handle.
    pub(super) is_handle: &'a dyn Fn(&str) -> bool,
    /// A link to a file that does not pass.
    pub(super) link: &'a dyn Fn(&Attachment) -> Option<String>,
}

/// The handles of the encrypted files in an event's content.
pub(crate) fn sealed(content: &str) -> Vec<Withheld> {
    // To parse it only to find none would cost more than to look for the word.
    if !content.contains("\"file\"") {
        return Vec::new();
    }
    let content: Value = serde_json::from_str(content).unwrap_or_default();
    let urls =
        ["/file/url", "/m.new_content/file/url"].into_iter().filter_map(|at| content.pointer(at)?.as_str());
    urls.map(|url| Withheld { handle: url.to_owned(), why: Why::Encrypted }).collect()
}

/// Judges the files of what a CRM tells, before a mapper sees them.
pub(crate) fn admit_news(news: &mut News, media: &MediaConfig) {
    let (News::Message(message) | News::Note(message)) = news else { return };
    let judge = Judge { media, withheld: &[], is_handle: &|handle| !handle.is_empty(), link: &|_| None };
    judge.message(message);
}

// === impl Judge ===

impl Judge<'_> {
    /// Leaves in a message the files that pass, under names that are safe.
    pub(super) fn message(&self, message: &mut Message) {
        match &mut message.content {
            Content::Post(post) => self.post(post),
            Content::Edit(edit) => self.post(&mut edit.post),
            _ => {}
        }
    }

    fn post(&self, post: &mut Post) {
        let (mut files, mut lines) = (Vec::new(), Vec::new());
        for mut file in std::mem::take(&mut post.files) {
            file.file_name = named(&file);
            match self.keeps(&file, files.len()) {
                None => files.push(file),
                Some(why) => {
                    let link = if why.has_link() { (self.link)(&file) } else { None };
                    lines.push((why.line(&file, self.media, None), link));
                }
            }
        }
        post.files = files;
        say(&mut post.text, &lines);
    }

    /// What keeps a file; `before`: so many of the message pass.
    fn keeps(&self, file: &Attachment, before: usize) -> Option<Why> {
        let known = self.withheld.iter().find(|withheld| withheld.handle == file.handle);
        if let Some(known) = known {
            return Some(known.why.clone());
        }
        if !(self.is_handle)(&file.handle) {
            return Some(Why::NoFile);
        }
        if !self.media.lets_pass(&file.mime_type, &file.file_name) {
            return Some(Why::NotAllowed);
        }
        if let Some(size) = file.size.filter(|size| *size > self.media.size.0) {
            return Some(Why::TooLarge(size));
        }
        (before >= self.media.files as usize).then_some(Why::TooMany)
    }
}

/// A name that is safe, with an ending where it has none and its type has a usual one: some systems know a file by
/// nothing else.
fn named(file: &Attachment) -> String {
    let name = name::safe(&file.file_name);
    if name.contains('.') || file.kind == MediaKind::Sticker {
        return name;
    }
    let essence = file.mime_type.split(';').next().unwrap_or_default().trim();
    let ending = match essence {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "video/mp4" => "mp4",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        _ => return name,
    };
    name::safe(&format!("{name}.{ending}"))
}

/// Lines, and their links, behind the words that are there.
fn say(text: &mut Option<Text>, lines: &[(String, Option<String>)]) {
    if lines.is_empty() {
        return;
    }
    let text = text.get_or_insert_with(|| Text { plain: String::new(), html: None });
    for (line, link) in lines {
        if !text.plain.is_empty() {
            text.plain.push('\n');
        }
        text.plain.push_str(line);
        if let Some(link) = link {
            text.plain.push(' ');
            text.plain.push_str(link);
        }
        if let Some(html) = &mut text.html {
            html.push_str("<br>");
            html.push_str(&escaped(line));
            if let Some(link) = link {
                html.push_str(&format!(" <a href=\"{0}\">{0}</a>", escaped(link)));
            }
        }
    }
    if let Some(html) = &mut text.html {
        *html = html::sanitised(html);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use patchbay_types::units::Bytes;

    use super::*;

    fn file(handle: &str, name: &str, size: Option<u64>) -> Attachment {
        Attachment {
            handle: handle.into(),
            kind: MediaKind::File,
            file_name: name.into(),
            mime_type: "application/octet-stream".into(),
            size,
            width: None,
            height: None,
            duration: None,
        }
    }

    fn judged(media: &MediaConfig, text: Option<Text>, files: Vec<Attachment>) -> Post {
        let withheld = [Withheld { handle: "mxc://h/sealed".into(), why: Why::Encrypted }];
        let link = |file: &Attachment| media.links.then(|| format!("https://x.example/{}", file.file_name));
        let is_handle = |handle: &str| handle.starts_with("mxc://");
        let mut post = Post { text, files };
        Judge { media, withheld: &withheld, is_handle: &is_handle, link: &link }.post(&mut post);
        post
    }

    #[test]
    fn what_does_not_pass_is_named_with_its_size_and_the_reason() {
        let media = MediaConfig { size: Bytes(1000), files: 2, links: true, ..MediaConfig::default() };
        let files = vec![
            file("mxc://h/1", "a.pdf", Some(1000)),
            file("mxc://h/2", "large.pdf", Some(1001)),
            file("mxc://h/3", "../run.exe", None),
            file("mxc://h/sealed", "secret.pdf", Some(1)),
            file("file:///etc/passwd", "passwd", None),
            file("mxc://h/4", "b.pdf", None),
            file("mxc://h/5", "c.pdf", None),
        ];
        let post = judged(&media, Some(Text { plain: "hi".into(), html: Some("<b>hi</b>".into()) }), files);
        let names: Vec<_> = post.files.iter().map(|file| file.file_name.as_str()).collect();
        assert_eq!(names, ["a.pdf", "b.pdf"]);
        let text = post.text.unwrap();
        let lines: Vec<_> = text.plain.lines().collect();
        assert_eq!(
            lines,
            [
                "hi",
                "[File: large.pdf (1001 bytes). Not here, since files of more than 1000 bytes are not passed on] https://x.example/large.pdf",
                "[File: run.exe. Not here, since files of this kind are not passed on]",
                "[File: secret.pdf (1 bytes). Not here, since it is encrypted, and cannot be read here]",
                "[File: passwd. Not here, since it cannot be found]",
                "[File: c.pdf. Not here, since no more than 2 files of a message are passed on] https://x.example/c.pdf",
            ]
        );
        let html = text.html.unwrap();
        assert!(html.contains("<b>hi</b><br>[File: large.pdf"), "{html}");
        assert!(html.contains(r#"href="https://x.example/large.pdf""#), "{html}");
    }

    #[test]
    fn a_name_in_a_line_is_text_wherever_it_stands() {
        let media = MediaConfig { size: Bytes(0), ..MediaConfig::default() };
        let text = Some(Text { plain: String::new(), html: Some("x".into()) });
        let post =
            judged(&media, text, vec![file("mxc://h/1", "<img src=x onerror=y>&\u{202e}\n.pdf", Some(5))]);
        let text = post.text.unwrap();
        assert!(!text.html.unwrap().contains("<img"));
        assert_eq!(text.plain.lines().count(), 1);
    }

    #[test]
    fn encrypted_files_are_found_in_messages_and_in_edits() {
        let all = sealed(r#"{"file":{"url":"mxc://h/1"},"m.new_content":{"file":{"url":"mxc://h/2"}}}"#);
        assert_eq!(all.iter().map(|one| one.handle.as_str()).collect::<Vec<_>>(), ["mxc://h/1", "mxc://h/2"]);
        assert_eq!(sealed(r#"{"url":"mxc://h/1","file":7}"#), []);
    }

    #[test]
    fn a_name_without_an_ending_gets_that_of_its_type() {
        let nameless = Attachment { mime_type: "image/jpeg".into(), ..file("mxc://h/1", "image", None) };
        assert_eq!(named(&nameless), "image.jpg");
        assert_eq!(named(&file("mxc://h/1", "data", None)), "data");
    }
}
