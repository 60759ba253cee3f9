//! Files. Each is an attachment of the ticket's record, so that whoever may see the ticket may see the file (one that hangs
//! on nothing is the technical user's alone), and is named in the message. Its bytes go from the host to Odoo.

use patchbay_sdk::{
    http::{self, base64_of},
    prelude::*,
};
use serde_json::{Value, json};

use crate::{
    append::Thread,
    change::create,
    contact::cut,
    fault::Fault,
    session::{id, made},
    text::html::escaped,
    transport::Ask,
    val::Val,
};

pub(crate) const ATTACHMENT: &str = "ir.attachment";

/// What became of an item's files.
#[derive(Default)]
pub(crate) struct Attached {
    pub(crate) ids: Vec<i64>,
    /// The effects that made them.
    pub(crate) steps: Vec<String>,
    /// HTML that names those that are not there.
    pub(crate) refused: String,
}

/// Uploads them one by one, each as an effect of its own.
///
/// # Errors
/// See [`Failure`].
pub(crate) fn attach(thread: &Thread<'_>, item: &Item) -> Result<Attached, Failure> {
    let mut attached = Attached::default();
    let Content::Post(post) = &item.message.content else { return Ok(attached) };
    for (n, file) in post.files.iter().enumerate() {
        let mark = format!("patchbay {} {n}", item.key);
        let step = format!("file-{n}-{}", item.key);
        let there = if thread.again { there(thread, &mark)? } else { None };
        let made = match there {
            Some(id) => Ok(Some(id)),
            None => upload(thread, file, &mark, &step),
        };
        match made {
            Ok(Some(id)) => {
                attached.ids.push(id);
                attached.steps.push(step);
            }
            Ok(None) => {
                http::forget(&step);
                return Err(Failure::busy("Odoo answered no number to a file"));
            }
            // What the host does not hand out, or Odoo does not take, must not hold up the words.
            Err(
                fault @ (Fault::Http(http::Error::Denied(_) | http::Error::TooLarge(_))
                | Fault::Refused(_)
                | Fault::Broken(_)),
            ) => {
                let why = fault.failure().detail;
                log::warn(&format!("a file is not attached: {why}"));
                attached.refused.push_str(&named(file));
            }
            Err(Fault::Http(http::Error::Status(response))) if response.status == 413 => {
                log::warn("a file is larger than what Odoo, or the proxy before it, takes");
                attached.refused.push_str(&named(file));
            }
            Err(Fault::Missing(said)) => {
                let model = thread.session.settings.model();
                return Err(if thread.session.is_there(model, thread.ticket)? {
                    Failure::rejected(said)
                } else {
                    Failure::gone(format!("Odoo has no {model} {} any more", thread.ticket))
                });
            }
            Err(fault) => return Err(fault.failure()),
        }
    }
    Ok(attached)
}

fn there(thread: &Thread<'_>, mark: &str) -> Result<Option<i64>, Failure> {
    let model = thread.session.settings.model();
    let domain =
        json!([["res_model", "=", model], ["res_id", "=", thread.ticket], ["description", "=", mark]]);
    let found = thread.session.first(Ask::search_read(ATTACHMENT, domain, &["id"], 1))?;
    Ok(found.as_ref().and_then(id))
}

fn upload(thread: &Thread<'_>, file: &Attachment, mark: &str, step: &str) -> Result<Option<i64>, Fault> {
    let field = |name: &str, value: Val| (name.to_owned(), value);
    let vals = Val::Map(vec![
        field("name", safe_name(&file.file_name).into()),
        field("datas", Val::File(base64_of(file))),
        field("mimetype", file.mime_type.as_str().into()),
        field("res_model", thread.session.settings.model().into()),
        field("res_id", thread.ticket.into()),
        field("description", mark.into()),
    ]);
    let answer: Value = create(thread.session, ATTACHMENT, vals, step.to_owned())?;
    Ok(made(&answer))
}

fn named(file: &Attachment) -> String {
    let size = file.size.map(|size| format!(", {} KiB", size.div_ceil(1024))).unwrap_or_default();
    let what = format!("{} ({}{size})", safe_name(&file.file_name), cut(&file.mime_type, 80));
    format!("<p>📎 <em>{}: the file could not be attached</em></p>", escaped(&what))
}

/// A name and no path.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = cut(last, 200);
    let name = name.trim_start_matches('.').trim();
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}
