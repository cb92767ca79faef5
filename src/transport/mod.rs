//! UDP and TCP on every listen address: bytes in, `answer()`, bytes out.
//!
//! [`bind`] takes all sockets first, so that a server that can't listen everywhere starts nowhere; [`Bound::start`] then opens the
//! doors. UDP runs on plain threads (`udp.rs` over `mmsg.rs`), TCP on one thread with a tokio runtime of its own
//! (`stream.rs`, `connection.rs`, who may connect in `admission.rs`), so that no flood on one of them takes the other's cores. Neither
//! decides anything about an answer.
#![warn(clippy::indexing_slicing)]

mod admission;
mod answering;
mod bind;
mod connection;
mod mmsg;
mod stream;
#[cfg(test)]
mod tests;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use bind::{Bound, bind};

use crate::metrics::Registry;
use crate::serving::Current;
use stream::Stream;
use udp::Udp;

/// What the operator allows; may change while the doors are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Octets of a UDP reply at most.
    pub udp_payload: usize,
    /// Connections at a time, in all.
    pub connections: usize,
    /// Connections at a time from one IPv4 address or IPv6 /56.
    pub connections_per_source: usize,
}

/// The open doors. Dropping it closes them too, without waiting.
#[derive(Debug)]
pub struct Transport {
    addresses: Vec<SocketAddr>,
    caps: Arc<SharedCaps>,
    udp: Udp,
    stream: Stream,
}

impl Bound {
    /// Opens the doors: answers what `current` holds, counts into `registry`.
    pub fn start(self, current: &Arc<Current>, registry: &Registry, caps: Caps) -> io::Result<Transport> {
        let shared = Arc::new(SharedCaps::default());
        shared.set(caps);
        let udp = Udp::start(self.udp, current, registry, &shared)?;
        let stream = Stream::start(self.tcp, current, registry, &shared)?;
        Ok(Transport { addresses: self.addresses, caps: shared, udp, stream })
    }
}

impl Transport {
    /// Where queries are answered, over UDP and TCP alike.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// From now on these caps hold; connections that are open stay.
    pub fn set_caps(&self, caps: Caps) {
        self.caps.set(caps);
    }

    /// Closes the doors: replies in hand are finished, for [`crate::limits::STREAM_STOP`] at most.
    pub async fn stop(self) {
        let Self { addresses: _, caps: _, udp, stream } = self;
        udp.signal();
        stream.signal();
        // Joining threads would hold up the caller's runtime. It fails only if that runtime ends, and then dropping was enough.
        let _ = tokio::task::spawn_blocking(move || {
            udp.stop();
            stream.stop();
        })
        .await;
    }
}

/// [`Caps`] as the workers see them; each is read alone, so that no lock is needed.
#[derive(Debug, Default)]
struct SharedCaps {
    udp_payload: AtomicUsize,
    connections: AtomicUsize,
    connections_per_source: AtomicUsize,
}

impl SharedCaps {
    fn set(&self, caps: Caps) {
        self.udp_payload.store(caps.udp_payload, Ordering::Relaxed);
        self.connections.store(caps.connections, Ordering::Relaxed);
        self.connections_per_source.store(caps.connections_per_source, Ordering::Relaxed);
    }

    fn udp_payload(&self) -> usize {
        self.udp_payload.load(Ordering::Relaxed)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn connections_per_source(&self) -> usize {
        self.connections_per_source.load(Ordering::Relaxed)
    }
}
