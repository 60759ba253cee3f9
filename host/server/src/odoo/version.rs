//! Which Odoo it is, asked without a login.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{trouble::Trouble, wire::Wire};

/// The first release with JSON-2.
pub(super) const JSON_2: u32 = 19;

/// Odoo's major version, such as 18.
///
/// # Errors
/// When nothing answers, or no Odoo.
pub(super) async fn of(wire: &Wire) -> Result<u32, Trouble> {
    // All releases up to 21 answer this one; `/web/version` came with 19.
    let asked = json!({ "jsonrpc": "2.0", "method": "call", "id": 1,
                        "params": { "service": "common", "method": "version", "args": [] } });
    let answer = wire.send(wire.request(Method::POST, &["jsonrpc"]).json(&asked)).await?;
    let info = |value: Option<&Value>| value.and_then(Value::as_array).and_then(|info| major(info.first()?));
    let told = answer.json.as_ref().and_then(|json| json.get("result"));
    if let Some(version) = info(told.and_then(|told| told.get("server_version_info"))) {
        return Ok(version);
    }
    let second = wire.send(wire.request(Method::GET, &["web", "version"])).await?;
    let what = if second.status == StatusCode::NOT_FOUND { answer.status } else { second.status };
    info(second.json.as_ref().and_then(|json| json.get("version_info")))
        .ok_or_else(|| Trouble::NoOdoo { url: wire.at(), what: format!("it answers {what}") })
}

/// A number, or a name such as `saas~18`.
fn major(first: &Value) -> Option<u32> {
    match first {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(name) => name.rsplit('~').next()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number_or_ends_a_name() {
        assert_eq!(major(&json!(18)), Some(18));
        assert_eq!(major(&json!("saas~18")), Some(18));
        assert_eq!(major(&json!(null)), None);
    }
}
