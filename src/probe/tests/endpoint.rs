//! A small endpoint on loopback that answers as it is told, and tells what it saw.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an endpoint does with a request.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Says this and closes.
    Say(&'static str),
    /// Says this and holds the connection.
    SayAndHold(&'static str),
    /// Says the first, then the second without end.
    SayForever(&'static str, &'static str),
    /// Says this once it is released, then closes.
    SayWhenReleased(&'static str, watch::Receiver<bool>),
}

/// What an endpoint saw.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The head of a request, and who sent it.
    Request(String, IpAddr),
    /// The prober closed a connection.
    Closed,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    seen: mpsc::UnboundedReceiver<Seen>,
}

impl Endpoint {
    pub(super) async fn new(answer: Answer) -> Self {
        Self::on("127.0.0.1:0", answer).await.unwrap()
    }

    pub(super) async fn on(address: &str, answer: Answer) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (tell, seen) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((connection, peer)) = listener.accept().await {
                tokio::spawn(serve(connection, peer.ip(), answer.clone(), tell.clone()));
            }
        });
        Ok(Self { address, seen })
    }

    pub(super) async fn saw(&mut self) -> Seen {
        timeout(PATIENCE, self.seen.recv()).await.expect("the endpoint waits in vain").unwrap()
    }

    pub(super) async fn request(&mut self) -> String {
        match self.saw().await {
            Seen::Request(head, _) => head,
            Seen::Closed => panic!("closed instead of a request"),
        }
    }

    /// Whether it saw anything that nobody asked for yet.
    pub(super) fn saw_more(&mut self) -> bool {
        self.seen.try_recv().is_ok()
    }
}

async fn serve(mut connection: TcpStream, peer: IpAddr, answer: Answer, tell: mpsc::UnboundedSender<Seen>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let _ = tell.send(Seen::Request(String::from_utf8(head).unwrap(), peer));
    match answer {
        Answer::Say(text) => {
            let _ = connection.write_all(text.as_bytes()).await;
            return;
        }
        Answer::SayWhenReleased(text, mut released) => {
            let released = async { released.wait_for(|released| *released).await.is_ok() };
            let in_time = tokio::select! {
                in_time = released => in_time,
                _ = connection.read_u8() => false,
            };
            if in_time {
                let _ = connection.write_all(text.as_bytes()).await;
                return;
            }
        }
        Answer::SayAndHold(text) => {
            let _ = connection.write_all(text.as_bytes()).await;
            let _ = connection.read_u8().await;
        }
        Answer::SayForever(first, more) => {
            let _ = connection.write_all(first.as_bytes()).await;
            while connection.write_all(more.as_bytes()).await.is_ok() {}
        }
    }
    let _ = tell.send(Seen::Closed);
}
