//! Through the operator's proxy, and never through the environment's.

use std::process::Command;

use patchbay_egress::EgressError;

use crate::{
    house::{House, Names, body, denied, get, post, send, unreachable},
    outside::{Server, answer, ok},
};

#[tokio::test]
async fn everything_goes_through_the_proxy_and_the_proxy_looks_names_up() {
    let proxy = Server::answering(|_| ok("by proxy")).await;
    let names = Names::of(&[("proxy.internal", &["127.0.0.1"])]);
    let house = House::new()
        .resolving(&names)
        .granting("http://crm.example/", &[])
        .set(|config| config.proxy = Some(format!("http://me:pw@proxy.internal:{}", proxy.port())));
    assert_eq!(body(send(&house.outlet(), post("http://crm.example/a?b", "x")).await), "by proxy");
    let seen = proxy.requests().remove(0);
    assert!(seen.starts_with("POST http://crm.example/a?b HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("proxy-authorization: Basic bWU6cHc=\r\n"), "{seen}");
    assert!(!format!("{:?}", house.egress()).contains("pw"));
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_a_tunnel_that_is_refused_sends_nothing() {
    let proxy = Server::answering(|_| answer("403 Forbidden", &[], b"")).await;
    let house = House::new()
        .granting("https://crm.example/", &[])
        .set(|config| config.proxy = Some(format!("http://127.0.0.1:{}", proxy.port())));
    unreachable(send(&house.outlet(), post("https://crm.example/a?b", "body")).await);
    let seen = proxy.requests().remove(0);
    assert!(seen.starts_with("CONNECT crm.example:443 HTTP/1.1\r\n") && !seen.contains("body"), "{seen}");
}

#[tokio::test]
async fn an_address_written_as_a_number_is_checked_before_the_proxy_hears_of_it() {
    let proxy = Server::trap().await;
    let house = House::new()
        .granting("http://169.254.169.254/", &[])
        .set(|config| config.proxy = Some(format!("http://127.0.0.1:{}", proxy.port())));
    denied(send(&house.outlet(), get("http://169.254.169.254/")).await);
    denied(send(&house.outlet(), get("http://crm.example/")).await);
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_proxy_that_is_none_is_refused_without_being_shown() {
    for bad in ["proxy.example:3128", "socks5://me:pw@proxy.example", "http://", "me:pw"] {
        let house = House::new().set(|config| config.proxy = Some(bad.to_owned()));
        let error = patchbay_egress::Egress::new(&house.config, house.dir.path()).unwrap_err();
        assert!(matches!(error, EgressError::Proxy) && !error.to_string().contains("pw"), "{bad}: {error}");
    }
}

/// Runs itself once more, in an environment that names a proxy.
#[tokio::test]
async fn the_environments_proxies_are_ignored() {
    const TOLD: &str = "PATCHBAY_TEST_HAS_A_PROXY";
    if std::env::var_os(TOLD).is_none() {
        let trap = Server::trap().await;
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "proxied::the_environments_proxies_are_ignored"]).env(TOLD, "1");
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            again.env(name, trap.url(""));
        }
        let ran = tokio::task::spawn_blocking(move || again.output()).await.unwrap().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        assert!(String::from_utf8_lossy(&ran.stdout).contains("1 passed"));
        assert_eq!(trap.connections(), 0);
        return;
    }
    let server = Server::answering(|_| ok("direct")).await;
    assert_eq!(body(send(&House::to(&server).outlet(), get(&server.url("/"))).await), "direct");
}
