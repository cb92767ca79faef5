//! Sockets for every listen address, all or none.
//!
//! A socket that can't be had is an error that names the address and says what to do. Nothing is received here; `mod.rs`
//! opens the doors over what is bound.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::os::fd::AsFd;

use socket2::{Domain, Protocol, Socket, Type};

use super::mmsg;
use crate::limits::{
    PORT_ATTEMPTS_MAX, STREAM_BACKLOG_LENGTH, STREAM_SEND_BUFFER_LENGTH, UDP_RECEIVE_BUFFER_LENGTH, UDP_SEND_BUFFER_LENGTH,
    UDP_STOP_INTERVAL,
};

/// The sockets of a server that is about to start.
#[derive(Debug)]
pub struct Bound {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) udp: Vec<Socket>,
    pub(super) tcp: Vec<TcpListener>,
}

/// Takes each address for TCP and, `threads` times, for UDP. Port 0 means one that is free for both.
pub fn bind(listen: &[SocketAddr], threads: NonZeroUsize) -> io::Result<Bound> {
    let mut bound = Bound { addresses: Vec::new(), udp: Vec::new(), tcp: Vec::new() };
    for &address in listen {
        let (tcp, udp, address) = match address.port() {
            0 => take_free_port(address, threads)?,
            _ => take(address, threads)?,
        };
        bound.addresses.push(address);
        bound.udp.extend(udp);
        bound.tcp.push(tcp);
    }
    Ok(bound)
}

impl Bound {
    /// Where queries will be answered, with the ports that were chosen for port 0.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

type Taken = (TcpListener, Vec<Socket>, SocketAddr);

/// A port that is free for TCP may be taken for UDP, so this may need another one.
fn take_free_port(address: SocketAddr, threads: NonZeroUsize) -> io::Result<Taken> {
    let mut attempts = (0..PORT_ATTEMPTS_MAX).map(|_| take(address, threads));
    let first = attempts.next().unwrap_or_else(|| take(address, threads));
    let in_use = |taken: &io::Result<Taken>| taken.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse);
    if in_use(&first) { attempts.find(|taken| !in_use(taken)).unwrap_or(first) } else { first }
}

/// TCP goes first: it is not shared, so a second server on the same address fails here before it takes any of the first one's
/// datagrams through `SO_REUSEPORT`.
fn take(address: SocketAddr, threads: NonZeroUsize) -> io::Result<Taken> {
    let tcp = listen_tcp(address).map_err(|error| explain(&error, address, "TCP"))?;
    let address = tcp.local_addr()?;
    let udp = (0..threads.get()).map(|_| bind_udp(address)).collect::<io::Result<Vec<_>>>();
    Ok((tcp, udp.map_err(|error| explain(&error, address, "UDP"))?, address))
}

fn listen_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(address, Type::STREAM, Protocol::TCP)?;
    // Connections of an earlier run that linger must not keep us from listening; a listener still does.
    socket.set_reuse_address(true)?;
    socket.set_send_buffer_size(STREAM_SEND_BUFFER_LENGTH)?;
    // Replies that belong together are written together, so waiting for more would only delay them.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(STREAM_BACKLOG_LENGTH)?;
    Ok(socket.into())
}

fn bind_udp(address: SocketAddr) -> io::Result<Socket> {
    let socket = open(address, Type::DGRAM, Protocol::UDP)?;
    socket.set_reuse_port(true)?;
    socket.set_recv_buffer_size(UDP_RECEIVE_BUFFER_LENGTH)?;
    socket.set_send_buffer_size(UDP_SEND_BUFFER_LENGTH)?;
    socket.set_read_timeout(Some(UDP_STOP_INTERVAL))?;
    mmsg::ignore_path_mtu(socket.as_fd(), address)?;
    // A socket with an address of its own replies from it anyway, and need not pay for it with each query.
    if address.ip().is_unspecified() {
        mmsg::receive_local_address(socket.as_fd(), address)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// The same error with the address and the next step.
fn explain(error: &io::Error, address: SocketAddr, protocol: &str) -> io::Error {
    let (kind, port) = (error.kind(), address.port());
    let help = if kind == io::ErrorKind::PermissionDenied {
        "; ports below 1024 need the capability CAP_NET_BIND_SERVICE: under systemd write \
         AmbientCapabilities=CAP_NET_BIND_SERVICE, elsewhere run `setcap cap_net_bind_service=+ep` on the binary"
            .to_owned()
    } else if kind == io::ErrorKind::AddrInUse {
        format!(
            "; another process listens there, `ss -lntup 'sport = :{port}'` shows which: stop it (often systemd-resolved or a server \
             that still runs), or write this machine's other addresses in `listen`"
        )
    } else if kind == io::ErrorKind::AddrNotAvailable {
        "; this machine has no such address, `ip address` shows which it has: correct `listen`".to_owned()
    } else {
        String::new()
    };
    io::Error::new(kind, format!("can't listen on {address} over {protocol}: {error}{help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    #[test]
    fn udp_and_tcp_share_the_free_port_and_a_second_server_is_refused() {
        let listen: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
        let bound = bind(&listen, NonZeroUsize::new(3).unwrap()).unwrap();
        assert_eq!((bound.tcp.len(), bound.udp.len()), (2, 6));
        for (address, sockets) in bound.local_addrs().iter().zip(bound.udp.chunks(3)) {
            assert_ne!(address.port(), 0);
            assert!(sockets.iter().all(|socket| socket.local_addr().unwrap().as_socket() == Some(*address)));
        }
        let taken = bound.local_addrs()[0];
        let error = bind(&[taken], ONE).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let text = error.to_string();
        assert!(text.starts_with(&format!("can't listen on {taken} over TCP: ")), "{text}");
        assert!(text.contains(&format!("ss -lntup 'sport = :{}'", taken.port())), "{text}");
    }

    #[test]
    fn a_port_that_another_server_has_for_udp_only_is_refused() {
        let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let error = bind_udp(other.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn errors_say_what_to_do() {
        let error = bind(&["192.0.2.1:0".parse().unwrap()], ONE).unwrap_err();
        assert!(error.to_string().contains("`ip address` shows which it has"), "{error}");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let text = explain(&denied, "[::]:53".parse().unwrap(), "TCP").to_string();
        assert!(text.starts_with("can't listen on [::]:53 over TCP: permission denied; ") && text.contains("setcap"), "{text}");
    }
}
