//! Files, up and down.

use serde_json::json;

use super::{Answer, Answered, Asked, ok, unbacked};
use crate::homeserver::{
    Shared,
    world::{Refusal, World},
};

pub(super) fn upload(shared: &Shared, world: &mut World, asked: &Asked) -> Answered {
    if asked.method != "POST" {
        return Err(unbacked());
    }
    if asked.bytes.len() > shared.options.upload_limit {
        return Err(Refusal::new(413, "M_TOO_LARGE", "Upload request body is too large"));
    }
    let mime_type = asked.headers.get("content-type").and_then(|value| value.to_str().ok());
    let name = asked.query.get("filename").map(String::as_str);
    let mime_type = mime_type.unwrap_or("application/octet-stream");
    ok(json!({ "content_uri": world.upload(asked.bytes.clone(), mime_type, name) }))
}

pub(super) fn authenticated(shared: &Shared, world: &World, asked: &Asked, rest: &[&str]) -> Answered {
    match (asked.method.as_str(), rest) {
        ("GET", ["config"]) => ok(json!({ "m.upload.size": shared.options.upload_limit })),
        ("GET", ["download", server, id]) => file(world, server, id, asked, None),
        ("GET", ["download", server, id, name]) => file(world, server, id, asked, Some(name)),
        // As small as a thumbnail is: what is in it nobody looks at.
        ("GET", ["thumbnail", server, id]) => {
            world.file(server, id, &asked.path)?;
            Ok(Answer::File { bytes: vec![0; 97].into(), mime_type: "image/png".to_owned(), name: None })
        }
        _ => Err(unbacked()),
    }
}

fn file(world: &World, server: &str, id: &str, asked: &Asked, name: Option<&str>) -> Answered {
    let file = world.file(server, id, &asked.path)?;
    let mime_type = match file.mime_type.as_str() {
        text if text.starts_with("text/") && !text.contains("charset") => format!("{text}; charset=UTF-8"),
        other => other.to_owned(),
    };
    let name = name.map(str::to_owned).or_else(|| file.name.clone());
    Ok(Answer::File { bytes: file.bytes.clone(), mime_type, name })
}
