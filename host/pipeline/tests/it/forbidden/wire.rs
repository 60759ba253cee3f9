//! All packets of this network, by where they go. It has one interface, `lo`, and every packet passes there.

use std::{
    collections::BTreeMap,
    io::Read as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    thread::{self, JoinHandle},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

/// `ETH_P_ALL`, in the order of the network.
const ALL: i32 = 0x0003_u16.to_be() as i32;

/// Nobody is called so: a packet that goes there is the last one that is looked at.
const LAST: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 99));

/// A socket that sees each packet as it is sent, and a thread that reads it, so that none is lost for want of space.
pub(crate) struct Wire {
    reading: JoinHandle<BTreeMap<IpAddr, u64>>,
    /// Packets that `lo` had carried when the wire was tapped.
    before: u64,
}

// === impl Wire ===

impl Wire {
    pub(crate) fn tap() -> Self {
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(ALL))).unwrap();
        socket.set_recv_buffer_size(8 << 20).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let before = carried();
        Self { reading: thread::spawn(move || read(socket)), before }
    }

    /// How many packets went where since it was tapped. None was missed: the interface counts them too.
    pub(crate) fn seen(self) -> BTreeMap<IpAddr, u64> {
        let carried = carried() - self.before;
        UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"the end", (LAST, 9)).unwrap();
        let seen = self.reading.join().unwrap();
        // Each is seen twice: as it leaves, and as it arrives.
        assert!(seen.values().sum::<u64>() >= 2 * carried, "the wire has missed some of {carried}: {seen:?}");
        seen
    }
}

fn read(mut socket: Socket) -> BTreeMap<IpAddr, u64> {
    let (mut seen, mut packet) = (BTreeMap::new(), [0; 1 << 16]);
    loop {
        let read = socket.read(&mut packet).unwrap();
        match destination(&packet[..read]) {
            Some(LAST) => return seen,
            to => *seen.entry(to.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))).or_insert(0) += 1,
        }
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
