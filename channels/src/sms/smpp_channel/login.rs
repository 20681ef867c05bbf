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
        Some(Pdu { body: Body::GenericNack, status, .. }) => Err(no_transceiver(status)),
        Some(pdu) => Err(unexpected(format!("command {:#010x}", pdu.body.command_id()))),
    }
}

/// A centre that does not know the command: older ones have transmitters and receivers only, which we do not speak.
fn no_transceiver(status: CommandStatus) -> SendError {
    let detail = format!(
        "{status}: 短信中心不接受 bind_transceiver，请其开通收发合一的登录 the centre does not take bind_transceiver; have \
         it allow that"
    );
    SendError::Refused { detail }
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
        StatusClass::Permanent if status == CommandStatus::RINVCMDID => Err(no_transceiver(status)),
        StatusClass::BadCredentials | StatusClass::Permanent | StatusClass::Vendor => {
            Err(SendError::Refused { detail: format!("{status} (system_id, password_file, system_type)") })
        }
    }
}
