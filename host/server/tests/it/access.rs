//! Who may ask what.

use reqwest::StatusCode;

use crate::host::{Directory, HS_TOKEN, Host};

#[tokio::test]
async fn the_admin_api_wants_its_own_token_and_no_other() {
    let dir = Directory::new("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    for path in ["/admin/v1/plugins", "/admin/v1/status", "/admin/v1/events/$x/why", "/admin/v1/rooms"] {
        assert_eq!(host.status(path).await, StatusCode::UNAUTHORIZED, "{path}");
        for token in [HS_TOKEN, "x"] {
            assert_eq!(host.status_with(path, token).await, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let (status, problem) = host.get("/admin/v1/no-such-thing").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &"not-found".into()));
}

#[tokio::test]
async fn monitors_need_no_token() {
    let dir = Directory::new("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(host.status(path).await, StatusCode::OK, "{path}");
    }
    let metrics = host.text("/metrics").await;
    for name in [
        "patchbay_transactions_total",
        "patchbay_pending",
        "patchbay_oldest_pending_seconds",
        "patchbay_lanes",
    ] {
        assert!(metrics.contains(name), "{name} in\n{metrics}");
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_a_problem_with_a_code() {
    let dir = Directory::new("http://127.0.0.1:1");
    let host = Host::start(&dir).await;
    for (path, wanted) in [
        ("/admin/v1/parked/x", 400),
        ("/admin/v1/parked/1", 404),
        ("/admin/v1/parked?limit=x", 400),
        ("/admin/v1/parked?misspelt=1", 400),
        ("/admin/v1/tickets/acme/D-1", 404),
        ("/admin/v1/desk/lines", 400),
        ("/admin/v1/events/$x/why", 404),
    ] {
        let (status, problem) = host.get(path).await;
        assert_eq!(
            (status.as_u16(), problem["status"].as_u64()),
            (wanted, Some(wanted.into())),
            "{path}: {problem}"
        );
        assert!(problem["code"].is_string() && problem["detail"].is_string(), "{path}: {problem}");
    }
    let (status, _) =
        host.post("/admin/v1/plugins/acme/rollback", None, &serde_json::json!({ "two": 7 })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
