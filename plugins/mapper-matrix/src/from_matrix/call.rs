//! Calls: that somebody rang and whether it was answered is worth a remark; how devices find each other is not.

use patchbay_sdk::prelude::*;
use serde::Deserialize;

use super::other;
use crate::lenient::{content, lenient};

#[derive(Default, Deserialize)]
struct Call {
    #[serde(default, deserialize_with = "lenient")]
    offer: Option<Offer>,
    #[serde(default, deserialize_with = "lenient")]
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Offer {
    #[serde(default, deserialize_with = "lenient")]
    sdp: Option<String>,
}

pub(super) fn is_call(event_type: &str) -> bool {
    let prefixes =
        ["m.call.", "org.matrix.call.", "org.matrix.msc3401.call", "m.rtc.", "org.matrix.msc4075."];
    prefixes.iter().any(|prefix| event_type.starts_with(prefix))
}

pub(super) fn meaning(event: &Event) -> Result<Content, String> {
    let call: Call = content(&event.content);
    let remark = match event.event_type.as_str() {
        "m.call.invite" if is_video(&call) => "Video call",
        "m.call.invite" | "m.rtc.notification" | "org.matrix.msc4075.rtc.notification" => "Call",
        "m.call.reject" => "Call declined",
        "m.call.hangup" => match call.reason.as_deref() {
            Some("invite_timeout") => "Missed call",
            Some("ice_failed" | "ice_timeout" | "user_media_failed" | "unknown_error") => "Call failed",
            _ => "Call ended",
        },
        kind => return Err(format!("{kind} is between the devices of a call")),
    };
    Ok(Content::Other(other(event, Some(remark.to_owned()))))
}

fn is_video(call: &Call) -> bool {
    call.offer.as_ref().and_then(|offer| offer.sdp.as_ref()).is_some_and(|sdp| sdp.contains("m=video"))
}
