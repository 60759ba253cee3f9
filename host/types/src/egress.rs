//! Ways out of the house, as configuration says them: which addresses an adapter may call, which secrets may be sent
//! where, how much of everything. Parsed and checked here; carried out by the crate `egress`.

use std::{fmt, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use crate::units::{Bytes, Span};

/// One place that an adapter may call: an origin, below a path, by some methods. Written as its URL alone, or as a table
/// with `url`, `methods` and `addresses`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpGrant {
    /// `https://crm.example.org/api/`: scheme, host, port, and the path that everything called has to lie below.
    pub url: GrantUrl,
    /// Lower case; empty: all that the contract has.
    pub methods: Vec<String>,
    /// Addresses that may be called though they are not public, such as `10.1.2.0/24`. Without this only public ones
    /// may: no loopback, private, link-local, metadata or embedded address.
    pub addresses: Vec<IpNet>,
}

/// A URL without user, query or fragment, of scheme `http` or `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantUrl(Url);

/// A secret of a tenant, by the name that plugins use. Its values come from the environment or from files, and never
/// stand in a configuration file, since those are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretConfig {
    /// Where its values are. The first one is sent and signs; while a secret is changed, all of them verify.
    pub from: OneOrMany<SecretSource>,
    /// Origins that it may be sent to, such as `https://crm.example.org`; none: it is never sent.
    #[serde(default)]
    pub hosts: Vec<GrantUrl>,
    /// A plugin may have something signed with it.
    #[serde(default)]
    pub sign: bool,
}

/// Where a value lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum SecretSource {
    /// In the environment.
    Env {
        /// The variable's name.
        env: String,
    },
    /// In a file beside `patchbay.toml`, unless absolute; white space around it is dropped.
    File {
        /// Its path.
        file: String,
    },
}

/// One, or several in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several, in order.
    Many(Vec<T>),
}

/// Bounds of every request that leaves, and how it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct EgressConfig {
    /// A proxy that everything goes through, such as `http://proxy.example.org:3128`. It looks addresses up itself, so
    /// what is private has to be kept out there; an address written as a number is still checked here.
    pub proxy: Option<String>,
    /// PEM files of certificate authorities that are trusted besides the machine's own.
    pub ca: Vec<String>,
    /// The longest that one request may take, whatever an adapter asks for.
    pub timeout: Span,
    /// The longest that a connection may take to come about.
    pub connect_timeout: Span,
    /// The largest body that is sent.
    pub request: Bytes,
    /// The largest body that is taken, after decompression.
    pub response: Bytes,
    /// Requests of one adapter under way at once.
    pub concurrency: u32,
}

// === impl HttpGrant ===

impl HttpGrant {
    /// Everything below `url`, at public addresses.
    #[must_use]
    pub fn of(url: GrantUrl) -> Self {
        Self { url, methods: Vec::new(), addresses: Vec::new() }
    }
}

/// The table's form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    url: GrantUrl,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Net>,
}

struct Net(IpNet);

impl Serialize for HttpGrant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.methods.is_empty() && self.addresses.is_empty() {
            return self.url.serialize(serializer);
        }
        let addresses = self.addresses.iter().copied().map(Net).collect();
        Table { url: self.url.clone(), methods: self.methods.clone(), addresses }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HttpGrant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = HttpGrant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a URL, or a table with `url`, `methods` and `addresses`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HttpGrant, E> {
                text.parse().map(HttpGrant::of).map_err(E::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<HttpGrant, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let mut methods = table.methods;
                for method in &mut methods {
                    method.make_ascii_lowercase();
                    if !METHODS.contains(&method.as_str()) {
                        let why = format!("`{method}` is no method of the contract: {}", METHODS.join(", "));
                        return Err(de::Error::custom(why));
                    }
                }
                let addresses = table.addresses.into_iter().map(|Net(net)| net).collect();
                Ok(HttpGrant { url: table.url, methods, addresses })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The contract's methods.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

impl Serialize for Net {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Net {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let single = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        let net = text.parse::<IpNet>().or_else(|_| single());
        net.map(|net| Self(net.trunc())).map_err(|_| {
            de::Error::custom(format!("`{text}` is no address and no network such as 10.1.2.0/24"))
        })
    }
}

// === impl GrantUrl ===

impl GrantUrl {
    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether `url` has the same scheme, host and port.
    #[must_use]
    pub fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin() && url.host().is_some()
    }

    /// Whether `url` has the same origin and lies below the path.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        let prefix = self.0.path().trim_end_matches('/');
        if !self.is_origin_of(url) {
            return false;
        }
        if prefix.is_empty() {
            return true;
        }
        let below =
            url.path().strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && !hides_a_separator(url.path())
    }
}

/// Servers differ in whether they decode these before or after they look for `..`.
fn hides_a_separator(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["%2f", "%5c", "%2e", "%00", "\\"].iter().any(|hidden| path.contains(hidden))
}

impl FromStr for GrantUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('@') {
            return Err("a granted URL holds no user and no password: name a secret instead".to_owned());
        }
        let url = Url::parse(text)
            .map_err(|error| format!("`{text}` is no URL such as https://crm.example.org/api/: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("`{text}`: only http and https can be granted"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{text}`: a grant ends with a path, without query or fragment"));
        }
        if hides_a_separator(url.path()) {
            return Err(format!("`{text}`: write the path without %2e, %2f or %5c"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for GrantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for GrantUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GrantUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

// === impl OneOrMany ===

impl<T> OneOrMany<T> {
    /// All of them, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            proxy: None,
            ca: Vec::new(),
            timeout: Span::millis(30_000),
            connect_timeout: Span::millis(10_000),
            request: Bytes::mib(16),
            response: Bytes::mib(4),
            concurrency: 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Grants {
        http: Vec<HttpGrant>,
    }

    fn grants(toml: &str) -> Result<Vec<HttpGrant>, String> {
        toml::from_str::<Grants>(toml).map(|grants| grants.http).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_grant_is_a_url_or_a_table_and_reads_back_as_it_was_written() {
        let text = "http = ['https://a.example/', { url = 'http://b.example:8080/api', methods = ['GET'], \
                    addresses = ['10.1.2.3/8', '::1'] }]";
        let read = grants(text).unwrap();
        assert_eq!(read[0], HttpGrant::of("https://a.example/".parse().unwrap()));
        assert_eq!(read[1].methods, ["get"]);
        assert_eq!(read[1].addresses, ["10.0.0.0/8".parse::<IpNet>().unwrap(), "::1/128".parse().unwrap()]);
        let kept = toml::to_string(&Grants { http: read }).unwrap();
        assert_eq!(toml::from_str::<Grants>(&kept).unwrap(), toml::from_str::<Grants>(text).unwrap());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (bad, named) in [
            ("'crm.example.org'", "crm.example.org"),
            ("'ftp://crm.example.org'", "only http and https"),
            ("'https://me:pw@crm.example.org'", "name a secret"),
            ("'https://crm.example.org/?a=b'", "without query"),
            ("'https://crm.example.org/a%2fb'", "%2f"),
            ("{ url = 'https://a.example', methods = ['connect'] }", "connect"),
            ("{ url = 'https://a.example', addresses = ['ten'] }", "ten"),
            ("{ url = 'https://a.example', adresses = [] }", "adresses"),
        ] {
            let error = grants(&format!("http = [{bad}]")).unwrap_err();
            assert!(error.contains(named), "{bad}: {error}");
            assert!(!error.contains("me:pw"), "{error}");
        }
    }

    #[test]
    fn a_path_is_covered_by_whole_segments_and_never_by_a_hidden_one() {
        let covers =
            |grant: &str, url: &str| grant.parse::<GrantUrl>().unwrap().covers(&Url::parse(url).unwrap());
        assert!(covers("https://a.example", "https://a.example/x?y"));
        assert!(covers("https://a.example/api/", "https://a.example/api/x"));
        assert!(covers("https://a.example/api", "https://a.example/api"));
        for foreign in [
            "https://a.example/apis",
            "https://a.example/",
            "https://a.example/api/../x",
            "https://a.example/api/%2e%2e/x",
            "https://a.example/api/..%2fx",
            "https://a.example/api/..%5Cx",
            "https://a.example:444/api/x",
            "http://a.example/api/x",
            "https://b.example/api/x",
            "https://a.example.evil.example/api/x",
            "https://a.example@evil.example/api/x",
        ] {
            assert!(!covers("https://a.example/api", foreign), "{foreign}");
        }
    }
}
