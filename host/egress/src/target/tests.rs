//! URLs that must not lead anywhere else.

use std::collections::BTreeMap;

use patchbay_types::egress::{OneOrMany, SecretConfig, SecretSource};

use super::*;

fn text(text: &str) -> Vec<Piece> {
    vec![Piece::Text(text.to_owned())]
}

fn grants(list: &[&str]) -> Vec<HttpGrant> {
    list.iter().map(|url| HttpGrant::of(url.parse().unwrap())).collect()
}

fn why(failure: Failure) -> String {
    match failure {
        Failure::Denied(why) => why,
        other => panic!("{other:?}"),
    }
}

fn refused(url: &str, granted: &[&str]) -> String {
    let built = build(&text(url), &Secrets::none());
    why(built.and_then(|url| check(&url, Method::Get, &grants(granted)).map(|_| ())).unwrap_err())
}

/// One secret of this value, granted, for `https://crm.example.org`.
fn with_secret(value: &str) -> (tempfile::TempDir, Secrets) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("s"), value).unwrap();
    let config = SecretConfig {
        from: OneOrMany::One(SecretSource::File { file: "s".to_owned() }),
        hosts: vec!["https://crm.example.org".parse().unwrap()],
        sign: false,
    };
    let secrets = Secrets::new(dir.path(), &BTreeMap::from([("s".to_owned(), config)]), &["s".to_owned()]);
    (dir, secrets)
}

fn around(before: &str, after: &str) -> Vec<Piece> {
    vec![Piece::Text(before.to_owned()), Piece::Secret("s".to_owned()), Piece::Text(after.to_owned())]
}

#[test]
fn nothing_is_reachable_that_was_not_granted() {
    assert!(refused("https://crm.example.org/", &[]).contains("https://crm.example.org is not granted"));
    let api = &["https://crm.example.org/api/"];
    for foreign in [
        "http://crm.example.org/api/x",
        "https://crm.example.org:8443/api/x",
        "https://crm.example.org./api/x",
        "https://crm.example.org.evil.example/api/x",
        "https://evil.example/api/x",
        "https://sub.crm.example.org/api/x",
    ] {
        assert!(refused(foreign, api).contains("is not granted: name it"), "{foreign}");
    }
    for outside in
        ["https://crm.example.org/", "https://crm.example.org/apix", "https://crm.example.org/api/../x"]
    {
        let why = refused(outside, api);
        assert!(why.contains("the path is outside") && !why.contains("api"), "{outside}: {why}");
    }
    for hidden in ["..;/x", "a/..;b=c/x", "..%3b/x", "a/..%3Bb=c/x", "..%2fx", "%2e%2e/x", "..%5cx", "a%00"] {
        refused(&format!("https://crm.example.org/api/{hidden}"), api);
    }
    assert!(
        build(&text("https://CRM.example.org/api/x"), &Secrets::none())
            .and_then(|url| check(&url, Method::Get, &grants(api)))
            .is_ok()
    );
}

#[test]
fn a_grants_methods_are_those_of_its_own_path() {
    let mut granted = grants(&["https://crm.example.org/read/", "https://crm.example.org/write/"]);
    granted[0].methods = vec!["get".to_owned()];
    let may = |method, path: &str| {
        check(&format!("https://crm.example.org/{path}/x").parse().unwrap(), method, &granted).is_ok()
    };
    assert!(may(Method::Get, "read") && may(Method::Delete, "write"));
    assert!(!may(Method::Delete, "read") && !may(Method::Head, "read"));
}

#[test]
fn the_addresses_are_those_of_the_grants_that_cover_the_request() {
    let mut granted = grants(&["https://crm.example.org/a/", "https://crm.example.org/b/"]);
    granted[0].addresses = vec!["10.0.0.0/8".parse().unwrap()];
    let addresses = |path: &str| {
        check(&format!("https://crm.example.org/{path}/").parse().unwrap(), Method::Get, &granted).unwrap()
    };
    assert_eq!(addresses("a"), granted[0].addresses);
    assert_eq!(addresses("b"), []);
}

#[test]
fn a_host_that_is_an_address_is_written_plainly_and_has_to_be_public_or_granted() {
    let all = &[
        "http://127.0.0.1",
        "http://[::ffff:127.0.0.1]",
        "http://169.254.169.254",
        "http://[::1]",
        "http://8.8.8.8",
    ];
    for trick in [
        "http://0x7f.1/",
        "http://2130706433/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://[::ffff:127.0.0.1]/",
        "http://[0:0::1]/",
        "http://１２７.0.0.1/",
        "http://%31%32%37.0.0.1/",
    ] {
        let why = refused(trick, all);
        assert!(!why.contains("is not public"), "{trick} is refused for its form: {why}");
    }
    for inside in
        ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "http://[::ffff:7f00:1]/"]
    {
        assert!(refused(inside, all).contains("is not public"), "{inside}");
    }
    let url = build(&text("http://8.8.8.8/"), &Secrets::none()).unwrap();
    assert!(check(&url, Method::Get, &grants(all)).is_ok());
}

#[test]
fn what_is_no_plain_url_is_refused() {
    for bad in [
        "",
        "crm.example.org",
        "//crm.example.org/",
        "https:crm.example.org",
        "https:/crm.example.org/",
        "https:///crm.example.org/",
        "ftp://crm.example.org/",
        "file:///etc/passwd",
        "javascript://crm.example.org/",
        "https://me@crm.example.org/",
        "https://me:pw@crm.example.org/",
        "https://crm.example.org:pw@evil.example/",
        "https://crm.example.org\\@evil.example/",
        "https://crm.example.org\\x",
        "https://crm.exa\tmple.org/",
        " https://crm.example.org/",
        "https://crm.example.org/a b",
        "https://crm.example.org/\r\nx",
        "https://crm.example.org:99999/",
    ] {
        let why = refused(bad, &["https://crm.example.org"]);
        assert!(!why.contains("pw"), "{bad}: {why}");
    }
}

#[test]
fn a_fragment_stays_at_home() {
    let url = build(&text("https://crm.example.org/a?b#c"), &Secrets::none()).unwrap();
    assert_eq!(url.as_str(), "https://crm.example.org/a?b");
}

#[test]
fn a_secret_in_a_url_changes_neither_its_place_nor_its_structure() {
    let (_dir, secrets) = with_secret("a/b?c&d=e#f%2f:@ä");
    let url = build(&around("https://crm.example.org/x/", "/y?z=1"), &secrets).unwrap();
    assert_eq!(url.as_str(), "https://crm.example.org/x/a%2Fb%3Fc%26d%3De%23f%252f%3A%40%C3%A4/y?z=1");
    let url = build(&around("https://crm.example.org/x?key=", "&z=1"), &secrets).unwrap();
    assert_eq!(url.query_pairs().count(), 2);
    // Below a granted path no segment may hide a separator, not even a secret's.
    let url = build(&around("https://crm.example.org/x/", ""), &secrets).unwrap();
    assert!(check(&url, Method::Get, &grants(&["https://crm.example.org/x/"])).is_err());
    for dots in [".", ".."] {
        let (_dir, secrets) = with_secret(dots);
        let why = why(build(&around("https://crm.example.org/x/", "/y"), &secrets).unwrap_err());
        assert!(why.contains("would change"), "{why}");
    }
}

#[test]
fn scheme_host_and_port_hold_no_secret() {
    let (_dir, secrets) = with_secret("8443");
    for (before, after) in [
        ("", "://crm.example.org/"),
        ("https://", "/"),
        ("https://crm.example.org", "/"),
        ("https://crm.example.org:", "/"),
        ("https://", "@crm.example.org/"),
    ] {
        let why = why(build(&around(before, after), &secrets).unwrap_err());
        assert!(why.contains("none of that is a secret"), "{before}: {why}");
    }
}

#[test]
fn a_secret_goes_to_its_own_hosts_alone() {
    let (_dir, secrets) = with_secret("hush-hush");
    let why = why(build(&around("https://evil.example/", ""), &secrets).unwrap_err());
    assert!(why.contains("may not go to https://evil.example") && !why.contains("hush-hush"), "{why}");
}
