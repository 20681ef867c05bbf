//! The bind (clause 4.1).

use bytes::BytesMut;
use mingluo_model::{channel::SendError, clock::Clock};
use tokio::net::TcpStream;

use super::Smpp;
use crate::sms::{
    session::{LOGIN_SEQUENCE, THROTTLED, meet, unexpected, unreachable},
    smpp::{Body, CommandStatus, Framer, Pdu, StatusClass},
};

/// Connects and logs in as a transceiver. Gives the octets that came behind the answer.
///
/// # Errors
/// [`SendError::Refused`] with the status when the account must be looked at; [`SendError::Busy`] when the centre
/// is; [`SendError::Unreachable`] otherwise.
pub(super) async fn bind(smpp: &Smpp, clock: &dyn Clock) -> Result<(TcpStream, BytesMut), SendError> {
    let mut login = BytesMut::new();
    Pdu::request(LOGIN_SEQUENCE, Body::BindTransceiver(smpp.bind.clone())).encode(&mut login);
    let (socket, status, heard) = meet(&smpp.account, clock, &login, read).await?;
    answered(status)?;
    Ok((socket, heard))
}

fn read(heard: &mut BytesMut) -> Result<Option<CommandStatus>, SendError> {
    match Framer::default().push(heard).map_err(unexpected)? {
        None => Ok(None),
        Some(Pdu { body: Body::BindTransceiverResp(_), status, .. }) => Ok(Some(status)),
        Some(Pdu { body: Body::GenericNack, status, .. }) => {
            Err(SendError::Refused { detail: status.to_string() })
        }
        Some(pdu) => Err(unexpected(format!("command {:#010x}", pdu.body.command_id()))),
    }
}

fn answered(status: CommandStatus) -> Result<(), SendError> {
    match status.class() {
        StatusClass::Ok => Ok(()),
        StatusClass::Throttled => Err(SendError::Busy { retry_after: THROTTLED }),
        StatusClass::Temporary | StatusClass::NotBound => Err(unreachable(format!("bind answered {status}"))),
        // After a crash of ours a centre holds the old binds until it misses them: that passes by itself.
        StatusClass::BindFailed => Err(unreachable(format!(
            "{status}: the centre may still hold binds of an earlier run and is asked again; if it stays so, check \
             that sessions is no more than the contract allows and that nobody else uses system_id"
        ))),
        StatusClass::BadCredentials | StatusClass::Permanent | StatusClass::Vendor => {
            Err(SendError::Refused { detail: status.to_string() })
        }
    }
}
