//! One run of a tcp check: a connection that is made and closed; where the check says so, something is said over it, and the
//! answer searched. No more of the answer is read than is searched.

use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::connection;
use super::reason::{self, Fault};
use super::search::{Found, Search};
use crate::config::{Check, TcpCheck};

/// Octets read at a time.
const PIECE_LENGTH: usize = 4096;

/// One run, at an end by the deadline; the fault if it failed.
pub(super) async fn run(check: &Check, tcp: &TcpCheck, address: IpAddr) -> Result<(), Fault> {
    let deadline = Instant::now() + check.timeout;
    if tcp.send.is_empty() && tcp.expect.is_none() {
        let connected = timeout_at(deadline, connection::tcp_broken_off(check, address)).await;
        return connected.map_err(|_| reason::no_answer(check.timeout))?.map_err(|error| reason::of_error(&error));
    }
    // Most tcp checks only connect, and ten thousand tasks are as large as the largest thing that they may wait for.
    Box::pin(talk(check, tcp, address, deadline)).await
}

async fn talk(check: &Check, tcp: &TcpCheck, address: IpAddr, deadline: Instant) -> Result<(), Fault> {
    let connected = timeout_at(deadline, connection::tcp(check, address)).await;
    let mut connection = connected.map_err(|_| reason::no_answer(check.timeout))?.map_err(|error| reason::of_error(&error))?;
    let said = timeout_at(deadline, connection.write_all(&tcp.send)).await;
    said.map_err(|_| reason::no_answer(check.timeout))?.map_err(|error| reason::of_error(&error))?;
    let Some(expected) = &tcp.expect else { return Ok(()) };
    let mut search = Search::new(expected);
    let found = timeout_at(deadline, read(&mut connection, &mut search)).await;
    match found.unwrap_or(Ok(Found::NotYet))? {
        Found::Yes => Ok(()),
        Found::NotYet if search.seen().is_empty() => Err(reason::no_answer(check.timeout)),
        Found::NotYet | Found::Never => Err(reason::answer(search.seen(), expected)),
    }
}

/// Reads until the search is at its end, or the answer is.
async fn read(connection: &mut TcpStream, search: &mut Search<'_>) -> Result<Found, Fault> {
    let mut piece = [0; PIECE_LENGTH];
    loop {
        let length = connection.read(&mut piece).await.map_err(|error| reason::of_error(&error))?;
        match search.take(piece.get(..length).unwrap_or_default()) {
            Found::NotYet if length == 0 && search.seen().is_empty() => return Err(reason::closed()),
            Found::NotYet if length == 0 => return Ok(Found::Never),
            Found::NotYet => {}
            found @ (Found::Yes | Found::Never) => return Ok(found),
        }
    }
}
