//! Which addresses may be called. What is not globally routable is where a host keeps what it trusts: its own services,
//! its neighbours, a cloud's metadata. Such an address is called only if a grant holds it.
//!
//! By IANA's registries of special-purpose addresses, read strictly: for IPv6, what was handed out for global use
//! (`2000::/3`) less its special blocks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Whether `address` is public or lies in `granted`. An IPv4 address inside an IPv6 one is where a packet ends up, so
/// it has to be fine as well.
pub(crate) fn may_be_called(address: IpAddr, granted: &[IpNet]) -> bool {
    let fine = |address: IpAddr| is_public(address) || granted.iter().any(|net| net.contains(&address));
    let inside = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(outer) => embedded(outer),
    };
    fine(address) && inside.is_none_or(|inner| fine(IpAddr::V4(inner)))
}

/// Whether anybody on the internet would reach the same host by this address: others may be called only where a grant holds them.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// The IPv4 address that `address` leads to by its form: mapped, compatible, NAT64, 6to4, Teredo.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let last = join(g, h);
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0) if g != 0 || h > 1 => Some(last),
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(last),
        // RFC 8215 leaves the form to its network: the last 32 bits, or behind a /48 as RFC 6052 has it.
        (0x64, 0xff9b, 1, _, _, _) if g != 0 || h != 0 => Some(last),
        (0x64, 0xff9b, 1, high, low, rest) => Some(join(high, (low << 8) | (rest >> 8))),
        (0x2002, high, low, _, _, _) => Some(join(high, low)),
        (0x2001, 0, _, _, _, _) => Some(join(!g, !h)),
        _ => None,
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

const NOT_PUBLIC_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),        // "this network"; 0.0.0.0 is the own host
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // carrier-grade NAT; 100.100.100.200 is metadata
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // Azure's own services, inside each of its machines
    v4(169, 254, 0, 0, 16),   // link-local; 169.254.169.254 is metadata
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 88, 99, 0, 24),   // 6to4 relays
    v4(192, 168, 0, 0, 16),   // private
    v4(198, 18, 0, 0, 15),    // benchmarking
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, and broadcast
];

const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

const NOT_PUBLIC_V6: [Ipv6Net; 5] = [
    v6(0x2001, 0, 0, 23),     // protocol assignments: Teredo, benchmarking, ORCHID
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x2002, 0, 0, 16),     // 6to4
    v6(0x3ffe, 0, 0, 16),     // the 6bone, given back
    v6(0x3fff, 0, 0, 20),     // documentation
];

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str, granted: &[&str]) -> bool {
        let granted: Vec<IpNet> = granted.iter().map(|net| net.parse().unwrap()).collect();
        may_be_called(address.parse().unwrap(), &granted)
    }

    #[test]
    fn a_public_address_may_be_called() {
        for public in ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "192.0.1.1", "223.255.255.255"] {
            assert!(allowed(public, &[]), "{public}");
        }
        for public in ["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2400:cb00::1"] {
            assert!(allowed(public, &[]), "{public}");
        }
    }

    #[test]
    fn what_is_not_globally_routable_is_refused() {
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "100::1",
            "2001:db8::1",
            "2001:2::1",
            "2001:10::1",
            "3fff::1",
            "5f00::1",
            "4000::1",
        ] {
            assert!(!allowed(bad, &[]), "{bad}");
        }
    }

    #[test]
    fn an_address_that_hides_another_is_refused_even_if_the_hidden_one_is_public() {
        for bad in [
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::7f00:1",
            "64:ff9b:1:7f00:0:100::",
            "2002:7f00:1::",
            "2002:808:808::1",
            "2001:0:808:808::80ff:fffe",
        ] {
            assert!(!allowed(bad, &[]), "{bad}");
        }
    }

    #[test]
    fn a_grant_opens_its_own_addresses_and_no_others() {
        assert!(allowed("10.1.2.3", &["10.1.2.0/24"]));
        assert!(!allowed("10.1.3.3", &["10.1.2.0/24"]));
        assert!(allowed("127.0.0.1", &["127.0.0.1/32"]));
        assert!(!allowed("127.0.0.2", &["127.0.0.1/32"]));
        assert!(allowed("fd00::1", &["fd00::/8"]));
    }

    #[test]
    fn a_granted_outer_address_does_not_open_the_inner_one() {
        assert!(allowed("64:ff9b::808:808", &["64:ff9b::/96"]));
        for bad in [
            "64:ff9b::7f00:1",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "2001:0:808:808::80ff:fffe",
            "::10.0.0.1",
        ] {
            assert!(!allowed(bad, &["::/0"]), "{bad}");
        }
        assert!(allowed("64:ff9b::a01:203", &["64:ff9b::/96", "10.1.2.0/24"]));
        assert!(!allowed("::ffff:127.0.0.1", &["127.0.0.0/8"]), "the grant names the IPv4 form alone");
    }
}
