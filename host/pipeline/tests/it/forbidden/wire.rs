//! All packets of this network, by where they go. It has one interface, `lo`, and every packet passes there.

use std::{
    collections::BTreeMap,
    io::Read as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

/// `ETH_P_ALL`, in the order of the network.
const ALL: i32 = 0x0003_u16.to_be() as i32;

/// A socket that sees each packet as it is sent.
pub(crate) struct Wire {
    socket: Socket,
    /// Packets that `lo` had carried when the wire was tapped.
    before: u64,
}

// === impl Wire ===

impl Wire {
    pub(crate) fn tap() -> Self {
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(ALL))).unwrap();
        socket.set_recv_buffer_size(32 << 20).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self { socket, before: carried() }
    }

    /// How many packets went where since it was tapped. None was missed: the interface counts them too.
    pub(crate) fn seen(mut self) -> BTreeMap<IpAddr, u64> {
        let carried = carried() - self.before;
        // Nobody is called so; all that was sent before it is read before it.
        let last = IpAddr::from([198, 51, 100, 99]);
        UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"the end", (last, 9)).unwrap();
        let mut seen = BTreeMap::new();
        let mut packet = [0; 1 << 16];
        loop {
            let read = self.socket.read(&mut packet).unwrap();
            match destination(&packet[..read]) {
                Some(to) if to == last => break,
                to => *seen.entry(to.unwrap_or(Ipv4Addr::UNSPECIFIED.into())).or_insert(0) += 1,
            }
        }
        // Each is seen twice: as it leaves, and as it arrives.
        assert!(seen.values().sum::<u64>() >= 2 * carried, "the wire has missed some of {carried}: {seen:?}");
        seen
    }
}

fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(16..20)?).ok()?).into()),
        6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(packet.get(24..40)?).ok()?).into()),
        _ => None,
    }
}

/// Packets that `lo` has carried.
fn carried() -> u64 {
    let counters = std::fs::read_to_string("/proc/self/net/dev").unwrap();
    let lo = counters.lines().find_map(|line| line.trim_start().strip_prefix("lo:")).unwrap();
    lo.split_whitespace().nth(9).unwrap().parse().unwrap()
}
