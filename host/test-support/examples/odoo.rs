//! The Odoo double as a program of its own, for measurements in which it must not share a process with the host: prints one
//! line of JSON (URL, database, logins) and serves until its input ends. `odoo 18|19 [milliseconds a call takes]`.
#![expect(clippy::print_stdout, reason = "it says where it is")]

use patchbay_test_support::odoo::{Odoo, Version};
use serde_json::json;
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let version = if arguments.next().as_deref() == Some("18") { Version::V18 } else { Version::V19 };
    let odoo = Odoo::start(version).await;
    if let Some(millis) = arguments.next().and_then(|millis| millis.parse().ok()) {
        odoo.latency(std::time::Duration::from_millis(millis));
    }
    let who = |login: &str| {
        let login = odoo.login(login);
        json!({"login": login.login, "key": login.key, "uid": login.uid})
    };
    let about = json!({
        "url": odoo.url(), "database": odoo.database(), "bridge": who("bridge"), "agent": who("agent"), "admin": who("admin"),
    });
    println!("{about}");
    let mut rest = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}
