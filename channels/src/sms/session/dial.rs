//! From nothing to a gateway that has answered the login.

use std::{fmt, io, net::SocketAddr};

use bytes::BytesMut;
use mingluo_model::{
    channel::SendError,
    clock::{Clock, within},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Account, link::unreachable};

/// Connects, says `login`, and waits for what `read` takes for its answer. Gives the octets that came behind it.
///
/// # Errors
/// [`SendError::Refused`] when a pretend account's host turns out to be another machine;
/// [`SendError::Unreachable`] when nobody answers in time; what `read` says.
pub(in crate::sms) async fn meet<T: Send>(
    account: &Account,
    clock: &dyn Clock,
    login: &[u8],
    read: impl Fn(&mut BytesMut) -> Result<Option<T>, SendError> + Send,
) -> Result<(TcpStream, T, BytesMut), SendError> {
    let mut socket = within(clock, account.connect_timeout, connect(account))
        .await
        .map_err(|late| unreachable(format!("no connection within {:?}", late.limit)))??;
    let greeting = greet(&mut socket, login, read);
    let (answer, heard) = within(clock, account.response_timeout, greeting)
        .await
        .map_err(|late| unreachable(format!("no answer to the login within {:?}", late.limit)))??;
    Ok((socket, answer, heard))
}

/// Connects to the first of the host's addresses that answers.
async fn connect(account: &Account) -> Result<TcpStream, SendError> {
    let host = account.host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((host, account.port)).await.map_err(|error| broken(&error))?;
    let addresses: Vec<SocketAddr> = found.collect();
    if account.pretend && !addresses.iter().all(|address| address.ip().is_loopback()) {
        let detail = "a pretend account stays on this machine, and host resolves to another".to_owned();
        return Err(SendError::Refused { detail });
    }
    let socket = TcpStream::connect(&addresses[..]).await.map_err(|error| broken(&error))?;
    // A run is one write; waiting for more to fill a segment would only delay it.
    socket.set_nodelay(true).map_err(|error| broken(&error))?;
    Ok(socket)
}

async fn greet<T>(
    socket: &mut TcpStream,
    login: &[u8],
    read: impl Fn(&mut BytesMut) -> Result<Option<T>, SendError>,
) -> Result<(T, BytesMut), SendError> {
    socket.write_all(login).await.map_err(|error| broken(&error))?;
    let mut octets = BytesMut::new();
    loop {
        match read(&mut octets)? {
            Some(answer) => return Ok((answer, octets)),
            None if socket.read_buf(&mut octets).await.map_err(|error| broken(&error))? > 0 => {}
            None => {
                return Err(unreachable("the gateway closed the connection instead of answering the login"));
            }
        }
    }
}

/// The gateway said something else first, or what nobody can read.
pub(in crate::sms) fn unexpected(what: impl fmt::Display) -> SendError {
    unreachable(format!("the gateway did not answer the login first: {what}"))
}

fn broken(error: &io::Error) -> SendError {
    unreachable(error.to_string())
}
