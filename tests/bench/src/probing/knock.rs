//! The floor of what a tcp check can cost: one thread, one epoll, non-blocking connects, each closed as soon as it stands.
//!
//! Connects go out in the rhythm of a millisecond, as many as keep the rate, so that it wakes as often as a prober must. Closing is by
//! reset, as Signpost's is. No time is noted, nothing is judged, nothing is told.

use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc::linger;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, connect, getsockopt, setsockopt, socket,
    sockopt::{Linger, SocketError},
};

use super::address;
use crate::Failure;

const TICK: Duration = Duration::from_millis(1);

/// Runs until it is ended.
pub fn run(port: u16, endpoints: u32, rate: u32) -> Result<(), Failure> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| error.to_string())?;
    let mut events = vec![EpollEvent::empty(); 1024];
    // By the number of the descriptor.
    let mut sockets: Vec<Option<OwnedFd>> = Vec::new();
    let begun = Instant::now();
    let mut sent: u64 = 0;
    loop {
        let due = (begun.elapsed().as_micros() as u64 * u64::from(rate)) / 1_000_000;
        while sent < due {
            let to = SocketAddrV4::new(address((sent % u64::from(endpoints)) as u32), port);
            let socket = knock(&epoll, to).map_err(|error| error.to_string())?;
            let number = socket.as_raw_fd() as usize;
            if sockets.len() <= number {
                sockets.resize_with(number + 1, || None);
            }
            sockets[number] = Some(socket);
            sent += 1;
        }
        let came = epoll.wait(&mut events, TICK.as_millis() as u16).unwrap_or(0);
        for event in events.iter().take(came) {
            if let Some(socket) = sockets.get_mut(event.data() as usize).and_then(Option::take) {
                let _ = getsockopt(&socket, SocketError);
            }
        }
    }
}

fn knock(epoll: &Epoll, to: SocketAddrV4) -> Result<OwnedFd, Errno> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket: OwnedFd = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    setsockopt(&socket, Linger, &linger { l_onoff: 1, l_linger: 0 })?;
    match connect(socket.as_raw_fd(), &SockaddrIn::from(to)) {
        Ok(()) | Err(Errno::EINPROGRESS) => {}
        Err(error) => return Err(error),
    }
    epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLOUT | EpollFlags::EPOLLONESHOT, socket.as_raw_fd() as u64))?;
    Ok(socket)
}
