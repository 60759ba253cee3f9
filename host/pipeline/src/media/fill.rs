//! The files of an action: fetched from their CRM, uploaded to the homeserver as whoever says them, and their addresses
//! put where the mapper said. What became of each is kept before the event is sent, under the action's own transaction
//! ID: a crash in between costs an upload at most.

use patchbay_matrix::{ClientError, Intent};
use patchbay_plugin::{mapping, types};
use patchbay_storage::{Action, Trace};
use patchbay_types::{Millis, media::MediaConfig};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tracing::{info, warn};

use super::{
    fetch::{self, Unfetched, Wanted},
    why::Why,
};
use crate::{
    act::{Failed, ready},
    payload::{Act, ActionPayload, ActionV1},
    shared::{Shared, View},
    steps,
};

/// Files of one event: itself, a thumbnail, and what else a mapper thinks of.
const FILES: usize = 8;
/// Bytes of a pointer.
const POINTER: usize = 256;

/// A file of an action, and what became of it so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filed {
    /// A JSON Pointer into the content: where its address goes.
    pub(crate) at: String,
    /// The file, by its adapter's handle.
    pub(crate) file: types::Attachment,
    /// Where it was uploaded to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<String>,
    /// Or why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withheld: Option<Why>,
}

/// The files that an action asks for.
///
/// # Errors
/// With a sentence, when there are too many, or one is to go nowhere.
pub(crate) fn files_of(action: &mapping::Action) -> Result<Vec<Filed>, String> {
    let mapping::Action::Send(send) = action else { return Ok(Vec::new()) };
    if send.attachments.len() > FILES {
        return Err(format!(
            "the mapper puts {} files into one event; {FILES} are the most",
            send.attachments.len()
        ));
    }
    let filed = |placed: &mapping::Placed| {
        let mapping::Placed { at, attachment } = placed;
        if !at.starts_with('/') || at.len() > POINTER {
            return Err("the mapper puts a file where no JSON Pointer leads".to_owned());
        }
        Ok(Filed { at: at.clone(), file: attachment.clone(), uri: None, withheld: None })
    };
    send.attachments.iter().map(filed).collect()
}

/// An action's payload with these files.
pub(crate) fn with_files(payload: &str, files: Vec<Filed>) -> String {
    match serde_json::from_str(payload) {
        Ok(ActionPayload::V1(action)) => ActionPayload::V1(ActionV1 { files, ..action }).to_json(),
        Err(_) => payload.to_owned(),
    }
}

/// The action as it is to be carried out: with all its files in their places, or words for those that are not to be had.
pub(crate) async fn fill(
    shared: &Shared,
    action: &Action,
    mut payload: ActionV1,
    trace: &mut Trace,
) -> Result<ActionV1, Failed> {
    if payload.files.is_empty() {
        return Ok(payload);
    }
    let later = |error: &str| Failed::Later { error: error.to_owned(), retry_after: None };
    let view = shared.view(&action.tenant).ok_or_else(|| later("the tenant is not served"))?;
    for n in 0..payload.files.len() {
        let Some(filed) =
            payload.files.get(n).filter(|filed| filed.uri.is_none() && filed.withheld.is_none())
        else {
            continue;
        };
        let intent = ready(shared, action, &payload).await?;
        let settled =
            Filling { shared, view: &view, action, intent: &intent }.settle(filed.clone(), trace).await?;
        if let Some(filed) = payload.files.get_mut(n) {
            *filed = settled;
        }
        let kept = ActionPayload::V1(payload.clone()).to_json();
        shared.store.put_action_payload(action.id, &kept).await.map_err(|error| later(&error.to_string()))?;
        crate::crash::point("after-upload");
    }
    let staff = view.people.audience(action.room_id.as_str()) == types::Audience::Staff;
    let link = if staff { ticket_url(shared, action).await } else { None };
    placed(&mut payload, &view.chain.config.media, link.as_deref());
    Ok(payload)
}

/// One action whose files are being put in.
struct Filling<'a> {
    shared: &'a Shared,
    view: &'a View,
    action: &'a Action,
    intent: &'a Intent,
}

// === impl Filling ===

impl Filling<'_> {
    /// What becomes of a file.
    async fn settle(&self, mut filed: Filed, trace: &mut Trace) -> Result<Filed, Failed> {
        let action = self.action;
        let Some(origin) = &action.origin else {
            filed.withheld = Some(Why::NoFile);
            return Ok(filed);
        };
        let wanted = Wanted {
            tenant: &action.tenant,
            adapter: &origin.adapter,
            handle: &filed.file.handle,
            largest: self.view.chain.config.media.size.0,
            about: &action.source,
        };
        let spooled = match fetch::fetch(self.shared, &wanted, trace).await {
            Ok(spooled) => spooled,
            Err(Unfetched::Later { error, retry_after }) => return Err(Failed::Later { error, retry_after }),
            Err(Unfetched::Never(why, error)) => return Ok(self.withheld(filed, why, &error)),
        };
        let (opened, now) = (spooled.open(), self.shared.clock.now());
        filed.file.size = Some(spooled.length());
        let (mime, name) = (&filed.file.mime_type, Some(filed.file.file_name.as_str()));
        match self.intent.upload((opened.length, opened.bytes), mime, name).await {
            Ok(uri) => {
                let (tenant, room) = (&action.tenant, &action.room_id);
                info!(%tenant, %room, action = action.id, bytes = spooled.length(), "a file was uploaded");
                trace.push(uploaded(now, "ok", &uri));
                filed.uri = Some(uri);
                Ok(filed)
            }
            Err(error) if error.is_transient() => Err(error.into()),
            Err(error) => {
                let said = error.to_string();
                trace.push(uploaded(now, "refused", &said));
                let too_large =
                    matches!(&error, ClientError::Rejected { errcode, .. } if errcode == "M_TOO_LARGE");
                Ok(self.withheld(filed, if too_large { Why::TooLargeThere } else { Why::Refused }, &said))
            }
        }
    }

    fn withheld(&self, filed: Filed, why: Why, error: &str) -> Filed {
        let (tenant, room) = (&self.action.tenant, &self.action.room_id);
        warn!(%tenant, %room, action = self.action.id, ?why, error, "a file is not shown: the room is told instead");
        Filed { withheld: Some(why), ..filed }
    }
}

fn uploaded(at: Millis, outcome: &str, answer: &str) -> patchbay_storage::Step {
    steps::host("matrix.upload", at, outcome, answer)
}

/// Where an agent opens the ticket. No customer is shown it: it leads into the CRM.
async fn ticket_url(shared: &Shared, action: &Action) -> Option<String> {
    let origin = action.origin.as_ref()?;
    let ticket = shared.store.ticket(&action.tenant, &origin.adapter, origin.ticket.as_ref()?).await;
    ticket.ok().flatten()?.url
}

/// Puts the addresses into the content. Without its own file an event is words; without another one, such as a
/// thumbnail, it does without.
fn placed(payload: &mut ActionV1, media: &MediaConfig, link: Option<&str>) {
    let Act::Send { event_type, content } = &mut payload.act else { return };
    let Ok(mut value) = serde_json::from_str::<Value>(content) else { return };
    let is_own = |at: &str| matches!(at, "/url" | "/file/url" | "/file");
    for (n, filed) in payload.files.iter().enumerate() {
        let own = is_own(&filed.at) || (n == 0 && payload.files.len() == 1);
        match (&filed.uri, &filed.withheld) {
            (Some(uri), _) => {
                put(&mut value, &filed.at, Some(uri));
                if let (true, Some(info)) = (own, value.get_mut("info").and_then(Value::as_object_mut)) {
                    info.extend(filed.file.size.map(|size| ("size".to_owned(), json!(size))));
                }
            }
            (None, Some(why)) if own => {
                value = words(&value, &why.line(&filed.file, media, link));
                "m.room.message".clone_into(event_type);
                break;
            }
            _ => put(&mut value, &filed.at, None),
        }
    }
    *content = value.to_string();
}

/// What is left of an event without its file: its caption, and a line in the file's place.
fn words(content: &Value, line: &str) -> Value {
    let text = |key: &str| content.get(key).and_then(Value::as_str);
    let caption = text("body").filter(|body| text("filename").is_some_and(|name| name != *body));
    let body = caption.map_or_else(|| line.to_owned(), |caption| format!("{caption}\n{line}"));
    let mut words =
        Map::from_iter([("msgtype".to_owned(), json!("m.text")), ("body".to_owned(), json!(body))]);
    for (key, field) in content.as_object().into_iter().flatten() {
        // Whom it answers, and whatever else it was sent with, stays.
        let of_the_file =
            matches!(key.as_str(), "filename" | "info" | "url" | "file" | "format" | "formatted_body");
        if !of_the_file && !words.contains_key(key) {
            words.insert(key.clone(), field.clone());
        }
    }
    Value::Object(words)
}

/// Writes a text where a pointer leads, making what is missing on the way; nothing: takes away what is there.
fn put(value: &mut Value, at: &str, text: Option<&str>) {
    let mut parts: Vec<String> =
        at.split('/').skip(1).map(|p| p.replace("~1", "/").replace("~0", "~")).collect();
    let Some(last) = parts.pop() else { return };
    let mut place = value;
    for part in parts {
        let Value::Object(fields) = place else { return };
        if text.is_none() && !fields.contains_key(&part) {
            return;
        }
        place = fields.entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    let Value::Object(fields) = place else { return };
    match text {
        Some(text) => drop(fields.insert(last, json!(text))),
        None => drop(fields.remove(&last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filed(at: &str, uri: Option<&str>, withheld: Option<Why>) -> Filed {
        let file = types::Attachment {
            handle: "1".into(),
            kind: types::MediaKind::Image,
            file_name: "a.png".into(),
            mime_type: "image/png".into(),
            size: Some(7),
            width: None,
            height: None,
            duration: None,
        };
        Filed { at: at.into(), file, uri: uri.map(str::to_owned), withheld }
    }

    fn content(content: Value, files: Vec<Filed>) -> (String, Value) {
        let act = Act::Send { event_type: "m.sticker".into(), content: content.to_string() };
        let mut payload = ActionV1 { author: None, act, files };
        placed(&mut payload, &MediaConfig::default(), Some("https://crm.example/1"));
        let Act::Send { event_type, content } = payload.act else { panic!() };
        (event_type, serde_json::from_str(&content).unwrap())
    }

    #[test]
    fn addresses_go_where_the_mapper_said_and_what_is_missing_is_made() {
        let files = vec![
            filed("/url", Some("mxc://h/1"), None),
            filed("/info/thumbnail_url", Some("mxc://h/2"), None),
        ];
        let (event_type, sent) = content(json!({ "body": "a.png", "url": "", "info": { "w": 1 } }), files);
        assert_eq!(event_type, "m.sticker");
        assert_eq!(
            sent,
            json!({ "body": "a.png", "url": "mxc://h/1", "info": { "w": 1, "size": 7, "thumbnail_url": "mxc://h/2" } })
        );
    }

    #[test]
    fn a_thumbnail_that_is_not_to_be_had_is_left_out_and_a_file_becomes_words() {
        let lost = |at: &str| filed(at, None, Some(Why::Missing));
        let files = vec![filed("/url", Some("mxc://h/1"), None), lost("/info/thumbnail_url")];
        let (_, sent) = content(json!({ "url": "", "info": { "thumbnail_url": "" } }), files);
        assert_eq!(sent, json!({ "url": "mxc://h/1", "info": { "size": 7 } }));
        let image = json!({ "msgtype": "m.image", "body": "Look", "filename": "a.png", "url": "", "info": {},
            "m.relates_to": { "m.in_reply_to": { "event_id": "$1" } } });
        let (event_type, sent) = content(image, vec![lost("/url")]);
        assert_eq!(event_type, "m.room.message");
        assert_eq!(
            sent,
            json!({ "msgtype": "m.text",
            "body": "Look\n[File: a.png (7 bytes). Not here, since its server does not have it any more] https://crm.example/1",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$1" } } })
        );
    }

    #[test]
    fn a_pointer_that_leads_through_what_is_no_object_changes_nothing() {
        let (_, sent) =
            content(json!({ "url": "x", "l": [1] }), vec![filed("/l/0/a", Some("mxc://h/1"), None)]);
        assert_eq!(sent, json!({ "url": "x", "l": [1] }));
    }
}
