//! Opening a session (clause 4.1).

use bytes::{BufMut, BytesMut};

use super::super::wire::{COctets, DecodeError, Fields};
use super::tlv::{SC_INTERFACE_VERSION, Tlv, Tlvs};

/// The body of each of the three bind commands. `Debug` hides the name and the password.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bind {
    /// The account's name.
    pub system_id: COctets<16>,
    /// The account's password, in clear.
    pub password: COctets<9>,
    /// A kind of client, agreed with the centre; mostly empty.
    pub system_type: COctets<13>,
    /// 0x34 for SMPP 3.4, 0x50 for 5.0.
    pub interface_version: u8,
    /// Type of the addresses served; 0 leaves it to the centre.
    pub addr_ton: u8,
    /// Plan of the addresses served; 0 leaves it to the centre.
    pub addr_npi: u8,
    /// The addresses served, an expression (appendix A); empty leaves it to the centre.
    pub address_range: COctets<41>,
}

impl Bind {
    pub(super) fn decode(fields: &mut Fields) -> Result<Self, DecodeError> {
        Ok(Self {
            system_id: fields.c_octets("system_id")?,
            password: fields.c_octets("password")?,
            system_type: fields.c_octets("system_type")?,
            interface_version: fields.u8("interface_version")?,
            addr_ton: fields.u8("addr_ton")?,
            addr_npi: fields.u8("addr_npi")?,
            address_range: fields.c_octets("address_range")?,
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.system_id.put(out);
        self.password.put(out);
        self.system_type.put(out);
        out.put_slice(&[self.interface_version, self.addr_ton, self.addr_npi]);
        self.address_range.put(out);
    }
}

/// The centre's answer to a bind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BindResp {
    /// The centre's own name.
    pub system_id: COctets<16>,
    /// The version the centre speaks; without it no optional parameter may be sent (clause 3.4).
    pub sc_interface_version: Option<u8>,
}

impl BindResp {
    /// A refusal may come without a body.
    pub(super) fn decode(mut fields: Fields) -> Result<Self, DecodeError> {
        if fields.is_empty() {
            return Ok(Self::default());
        }
        let system_id = fields.c_octets("system_id")?;
        let tlvs = Tlvs::decode(fields)?;
        let version = tlvs.get(SC_INTERFACE_VERSION).and_then(<[u8]>::first).copied();
        Ok(Self { system_id, sc_interface_version: version })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        self.system_id.put(out);
        if let Some(version) = self.sc_interface_version {
            Tlv { tag: SC_INTERFACE_VERSION, value: &[version] }.put(out);
        }
    }
}
