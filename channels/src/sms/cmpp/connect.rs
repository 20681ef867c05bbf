//! Opening a session (clause 8.4.1).

use bytes::{BufMut, BytesMut};

use super::{
    super::wire::{Authenticator, DecodeError, Fields, Padded, Stamp},
    ConnectStatus, Version,
    result::put_result,
};

/// CMPP_CONNECT (clause 8.4.1.1). `Debug` hides the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect {
    /// The enterprise code (企业代码), six digits.
    pub source_addr: Padded<6>,
    /// Proof of the secret; see [`Connect::new`].
    pub authenticator: Authenticator,
    /// The version asked for; see [`Version::wire`].
    pub version: u8,
    /// The SP's local time, which the proof runs over.
    pub timestamp: Stamp,
}

impl Connect {
    /// Asks for a session under `secret`.
    pub fn new(source_addr: Padded<6>, secret: &[u8], timestamp: Stamp, version: Version) -> Self {
        let authenticator = authenticator(source_addr, secret, timestamp);
        Self { source_addr, authenticator, version: version.wire(), timestamp }
    }

    /// Whether the asker knows `secret`: the gateway's check.
    pub fn knows(&self, secret: &[u8]) -> bool {
        self.authenticator == authenticator(self.source_addr, secret, self.timestamp)
    }

    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let connect = Self {
            source_addr: fields.padded("Source_Addr")?,
            authenticator: Authenticator(fields.array("AuthenticatorSource")?),
            version: fields.u8("Version")?,
            timestamp: Stamp(fields.u32("Timestamp")?),
        };
        fields.end("Timestamp")?;
        Ok(connect)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.source_addr.put(out);
        out.put_slice(&self.authenticator.0);
        out.put_u8(self.version);
        out.put_u32(self.timestamp.0);
    }
}

/// AuthenticatorSource (clause 8.4.1.1): the zeros are nine whatever the length of the code, and a code
/// shorter than its field is not filled up.
fn authenticator(source_addr: Padded<6>, secret: &[u8], timestamp: Stamp) -> Authenticator {
    Authenticator::md5(&[source_addr.as_bytes(), &[0; 9], secret, &timestamp.digits()])
}

/// CMPP_CONNECT_RESP (clause 8.4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectResp {
    /// The outcome.
    pub status: ConnectStatus,
    /// The gateway's own proof; see [`ConnectResp::knows`]. Empty in a refusal.
    pub authenticator: Authenticator,
    /// The highest version that the gateway speaks.
    pub version: u8,
    /// The layout of this very response: in 3.0 its status has four octets.
    pub layout: Version,
}

impl ConnectResp {
    /// Opens the session that `connect` asked for, in `version`.
    pub fn accept(connect: &Connect, secret: &[u8], version: Version) -> Self {
        let status = ConnectStatus::OK;
        let authenticator = proof(status, version, connect, secret);
        Self { status, authenticator, version: version.wire(), layout: version }
    }

    /// Refuses it.
    pub const fn refuse(status: ConnectStatus, version: Version) -> Self {
        Self { status, authenticator: Authenticator([0; 16]), version: version.wire(), layout: version }
    }

    /// Whether the gateway knows `secret`. Many fill in rubbish: the account says whether this counts.
    pub fn knows(&self, connect: &Connect, secret: &[u8]) -> bool {
        self.authenticator == proof(self.status, self.layout, connect, secret)
    }

    /// The length tells the layout: no version is agreed on yet.
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let layout = if fields.left() < REST + 4 { Version::V20 } else { Version::V30 };
        let status = match layout {
            Version::V20 => u32::from(fields.u8("Status")?),
            Version::V30 => fields.u32("Status")?,
        };
        let resp = Self {
            status: ConnectStatus(status),
            authenticator: Authenticator(fields.array("AuthenticatorISMG")?),
            version: fields.u8("Version")?,
            layout,
        };
        fields.end("Version")?;
        Ok(resp)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        put_result(self.status.0, self.layout, out);
        out.put_slice(&self.authenticator.0);
        out.put_u8(self.version);
    }
}

/// Octets of a response behind its status.
const REST: usize = 16 + 1;

/// AuthenticatorISMG (clause 8.4.1.2): over the status as it stands on the wire.
fn proof(status: ConnectStatus, layout: Version, connect: &Connect, secret: &[u8]) -> Authenticator {
    let mut wire = BytesMut::new();
    put_result(status.0, layout, &mut wire);
    Authenticator::md5(&[&wire, &connect.authenticator.0, secret])
}
