//! From nothing to a bound link (clause 4.1).

use std::{io, net::SocketAddr};

use bytes::BytesMut;
use mingluo_model::channel::SendError;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{config::Account, link::unreachable, verdict::THROTTLED};
use crate::sms::smpp::{Body, CommandStatus, Framer, Pdu, StatusClass};

/// The bind's own sequence; it is answered before any part has one.
const FIRST: u32 = 1;

/// Connects to the first of the host's addresses that answers.
///
/// # Errors
/// [`SendError::Refused`] when a pretend account's host turns out to be another machine;
/// [`SendError::Unreachable`] when nobody answers.
pub(super) async fn connect(account: &Account) -> Result<TcpStream, SendError> {
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

/// Logs in as a transceiver. Gives the octets that came behind the answer.
///
/// # Errors
/// [`SendError::Refused`] with the status when the account must be looked at; [`SendError::Busy`] when the centre
/// is; [`SendError::Unreachable`] otherwise.
pub(super) async fn bind(account: &Account, socket: &mut TcpStream) -> Result<BytesMut, SendError> {
    let mut octets = BytesMut::new();
    Pdu::request(FIRST, Body::BindTransceiver(account.bind.clone())).encode(&mut octets);
    socket.write_all(&octets).await.map_err(|error| broken(&error))?;
    octets.clear();
    loop {
        let pdu = Framer::default().push(&mut octets).map_err(|error| unreachable(error.to_string()))?;
        match pdu.map(|Pdu { body, status, .. }| (body, status)) {
            Some((Body::BindTransceiverResp(_), status)) => return answered(status).map(|()| octets),
            Some((Body::GenericNack, status)) => {
                return Err(SendError::Refused { detail: status.to_string() });
            }
            Some(_) => return Err(unreachable("the centre did not answer the bind first")),
            None if socket.read_buf(&mut octets).await.map_err(|error| broken(&error))? > 0 => {}
            None => {
                return Err(unreachable("the centre closed the connection instead of answering the bind"));
            }
        }
    }
}

fn answered(status: CommandStatus) -> Result<(), SendError> {
    match status.class() {
        StatusClass::Ok => Ok(()),
        StatusClass::Throttled => Err(SendError::Busy { retry_after: THROTTLED }),
        StatusClass::Temporary | StatusClass::NotBound => Err(unreachable(format!("bind answered {status}"))),
        StatusClass::BindFailed
        | StatusClass::BadCredentials
        | StatusClass::Permanent
        | StatusClass::Vendor => Err(SendError::Refused { detail: status.to_string() }),
    }
}

fn broken(error: &io::Error) -> SendError {
    unreachable(error.to_string())
}
