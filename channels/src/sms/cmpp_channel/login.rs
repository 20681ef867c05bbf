//! The login (clause 8.4.1): proofs both ways, and the way back to version 2.0.

use bytes::BytesMut;
use mingluo_model::{channel::SendError, clock::Clock};
use tokio::net::TcpStream;

use super::{Cmpp, VersionChoice};
use crate::sms::{
    cmpp::{Body, Connect, ConnectResp, ConnectStatus, Framer, Pdu, Version},
    session::{LOGIN_SEQUENCE, THROTTLED, meet, unexpected, unreachable},
    wire::{AnswerClass, Stamp},
};

/// Connects and logs in. Gives the version that both speak and the octets that came behind the answer.
///
/// # Errors
/// [`SendError::Refused`] with the status when the account must be looked at, or when the gateway does not prove that
/// it knows the secret; [`SendError::Unreachable`] otherwise.
pub(super) async fn connect(
    cmpp: &Cmpp,
    clock: &dyn Clock,
) -> Result<(TcpStream, Version, BytesMut), SendError> {
    let first = if cmpp.version == VersionChoice::V20 { Version::V20 } else { Version::V30 };
    let (socket, resp, heard) = ask(cmpp, clock, first).await?;
    if resp.status == ConnectStatus::VERSION_TOO_HIGH && cmpp.version == VersionChoice::Auto {
        tracing::info!(account = %cmpp.account.name, "the gateway does not speak CMPP 3.0, falling back to 2.0");
        // A gateway may let an account in once: the first connection ends before the second is asked for.
        drop(socket);
        let (socket, resp, heard) = ask(cmpp, clock, Version::V20).await?;
        return Ok((socket, answered(cmpp, &resp, Version::V20)?, heard));
    }
    Ok((socket, answered(cmpp, &resp, first)?, heard))
}

async fn ask(
    cmpp: &Cmpp,
    clock: &dyn Clock,
    version: Version,
) -> Result<(TcpStream, ConnectResp, BytesMut), SendError> {
    let stamp = Stamp::local(clock.now().0, cmpp.offset_minutes)
        .map_err(|cause| SendError::Refused { detail: format!("this machine's clock: {cause}") })?;
    let secret = cmpp.secret.expose().as_bytes();
    let connect = Connect::new(cmpp.sp_id, secret, stamp, version);
    let mut login = BytesMut::new();
    Pdu { sequence: LOGIN_SEQUENCE, body: Body::Connect(connect) }.encode(version, &mut login);
    let (socket, resp, heard) = meet(&cmpp.account, clock, &login, read).await?;
    if resp.status == ConnectStatus::OK && cmpp.check_digest && !resp.knows(&connect, secret) {
        let detail = "网关答不出 secret_file，可能不是运营商的网关；应答摘要乱填的网关请设 check_gateway_digest = false \
                      the gateway does not know secret_file: it may not be the carrier's; \
                      for one that fills its proof with rubbish set check_gateway_digest = false";
        return Err(SendError::Refused { detail: detail.into() });
    }
    Ok((socket, resp, heard))
}

fn read(heard: &mut BytesMut) -> Result<Option<ConnectResp>, SendError> {
    match Framer::default().push(heard).map_err(unexpected)? {
        None => Ok(None),
        Some(Pdu { body: Body::ConnectResp(resp), .. }) => Ok(Some(resp)),
        Some(pdu) => Err(unexpected(format!("command {:#010x}", pdu.body.command_id()))),
    }
}

/// The version to speak, if we are let in.
fn answered(cmpp: &Cmpp, resp: &ConnectResp, asked: Version) -> Result<Version, SendError> {
    let status = resp.status;
    match status.class() {
        AnswerClass::Ok => Ok(agreed(cmpp, resp, asked)),
        AnswerClass::Busy => Err(SendError::Busy { retry_after: THROTTLED }),
        AnswerClass::Temporary | AnswerClass::Repeated => {
            Err(unreachable(format!("the login was answered {status}")))
        }
        AnswerClass::Permanent | AnswerClass::Account => {
            let detail = format!("{status} (sp_id, secret_file, version)");
            Err(SendError::Refused { detail })
        }
    }
}

/// The configured version, whatever the gateway answers. Without one the layout of its answer counts, which is what it
/// does; the Version octet is only what it says, and some gateways of 3.0 have 0x20 there.
fn agreed(cmpp: &Cmpp, resp: &ConnectResp, asked: Version) -> Version {
    let is_open = cmpp.version == VersionChoice::Auto && asked == Version::V30;
    let version = if is_open { resp.layout } else { asked };
    let other = |told: Version| told != version;
    // Who was asked for 2.0 may well name the highest that it speaks.
    if asked == Version::V30 && (other(resp.layout) || Version::from_wire(resp.version).is_some_and(other)) {
        tracing::warn!(
            account = %cmpp.account.name, spoken = ?version, answered_in = ?resp.layout,
            octet = format_args!("{:#04x}", resp.version),
            "the gateway's answer to the login names another CMPP version than is spoken; set version if it is wrong"
        );
    }
    version
}
