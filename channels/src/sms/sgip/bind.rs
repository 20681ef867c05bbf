//! Opening a session (clause 4.2.3.1).

use bytes::{BufMut, BytesMut};

use super::super::wire::{DecodeError, Fields, Padded};

/// LoginType of an SP that has commands for the gateway.
pub const FROM_SP: u8 = 1;

/// LoginType of the gateway that has commands for the SP.
pub const FROM_GATEWAY: u8 = 2;

/// Bind (clause 4.2.3.1.1). `Debug` hides the name and the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bind {
    /// [`FROM_SP`] or [`FROM_GATEWAY`]; others are between gateways.
    pub login_type: u8,
    /// The name that the side that listens gave the other.
    pub login_name: Padded<16>,
    /// Its password, in clear.
    pub login_password: Padded<16>,
}

impl Bind {
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        let bind = Self {
            login_type: fields.u8("LoginType")?,
            login_name: fields.padded("LoginName")?,
            login_password: fields.padded("LoginPassword")?,
        };
        fields.last::<8>("Reserve")?;
        Ok(bind)
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u8(self.login_type);
        self.login_name.put(out);
        self.login_password.put(out);
        out.put_u64(0);
    }
}
