//! Opening a session (clause 5.2.2.1).

use bytes::{BufMut, BytesMut};

use super::{
    super::wire::{Authenticator, DecodeError, Fields, Padded, Stamp},
    Status,
};

/// The version this codec speaks: major number in the upper half octet (clause 6.2.5).
pub const VERSION: u8 = 0x30;

/// What a link is for (clause 6.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum LoginMode {
    /// Submits only.
    Send = 0,
    /// Brings reports and citizens' messages only.
    Receive = 1,
    /// Both.
    #[default]
    Transmit = 2,
}

impl LoginMode {
    /// The mode under a LoginMode field; reserved ones are none.
    pub const fn from_wire(mode: u8) -> Option<Self> {
        match mode {
            0 => Some(Self::Send),
            1 => Some(Self::Receive),
            2 => Some(Self::Transmit),
            _ => None,
        }
    }
}

/// Login (clause 5.2.2.1.1). `Debug` hides the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub client_id: Padded<8>,
    /// Proof of the secret; see [`Login::new`].
    pub authenticator: Authenticator,
    /// What the link is for; see [`LoginMode::from_wire`].
    pub login_mode: u8,
    /// The SP's local time, which the proof runs over.
    pub timestamp: Stamp,
    /// The version asked for.
    pub version: u8,
}

impl Login {
    /// Asks for a session under `secret`, which the standard limits to fifteen octets.
    pub fn new(client_id: Padded<8>, secret: &[u8], mode: LoginMode, timestamp: Stamp) -> Self {
        let authenticator = authenticator(client_id, secret, timestamp);
        Self { client_id, authenticator, login_mode: mode as u8, timestamp, version: VERSION }
    }

    /// Whether the asker knows `secret`: the gateway's check.
    pub fn knows(&self, secret: &[u8]) -> bool {
        self.authenticator == authenticator(self.client_id, secret, self.timestamp)
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let login = Self {
            client_id: fields.padded("ClientID")?,
            authenticator: Authenticator(fields.array("AuthenticatorClient")?),
            login_mode: fields.u8("LoginMode")?,
            timestamp: Stamp(fields.u32("TimeStamp")?),
            version: fields.u8("ClientVersion")?,
        };
        fields.end("ClientVersion")?;
        Ok(login)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.client_id.put(out);
        out.put_slice(&self.authenticator.0);
        out.put_u8(self.login_mode);
        out.put_u32(self.timestamp.0);
        out.put_u8(self.version);
    }
}

/// AuthenticatorClient (clause 6.2.2): the zeros are seven whatever the length of the account, and an account
/// shorter than its field is not filled up.
fn authenticator(client_id: Padded<8>, secret: &[u8], timestamp: Stamp) -> Authenticator {
    Authenticator::md5(&[client_id.as_bytes(), &[0; 7], secret, &timestamp.digits()])
}

/// Login_Resp (clause 5.2.2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginResp {
    /// The outcome.
    pub status: Status,
    /// The gateway's own proof; see [`LoginResp::knows`]. Empty in a refusal.
    pub authenticator: Authenticator,
    /// The highest version that the gateway speaks.
    pub version: u8,
}

impl LoginResp {
    /// Opens the session that `login` asked for.
    pub fn accept(login: &Login, secret: &[u8]) -> Self {
        let status = Status::OK;
        Self { status, authenticator: proof(status, login, secret), version: VERSION }
    }

    /// Refuses it.
    pub const fn refuse(status: Status) -> Self {
        Self { status, authenticator: Authenticator([0; 16]), version: VERSION }
    }

    /// Whether the gateway knows `secret`. Some fill in rubbish: the account says whether this counts.
    pub fn knows(&self, login: &Login, secret: &[u8]) -> bool {
        self.authenticator == proof(self.status, login, secret)
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let resp = Self {
            status: Status(fields.u32("Status")?),
            authenticator: Authenticator(fields.array("AuthenticatorServer")?),
            version: fields.u8("ServerVersion")?,
        };
        fields.end("ServerVersion")?;
        Ok(resp)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u32(self.status.0);
        out.put_slice(&self.authenticator.0);
        out.put_u8(self.version);
    }
}

/// AuthenticatorServer (clause 6.2.7).
fn proof(status: Status, login: &Login, secret: &[u8]) -> Authenticator {
    Authenticator::md5(&[&status.0.to_be_bytes(), &login.authenticator.0, secret])
}
