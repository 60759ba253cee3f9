//! Addresses that are not public, of every kind that there is.

use std::net::Ipv6Addr;

/// One that nothing is said against; here it is this process as well.
pub(super) const PUBLIC: &str = "93.184.216.34";

/// Private, shared, of this machine, of a cloud, for documents and tests, or not given out.
const REACHED: [&str; 33] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.254",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.1.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "::",
    "::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "100::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
];

/// Those that hide a private IPv4 address: mapped, compatible, translated, NAT64 by either prefix, 6to4, Teredo.
pub(super) const HIDING: [&str; 13] = [
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1:a9fe:a9:fe00::",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:808:808::80ff:fffe",
    "2001::1",
];

/// Those that hide a public one.
pub(super) const HIDING_PUBLIC: [&str; 3] =
    ["::ffff:93.184.216.34", "64:ff9b::5db8:d822", "2002:5db8:d822::1"];

/// Those to which nobody can connect here, whatever is granted.
const UNREACHED: [&str; 7] =
    ["224.0.0.1", "239.255.255.250", "255.255.255.255", "fe80::1", "febf::1", "ff02::1", "ff0e::1"];

/// What leads there, as the contract wants it written.
pub(super) fn url(address: &str, port: u16) -> String {
    let six = address.parse::<Ipv6Addr>().ok();
    let host = six.map_or(address.to_owned(), |_| {
        let url: String = format!("http://[{address}]/");
        url.parse::<patchbay_types::egress::GrantUrl>().unwrap().url().host_str().unwrap().to_owned()
    });
    format!("http://{host}:{port}/")
}

pub(super) fn reached() -> impl Iterator<Item = &'static str> {
    REACHED.into_iter().chain(HIDING).chain(HIDING_PUBLIC)
}

pub(super) fn all() -> impl Iterator<Item = &'static str> {
    reached().chain(UNREACHED)
}
