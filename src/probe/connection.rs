//! A connection to an endpoint: from the check's source address, to the endpoint's own.
//! The deadline over all of it is set by whoever connects.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl};
use tokio::net::{TcpSocket, TcpStream};

use crate::config::Check;
use crate::limits::{WATCH_KEEPALIVE, WATCH_KEEPALIVES_LOST_MAX};

/// Connects over TCP.
pub(super) async fn tcp(check: &Check, address: IpAddr) -> io::Result<TcpStream> {
    socket(check, address)?.connect(SocketAddr::new(address, check.port)).await
}

/// Connects over TCP and breaks off by a reset, as HAProxy does: a connection that is closed in good order stays in the kernel's
/// tables for a minute, and ten thousand checks a second would fill them.
pub(super) async fn tcp_broken_off(check: &Check, address: IpAddr) -> io::Result<()> {
    let socket = socket(check, address)?;
    socket.set_zero_linger()?;
    socket.connect(SocketAddr::new(address, check.port)).await.map(drop)
}

/// A connection that is to stand: the kernel asks now and then whether it still does, since a firewall on the way would forget it.
pub(super) async fn tcp_to_watch(check: &Check, address: IpAddr) -> io::Result<TcpStream> {
    let socket = socket(check, address)?;
    set_socket_keepalive(&socket, true)?;
    set_tcp_keepidle(&socket, WATCH_KEEPALIVE)?;
    set_tcp_keepintvl(&socket, WATCH_KEEPALIVE)?;
    set_tcp_keepcnt(&socket, WATCH_KEEPALIVES_LOST_MAX)?;
    socket.connect(SocketAddr::new(address, check.port)).await
}

fn socket(check: &Check, address: IpAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source(check, address) {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    Ok(socket)
}

/// A source is of one family; probes of the other go out as the system likes.
pub(super) fn source(check: &Check, address: IpAddr) -> Option<IpAddr> {
    check.source.filter(|source| source.is_ipv4() == address.is_ipv4())
}

/// The source, or any address of the family.
pub(super) fn source_or_any(check: &Check, address: IpAddr) -> IpAddr {
    let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    source(check, address).unwrap_or(any)
}
