//! The HTTP edges: real listeners that really close, so that a killed one refuses connections.
//!
//! Whatever is asked of it, an edge says where it is; `/healthz` is one more page. It refuses heads that are long or slow, and
//! more connections at a time than any visitor makes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::places::{EDGES, Edge, Network, PLACES};
use crate::limits::PORT_ATTEMPTS_MAX;

/// What the edges listen on if nobody else does.
const PORT: u16 = 8080;
/// Octets of a request's head; browsers send a tenth.
const HEAD_LENGTH_MAX: usize = 16 << 10;
/// Connections of one edge at a time.
const CONNECTIONS_MAX: usize = 32;
/// A request and its answer must be through within this.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(5);

/// All edges, on one port.
#[derive(Debug)]
pub(super) struct Edges {
    network: Network,
    port: u16,
    /// The listener of each edge that is alive.
    listeners: [Option<JoinHandle<()>>; EDGES.len()],
}

impl Edges {
    /// Starts all of them, on a free port if the usual one is taken.
    pub(super) async fn start(network: Network) -> io::Result<Self> {
        let mut started = Self::start_on(network, PORT).await;
        for _ in 0..PORT_ATTEMPTS_MAX {
            if !started.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
                break;
            }
            started = Self::start_on(network, free_port(network).await?).await;
        }
        started
    }

    async fn start_on(network: Network, port: u16) -> io::Result<Self> {
        let mut edges = Self { network, port, listeners: Default::default() };
        for index in 0..EDGES.len() {
            edges.revive(index).await?;
        }
        Ok(edges)
    }

    /// Where they all listen.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Kills all of these if one is alive, else revives them all; tells whether they live now.
    pub(super) async fn toggle(&mut self, chosen: &[usize]) -> io::Result<bool> {
        let kill = chosen.iter().any(|&index| self.is_alive(index));
        for &index in chosen {
            if kill { self.kill(index).await } else { self.revive(index).await? }
        }
        Ok(!kill)
    }

    fn is_alive(&self, index: usize) -> bool {
        self.listeners.get(index).is_some_and(Option::is_some)
    }

    /// Closes the listener and every connection of it.
    async fn kill(&mut self, index: usize) {
        if let Some(listener) = self.listeners.get_mut(index).and_then(Option::take) {
            listener.abort();
            // It was cancelled, which is what we wait for.
            let _ = listener.await;
        }
    }

    async fn revive(&mut self, index: usize) -> io::Result<()> {
        let (Some(edge), Some(listener)) = (EDGES.get(index), self.listeners.get_mut(index)) else { return Ok(()) };
        let address = SocketAddr::from((self.network.address(edge.host), self.port));
        let bound = TcpListener::bind(address).await;
        let bound = bound.map_err(|error| io::Error::new(error.kind(), format!("can't listen on {address}: {error}")))?;
        *listener = Some(tokio::spawn(listen(bound, page(edge))));
        Ok(())
    }
}

impl Drop for Edges {
    fn drop(&mut self) {
        self.listeners.iter().flatten().for_each(JoinHandle::abort);
    }
}

async fn free_port(network: Network) -> io::Result<u16> {
    Ok(TcpListener::bind((network.address(1), 0)).await?.local_addr()?.port())
}

/// All that an edge ever says.
fn page(edge: &Edge) -> Arc<str> {
    let body = format!("hello from {} ({})\n", PLACES.get(edge.place).copied().unwrap_or_default(), edge.name);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into()
}

/// Takes connections until it is aborted; its connections end with it, because it owns them.
async fn listen(listener: TcpListener, page: Arc<str>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((connection, _)) if connections.len() < CONNECTIONS_MAX => {
                let page = Arc::clone(&page);
                connections.spawn(async move { timeout(CONNECTION_DEADLINE, serve(connection, &page)).await });
            }
            // Over the limit the connection is closed; a failure to accept, such as a lack of descriptors, would come back at once.
            Ok(_) => {}
            Err(_) => tokio::time::sleep(crate::limits::DOOR_REST).await,
        }
    }
}

/// Reads one head and says the page. A visitor who has gone needs no answer, so errors end it silently.
async fn serve(mut connection: TcpStream, page: &str) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if connection.read_buf(&mut head).await? == 0 || head.len() > HEAD_LENGTH_MAX {
            return Ok(());
        }
    }
    connection.write_all(page.as_bytes()).await?;
    connection.shutdown().await
}
