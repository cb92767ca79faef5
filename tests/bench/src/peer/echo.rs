//! The floor: takes a batch, marks each message as a response, sends the batch back. What this costs, every server pays.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

use super::{Room, words};
use crate::Failure;

/// Messages of one system call: more than 64 brings nothing.
const BATCH: usize = 64;
/// Octets of a query that fit.
const ROOM: usize = 512;

pub(super) fn command(room: &Room<'_>, geo: &Path) -> Result<Vec<String>, Failure> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let (program, geo) = (program.display().to_string(), geo.display().to_string());
    std::fs::create_dir_all(&room.folder).map_err(|error| error.to_string())?;
    Ok(words(&[&program, "--signpost", &program, "--geo", &geo, "echo", &room.address.to_string()]))
}

/// Runs the responder until it is killed.
pub fn run(address: SocketAddr) -> Result<(), Failure> {
    let socket = UdpSocket::bind(address).map_err(|error| format!("{address}: {error}"))?;
    let mut rooms = [[0u8; ROOM]; BATCH];
    let (mut incoming, mut outgoing) =
        (MultiHeaders::<SockaddrIn>::preallocate(BATCH, None), MultiHeaders::<SockaddrIn>::preallocate(BATCH, None));
    let mut received: Vec<(usize, Option<SockaddrIn>)> = Vec::with_capacity(BATCH);
    loop {
        received.clear();
        {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> = rooms.iter_mut().map(|room| [IoSliceMut::new(room)]).collect();
            match recvmmsg(socket.as_raw_fd(), &mut incoming, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None) {
                Ok(results) => received.extend(results.map(|message| (message.bytes, message.address))),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(format!("recvmmsg: {error}")),
            }
        }
        for room in rooms.iter_mut().take(received.len()) {
            room[2] |= 0x80;
        }
        let slices: Vec<[IoSlice<'_>; 1]> = rooms
            .iter()
            .zip(&received)
            .map(|(room, (length, _))| [IoSlice::new(room.get(..*length).unwrap_or_default())])
            .collect();
        let addresses: Vec<Option<SockaddrIn>> = received.iter().map(|(_, address)| *address).collect();
        // What the network does not take is lost, as with any server.
        if let Ok(results) = sendmmsg(socket.as_raw_fd(), &mut outgoing, &slices, addresses, [], MsgFlags::empty()) {
            results.for_each(drop);
        }
    }
}
