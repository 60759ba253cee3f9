//! Standard Webhooks.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::bindings::{
    exports::patchbay::plugin::webhooks::Webhook,
    patchbay::plugin::{
        clock,
        secrets::{self, Algorithm},
    },
};

const WINDOW: u64 = 300_000;

pub(crate) fn is_right(hook: &Webhook) -> bool {
    let header = |name: &str| {
        let header = hook.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.as_str()).filter(|value| !value.is_empty())
    };
    let (Some(id), Some(timestamp), Some(signatures)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    let Ok(seconds) = timestamp.parse::<u64>() else { return false };
    if seconds.saturating_mul(1000).abs_diff(clock::now()) > WINDOW {
        return false;
    }
    let mut data = Vec::with_capacity(id.len() + timestamp.len() + 2 + hook.body.len());
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", &hook.body] {
        data.extend_from_slice(part);
    }
    let given = signatures.split(' ').filter_map(|given| STANDARD.decode(given.strip_prefix("v1,")?).ok());
    given.take(8).any(|given| secrets::verify(Algorithm::HmacSha256, "hook", &data, &given))
}
