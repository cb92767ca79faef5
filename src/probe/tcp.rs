//! One run of a tcp check: a connection that is made and closed.
//! No byte is sent. The deadline over all of it is set by the caller.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::reason::{self, Fault};
use crate::config::Check;

/// One run, at an end by the deadline; the fault if it failed.
pub(super) async fn run(check: &Check, address: IpAddr) -> Result<(), Fault> {
    let connected = timeout(check.timeout, connect(SocketAddr::new(address, check.port), check.source)).await;
    connected.map_err(|_| reason::no_answer(check.timeout))?.map(drop).map_err(|error| reason::of_error(&error))
}

async fn connect(endpoint: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if endpoint.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A source is of one family; probes of the other go out as the system likes.
    if let Some(source) = source.filter(|source| source.is_ipv4() == endpoint.is_ipv4()) {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(endpoint).await
}
