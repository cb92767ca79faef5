//! A connection to an endpoint: from the check's source address, to the endpoint's own.
//! The deadline over all of it is set by whoever connects.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpSocket, TcpStream};

use crate::config::Check;

/// Connects over TCP.
pub(super) async fn tcp(check: &Check, address: IpAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source(check, address) {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(SocketAddr::new(address, check.port)).await
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
