//! The login (clause 5.2.2.1): proofs both ways.

use bytes::BytesMut;
use mingluo_model::{channel::SendError, clock::Clock};
use tokio::net::TcpStream;

use super::Smgp;
use crate::sms::{
    session::{LOGIN_SEQUENCE, THROTTLED, meet, unexpected, unreachable},
    smgp::{Body, Framer, Login, LoginMode, LoginResp, Pdu, Status},
    wire::{AnswerClass, Stamp},
};

/// Connects and logs in to send and receive. Gives the octets that came behind the answer.
///
/// # Errors
/// [`SendError::Refused`] with the status when the account must be looked at, or when the gateway does not prove that
/// it knows the secret; [`SendError::Busy`] when it is or has too many connections; [`SendError::Unreachable`]
/// otherwise.
pub(super) async fn login(smgp: &Smgp, clock: &dyn Clock) -> Result<(TcpStream, BytesMut), SendError> {
    let stamp = Stamp::local(clock.now().0, smgp.offset_minutes)
        .map_err(|cause| SendError::Refused { detail: format!("this machine's clock: {cause}") })?;
    let secret = smgp.secret.expose().as_bytes();
    let login = Login::new(smgp.client_id, secret, LoginMode::Transmit, stamp);
    let mut octets = BytesMut::new();
    Pdu { sequence: LOGIN_SEQUENCE, body: Body::Login(login) }.encode(&mut octets);
    let (socket, resp, heard) = meet(&smgp.account, clock, &octets, read).await?;
    answered(resp.status)?;
    if smgp.check_digest && !resp.knows(&login, secret) {
        let detail = "网关答不出 secret_file，可能不是运营商的网关；应答摘要乱填的网关请设 check_gateway_digest = false \
                      the gateway does not know secret_file: it may not be the carrier's; \
                      for one that fills its proof with rubbish set check_gateway_digest = false";
        return Err(SendError::Refused { detail: detail.into() });
    }
    Ok((socket, heard))
}

fn read(heard: &mut BytesMut) -> Result<Option<LoginResp>, SendError> {
    match Framer.push(heard).map_err(unexpected)? {
        None => Ok(None),
        Some(Pdu { body: Body::LoginResp(resp), .. }) => Ok(Some(resp)),
        Some(pdu) => Err(unexpected(format!("request {:#010x}", pdu.body.command_id()))),
    }
}

fn answered(status: Status) -> Result<(), SendError> {
    match status.class() {
        AnswerClass::Ok => Ok(()),
        AnswerClass::Busy => Err(SendError::Busy { retry_after: THROTTLED }),
        AnswerClass::Temporary | AnswerClass::Repeated => {
            Err(unreachable(format!("the login was answered {status}")))
        }
        AnswerClass::Permanent | AnswerClass::Account => {
            let detail = format!("{status} (client_id, secret_file)");
            Err(SendError::Refused { detail })
        }
    }
}
