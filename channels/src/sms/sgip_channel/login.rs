//! The bind to the gateway (clause 4.2.3.1).

use bytes::BytesMut;
use mingluo_model::{channel::SendError, clock::Clock};
use tokio::net::TcpStream;

use super::Sgip;
use crate::sms::{
    session::{THROTTLED, meet, unexpected, unreachable},
    sgip::{Bind, Body, CommandResult, FROM_SP, Framer, Pdu, Sequence, time},
    wire::{AnswerClass, Padded},
};

/// Connects and logs in. Gives the octets that came behind the answer.
///
/// # Errors
/// [`SendError::Refused`] when the account must be looked at; [`SendError::Busy`] when the gateway has too many
/// connections; [`SendError::Unreachable`] otherwise.
pub(super) async fn bind(sgip: &Sgip, clock: &dyn Clock) -> Result<(TcpStream, BytesMut), SendError> {
    let stamp = time::stamp(clock.now().0)
        .map_err(|cause| SendError::Refused { detail: format!("this machine's clock: {cause}") })?;
    let bind = Bind {
        login_type: FROM_SP,
        login_name: sgip.login_name,
        login_password: Padded::until_nul(sgip.password.expose().as_bytes()),
    };
    let mut login = BytesMut::new();
    // No part has the counter 0.
    let sequence = Sequence { node: sgip.node, stamp, counter: 0 };
    Pdu { sequence, body: Body::Bind(bind) }.encode(&mut login);
    let (socket, result, heard) = meet(&sgip.account, clock, &login, read).await?;
    answered(result)?;
    Ok((socket, heard))
}

fn read(heard: &mut BytesMut) -> Result<Option<CommandResult>, SendError> {
    match Framer.push(heard).map_err(unexpected)? {
        None => Ok(None),
        Some(Pdu { body: Body::BindResp(result), .. }) => Ok(Some(result)),
        Some(pdu) => Err(unexpected(format!("command {:#010x}", pdu.body.command_id()))),
    }
}

fn answered(result: CommandResult) -> Result<(), SendError> {
    match result.class() {
        AnswerClass::Ok => Ok(()),
        AnswerClass::Busy => Err(SendError::Busy { retry_after: THROTTLED }),
        AnswerClass::Temporary | AnswerClass::Repeated => {
            Err(unreachable(format!("the bind was answered {result}")))
        }
        AnswerClass::Permanent | AnswerClass::Account => {
            let detail = format!("{result} (login_name, password_file)");
            Err(SendError::Refused { detail })
        }
    }
}
