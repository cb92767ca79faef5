//! Datagrams in batches: one `recvmmsg`, one `sendmmsg`, each reply from the address that was asked.
//!
//! The only file with unsafe code. Whatever the kernel reads or writes is an initialised array of plain octets or integers that a
//! [`Batch`] owns; pointers into it are made afresh for each call and forgotten with it, so that nothing refers into itself. What
//! the kernel wrote is then read by safe code, octet by octet. `udp.rs` decides what to do with the messages.
#![allow(unsafe_code, reason = "recvmmsg, sendmmsg and some socket options have no safe wrapper")]

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::offset_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::limits::{UDP_BATCH_LENGTH, UDP_QUERY_LENGTH_MAX, UDP_REPLY_LENGTH_MAX};

/// Room for a batch of queries and their replies, used again and again.
pub(super) struct Batch {
    slots: Box<[Slot]>,
    /// What the kernel is given; meaningful only during a call.
    headers: Box<[libc::mmsghdr]>,
    /// Likewise.
    vectors: Box<[libc::iovec]>,
    /// How many slots hold a query.
    received: usize,
    /// How many slots are offered to the kernel next: making them ready costs, so no more than lately came, and some.
    offered: usize,
}

/// Slots that are offered at least.
const OFFERED_MIN: usize = 8;
const _: () = assert!(OFFERED_MIN <= UDP_BATCH_LENGTH);

/// One query, who sent it and where to, and the reply.
struct Slot {
    peer: Address,
    peer_length: libc::socklen_t,
    control: Control,
    control_length: usize,
    query_length: usize,
    flags: c_int,
    reply_length: usize,
    query: [u8; UDP_QUERY_LENGTH_MAX],
    reply: [u8; UDP_REPLY_LENGTH_MAX],
}

/// One query of a batch, and room for its reply.
pub(super) struct Message<'batch> {
    /// Its octets.
    pub(super) query: &'batch [u8],
    /// Whether the datagram was longer than the room for it.
    pub(super) truncated: bool,
    /// Who sent it; `None` if the kernel names no address of ours.
    pub(super) peer: Option<SocketAddr>,
    /// Where the reply is written.
    pub(super) reply: &'batch mut [u8],
    /// How many octets of it are sent; none while it is 0.
    pub(super) reply_length: &'batch mut usize,
}

impl Batch {
    /// An empty one; it is half a mebibyte, so there is one for each worker.
    pub(super) fn new() -> Self {
        Self {
            slots: (0..UDP_BATCH_LENGTH).map(|_| Slot::empty()).collect(),
            headers: (0..UDP_BATCH_LENGTH).map(|_| empty_message()).collect(),
            vectors: vec![libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; UDP_BATCH_LENGTH].into(),
            received: 0,
            offered: OFFERED_MIN,
        }
    }

    /// Waits for a datagram, takes what else is there, and says how many; 0 if there was none within the socket's timeout.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.received = 0;
        let offered = self.slots.iter_mut().zip(&mut self.headers).zip(&mut self.vectors).take(self.offered);
        let mut count = 0;
        for ((slot, header), vector) in offered {
            *vector = libc::iovec { iov_base: slot.query.as_mut_ptr().cast(), iov_len: slot.query.len() };
            let header = &mut header.msg_hdr;
            header.msg_name = ptr::from_mut(&mut slot.peer).cast();
            header.msg_namelen = size_of::<Address>() as libc::socklen_t;
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_control = ptr::from_mut(&mut slot.control).cast();
            header.msg_controllen = size_of::<Control>();
            header.msg_flags = 0;
            count += 1;
        }
        let headers = self.headers.as_mut_ptr();
        // SAFETY: `headers` points to `count` headers at least, those that the loop above has just filled. Each names three pieces of
        // one slot and one vector, disjoint and exclusively borrowed through `self`, with their true sizes. All are plain octets and
        // integers: whatever the kernel writes is a value of their types. Nothing else touches them until the call returns, and the
        // kernel keeps no pointer after it. No time-out is passed.
        let received = unsafe { libc::recvmmsg(socket.as_raw_fd(), headers, count, libc::MSG_WAITFORONE, ptr::null_mut()) };
        let Ok(received) = usize::try_from(received) else { return nothing_yet(io::Error::last_os_error()) };
        self.received = received.min(self.offered);
        self.offered = (2 * self.received).clamp(OFFERED_MIN, UDP_BATCH_LENGTH);
        for (slot, header) in self.slots.iter_mut().zip(&self.headers).take(self.received) {
            slot.query_length = header.msg_len as usize;
            slot.peer_length = header.msg_hdr.msg_namelen;
            slot.flags = header.msg_hdr.msg_flags;
            slot.control_length = slot.control.turn(header.msg_hdr.msg_controllen);
            slot.reply_length = 0;
        }
        Ok(self.received)
    }

    /// The queries received, in order.
    pub(super) fn messages(&mut self) -> impl Iterator<Item = Message<'_>> {
        self.slots.iter_mut().take(self.received).map(|slot| Message {
            query: slot.query.get(..slot.query_length).unwrap_or(&slot.query),
            truncated: slot.flags & libc::MSG_TRUNC != 0,
            peer: slot.peer.read(slot.peer_length),
            reply: &mut slot.reply,
            reply_length: &mut slot.reply_length,
        })
    }

    /// Sends the replies; `done` hears of each one, by its place in the batch, whether the network took it.
    ///
    /// One that can't be sent, or not at once, is passed over and the others go on: waiting would stop the queries of all clients.
    pub(super) fn send(&mut self, socket: BorrowedFd<'_>, mut done: impl FnMut(usize, bool)) {
        let mut places = [0; UDP_BATCH_LENGTH];
        let mut headers = self.fill_replies(&mut places);
        let mut places = places.into_iter();
        while !headers.is_empty() {
            // SAFETY: `fill_replies` has filled all of these just before, and they borrow the whole batch until the last is sent.
            let (count, taken) = match unsafe { send_headers(socket, headers) } {
                Ok(sent) => (sent, true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The kernel reports only the failure of the first message, so the next ones deserve their own attempt.
                Err(_) => (1, false),
            };
            places.by_ref().take(count).for_each(|place| done(place, taken));
            headers = headers.get_mut(count..).unwrap_or_default();
        }
        self.received = 0;
    }

    /// A header for each reply there is, ready to be sent, and its place in the batch.
    fn fill_replies(&mut self, places: &mut [usize; UDP_BATCH_LENGTH]) -> &mut [libc::mmsghdr] {
        let replies = self.slots.iter_mut().take(self.received).enumerate().filter(|(_, slot)| slot.reply_length > 0);
        let rooms = self.headers.iter_mut().zip(&mut self.vectors).zip(places);
        let mut count = 0;
        for ((index, slot), ((header, vector), place)) in replies.zip(rooms) {
            *place = index;
            let length = slot.reply_length.min(slot.reply.len());
            *vector = libc::iovec { iov_base: slot.reply.as_mut_ptr().cast(), iov_len: length };
            let header = &mut header.msg_hdr;
            header.msg_name = ptr::from_mut(&mut slot.peer).cast();
            header.msg_namelen = slot.peer_length.min(size_of::<Address>() as libc::socklen_t);
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_control = if slot.control_length == 0 { ptr::null_mut() } else { ptr::from_mut(&mut slot.control).cast() };
            header.msg_controllen = slot.control_length.min(size_of::<Control>());
            header.msg_flags = 0;
            count += 1;
        }
        self.headers.get_mut(..count).unwrap_or_default()
    }
}

/// Sends the messages in order and says how many the network took: at least one, or why it did not take the first.
///
/// # Safety
///
/// All pointers in the headers must be null with a length of 0, or name that many initialised octets that nobody writes meanwhile.
unsafe fn send_headers(socket: BorrowedFd<'_>, headers: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let count = headers.len() as libc::c_uint;
    // SAFETY: `headers` is an exclusive slice of `count` headers, whose pointers are good as the caller promises. The kernel only
    // reads what they name, writes `msg_len` in each header, and keeps no pointer after the call.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count, libc::MSG_DONTWAIT) };
    match usize::try_from(sent) {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        Ok(sent) => Ok(sent),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

impl Slot {
    fn empty() -> Self {
        Self {
            peer: Address([0; ADDRESS_LENGTH]),
            peer_length: 0,
            control: Control { header: empty_control(), data: [0; 24] },
            control_length: 0,
            query_length: 0,
            flags: 0,
            reply_length: 0,
            query: [0; UDP_QUERY_LENGTH_MAX],
            reply: [0; UDP_REPLY_LENGTH_MAX],
        }
    }
}

fn empty_message() -> libc::mmsghdr {
    // SAFETY: an `mmsghdr` is pointers, which may be null, and integers, which may be 0; on some systems also private padding,
    // which is why it can't be written as a literal.
    unsafe { std::mem::zeroed() }
}

fn empty_control() -> libc::cmsghdr {
    // SAFETY: a `cmsghdr` is three integers, which may be 0, and on some systems private padding.
    unsafe { std::mem::zeroed() }
}

/// Nothing came within the time-out, or a signal did: no failure, only no queries yet.
fn nothing_yet(error: io::Error) -> io::Result<usize> {
    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) { Ok(0) } else { Err(error) }
}

/// A `sockaddr_in` or `sockaddr_in6` as octets.
#[repr(C, align(8))]
struct Address([u8; ADDRESS_LENGTH]);

const ADDRESS_LENGTH: usize = size_of::<libc::sockaddr_in6>();

const _: () = {
    assert!(size_of::<libc::sockaddr_in>() <= ADDRESS_LENGTH && ADDRESS_LENGTH <= size_of::<Address>());
    assert!(offset_of!(libc::sockaddr_in, sin_port) == 2 && offset_of!(libc::sockaddr_in, sin_addr) == 4);
    assert!(offset_of!(libc::sockaddr_in6, sin6_port) == 2 && offset_of!(libc::sockaddr_in6, sin6_flowinfo) == 4);
    assert!(offset_of!(libc::sockaddr_in6, sin6_addr) == 8 && offset_of!(libc::sockaddr_in6, sin6_scope_id) == 24);
};

impl Address {
    fn read(&self, length: libc::socklen_t) -> Option<SocketAddr> {
        let octets = self.0.get(..(length as usize).min(self.0.len()))?;
        let (family, octets) = octets.split_first_chunk()?;
        let (port, octets) = octets.split_first_chunk()?;
        let port = u16::from_be_bytes(*port);
        match c_int::from(libc::sa_family_t::from_ne_bytes(*family)) {
            libc::AF_INET => {
                let ip: [u8; 4] = *octets.first_chunk()?;
                Some(SocketAddrV4::new(Ipv4Addr::from(ip), port).into())
            }
            libc::AF_INET6 => {
                let (flow, octets) = octets.split_first_chunk()?;
                let (ip, octets) = octets.split_first_chunk::<16>()?;
                let scope = *octets.first_chunk()?;
                let (flow, scope) = (u32::from_ne_bytes(*flow), u32::from_ne_bytes(scope));
                Some(SocketAddrV6::new(Ipv6Addr::from(*ip), port, flow, scope).into())
            }
            _ => None,
        }
    }
}

/// One control message: a `cmsghdr` and an `in_pktinfo` or `in6_pktinfo` as octets.
///
/// It comes only where `udp.rs` asked for it (on wildcard sockets), and goes back almost as it came.
#[repr(C)]
struct Control {
    header: libc::cmsghdr,
    data: [u8; 24],
}

const _: () = {
    // CMSG_DATA: data follow the header, up to the next boundary of a `size_t`.
    assert!(offset_of!(Control, data) == size_of::<libc::cmsghdr>() && offset_of!(Control, data) % size_of::<usize>() == 0);
    assert!(size_of::<libc::in_pktinfo>() == 12 && size_of::<libc::in6_pktinfo>() == 20);
    assert!(offset_of!(libc::in_pktinfo, ipi_ifindex) == 0 && offset_of!(libc::in6_pktinfo, ipi6_ifindex) == 16);
};

impl Control {
    /// Makes of "it came to this address" "send it from this address"; gives the octets of control to send, which may be none.
    ///
    /// The interface is forgotten so that routing decides, except where an address means nothing without it.
    fn turn(&mut self, length: usize) -> usize {
        let interface = match (self.header.cmsg_level, self.header.cmsg_type) {
            _ if length == 0 => return 0,
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => self.data.get_mut(0..4),
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if self.is_link_local() => None,
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => self.data.get_mut(16..20),
            _ => return 0,
        };
        if let Some(interface) = interface {
            interface.fill(0);
        }
        length.min(size_of::<Self>())
    }

    /// RFC 4291 §2.4: fe80::/10.
    fn is_link_local(&self) -> bool {
        self.data.first_chunk().is_some_and(|ip: &[u8; 16]| Ipv6Addr::from(*ip).is_unicast_link_local())
    }
}

/// The path's MTU is not learned from ICMP, which anybody can forge, and so no datagram is cut to pieces by a forged one.
pub(super) fn ignore_path_mtu(socket: BorrowedFd<'_>, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => set_option(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_OMIT),
        SocketAddr::V6(_) => set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, libc::IPV6_PMTUDISC_OMIT),
    }
}

/// Queries come with the address that they were sent to.
pub(super) fn receive_local_address(socket: BorrowedFd<'_>, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => set_option(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1),
        SocketAddr::V6(_) => set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1),
    }
}

fn set_option(socket: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let (pointer, length) = (ptr::from_ref(&value).cast::<c_void>(), size_of::<c_int>() as libc::socklen_t);
    // SAFETY: `pointer` names `length` octets, the initialised `value`, which outlives the call; the kernel only reads them.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, pointer, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use super::*;

    fn server(address: &str) -> UdpSocket {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let address = socket.local_addr().unwrap();
        ignore_path_mtu(socket.as_fd(), address).unwrap();
        receive_local_address(socket.as_fd(), address).unwrap();
        socket
    }

    fn echo(batch: &mut Batch) {
        for message in batch.messages() {
            message.reply[..message.query.len()].copy_from_slice(message.query);
            *message.reply_length = message.query.len();
        }
    }

    fn sent(batch: &mut Batch, socket: &UdpSocket) -> Vec<(usize, bool)> {
        let mut sent = Vec::new();
        batch.send(socket.as_fd(), |place, taken| sent.push((place, taken)));
        sent
    }

    #[test]
    fn replies_come_from_the_address_asked_and_carry_their_octets() {
        for (bound, asked) in
            [("0.0.0.0:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.2"), ("127.0.0.2:0", "127.0.0.2"), ("[::]:0", "::1")]
        {
            let socket = server(bound);
            let asked = SocketAddr::new(asked.parse().unwrap(), socket.local_addr().unwrap().port());
            let client = UdpSocket::bind((if asked.is_ipv4() { "127.0.0.1" } else { "::1" }, 0)).unwrap();
            let mut batch = Batch::new();
            client.send_to(b"hello", asked).unwrap();
            assert_eq!(batch.receive(socket.as_fd()).unwrap(), 1);
            let message = batch.messages().next().unwrap();
            assert_eq!((message.query, message.peer, message.truncated), (&b"hello"[..], client.local_addr().ok(), false));
            echo(&mut batch);
            assert_eq!(sent(&mut batch, &socket), [(0, true)]);
            let mut reply = [0; 64];
            assert_eq!(client.recv_from(&mut reply).unwrap(), (5, asked));
            assert_eq!(&reply[..5], b"hello");
        }
    }

    /// Sends that many datagrams, echoes them in as many batches as it takes, and gives what became of each reply of each batch.
    fn echo_all(count: usize, mut alter: impl FnMut(&mut Batch)) -> Vec<Vec<(usize, bool)>> {
        let (socket, client) = (server("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut batch = Batch::new();
        (0..count).for_each(|n| assert!(client.send_to(&[n as u8], socket.local_addr().unwrap()).is_ok()));
        let (mut left, mut batches) = (count, Vec::new());
        while left > 0 {
            let received = batch.receive(socket.as_fd()).unwrap();
            assert!(received > 0, "{left} datagrams are lost");
            left -= received;
            echo(&mut batch);
            alter(&mut batch);
            batches.push(sent(&mut batch, &socket));
        }
        assert_eq!(sent(&mut batch, &socket), [], "nothing is sent twice");
        let replies = batches.iter().flatten().filter(|(_, taken)| *taken).count();
        (0..replies).for_each(|_| assert_eq!(client.recv(&mut [0; 2]).unwrap(), 1));
        batches
    }

    #[test]
    fn a_batch_is_at_most_its_length_and_is_used_again() {
        let batches = echo_all(UDP_BATCH_LENGTH + 1, |_| ());
        assert!(batches.len() > 1 && batches.iter().all(|batch| batch.len() <= UDP_BATCH_LENGTH));
        assert_eq!(batches.concat().len(), UDP_BATCH_LENGTH + 1);
    }

    #[test]
    fn one_reply_that_cannot_be_sent_does_not_stop_the_others() {
        // Nobody can be sent to at port 0; every third query is not answered at all.
        let batches = echo_all(11, |batch| {
            batch.slots.iter_mut().skip(1).step_by(3).for_each(|slot| slot.peer.0[2..4].fill(0));
            batch.slots.iter_mut().skip(2).step_by(3).for_each(|slot| slot.reply_length = 0);
        });
        for batch in batches {
            assert!(batch.iter().all(|&(place, taken)| place % 3 != 2 && taken == (place % 3 == 0)), "{batch:?}");
        }
    }

    #[test]
    fn a_datagram_that_is_too_long_is_marked_and_none_is_no_error() {
        let socket = server("127.0.0.1:0");
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut batch = Batch::new();
        for (length, truncated) in [(UDP_QUERY_LENGTH_MAX, false), (UDP_QUERY_LENGTH_MAX + 1, true), (0, false)] {
            client.send_to(&vec![7; length], socket.local_addr().unwrap()).unwrap();
            assert_eq!(batch.receive(socket.as_fd()).unwrap(), 1);
            let message = batch.messages().next().unwrap();
            assert_eq!((message.query.len(), message.truncated), (length.min(UDP_QUERY_LENGTH_MAX), truncated));
        }
        socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        assert_eq!(batch.receive(socket.as_fd()).unwrap(), 0);
        assert!(batch.messages().next().is_none());
    }

    #[test]
    fn the_interface_is_kept_for_link_local_addresses_only() {
        let control = |ip: &str| {
            let mut control = Control { header: empty_control(), data: [7; 24] };
            (control.header.cmsg_level, control.header.cmsg_type) = (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO);
            control.data[..16].copy_from_slice(&ip.parse::<Ipv6Addr>().unwrap().octets());
            assert_eq!((control.turn(0), control.turn(40)), (0, 40));
            control.data[16..20].to_vec()
        };
        assert_eq!((control("fe80::1"), control("2001:db8::1")), (vec![7; 4], vec![0; 4]));
        assert_eq!(Control { header: empty_control(), data: [7; 24] }.turn(40), 0, "a message that we did not ask for");
    }

    #[test]
    fn an_address_cut_short_or_of_another_family_is_none() {
        for (family, whole, text) in
            [(libc::AF_INET, 8, "1.2.3.4:513"), (libc::AF_INET6, 28, "[1::%9]:513"), (libc::AF_UNIX, 99, "")]
        {
            let mut address = Address([0; ADDRESS_LENGTH]);
            address.0[..2].copy_from_slice(&(family as libc::sa_family_t).to_ne_bytes());
            address.0[2..8].copy_from_slice(&[2, 1, 1, 2, 3, 4]);
            if family == libc::AF_INET6 {
                address.0[4..10].copy_from_slice(&[0, 0, 0, 0, 0, 1]);
                address.0[24..].copy_from_slice(&9_u32.to_ne_bytes());
            }
            for length in 0..=40 {
                let read = address.read(length).map(|address| address.to_string());
                assert_eq!(read.as_deref(), (length >= whole).then_some(text), "family {family}, {length} octets");
            }
        }
    }
}
