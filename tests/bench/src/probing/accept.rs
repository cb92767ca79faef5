//! What is probed: takes every connection on one port of every loopback address and lets it go. Counts them.

use std::io::{BufRead, stdin};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept4, bind, listen, setsockopt, socket, sockopt::ReuseAddr,
};

use crate::Failure;

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Runs until nothing more can be read.
pub fn run(port: u16) -> Result<(), Failure> {
    let failed = |error: nix::Error| format!("port {port}: {error}");
    let listener = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).map_err(failed)?;
    setsockopt(&listener, ReuseAddr, &true).map_err(failed)?;
    bind(listener.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))).map_err(failed)?;
    listen(&listener, Backlog::MAXCONN).map_err(failed)?;
    std::thread::spawn(move || {
        loop {
            if let Ok(connection) = accept4(&listener, SockFlag::SOCK_CLOEXEC) {
                TAKEN.fetch_add(1, Ordering::Relaxed);
                drop(connection);
            }
        }
    });
    println!("ready");
    for _ in stdin().lock().lines().map_while(Result::ok) {
        println!("{}", TAKEN.load(Ordering::Relaxed));
    }
    Ok(())
}
