//! Who a message is from or for.

use bytes::{BufMut, BytesMut};

use super::super::wire::{COctets, DecodeError, Fields, TextError};

/// The digits (or letters) of an address: at most 20 (clause 5.2.8).
pub type AddressDigits = COctets<21>;

/// A number with its type and plan. `Debug` hides the digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address {
    /// Type of number (clause 5.2.5): 0 unknown, 1 international, 2 national, 5 letters.
    pub ton: u8,
    /// Numbering plan (clause 5.2.6): 0 unknown, 1 telephone (E.164).
    pub npi: u8,
    /// The digits, without `+`.
    pub digits: AddressDigits,
}

impl Address {
    /// An international telephone number or access code: type 1, plan 1.
    ///
    /// # Errors
    /// [`TextError`] when `digits` are more than 20 or no ASCII; `field` names them in it.
    pub fn international(field: &'static str, digits: &str) -> Result<Self, TextError> {
        Ok(Self { ton: 1, npi: 1, digits: COctets::new(field, digits)? })
    }

    pub(super) fn decode(fields: &mut Fields, field: &'static str) -> Result<Self, DecodeError> {
        Ok(Self { ton: fields.u8(field)?, npi: fields.u8(field)?, digits: fields.c_octets(field)? })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&[self.ton, self.npi]);
        self.digits.put(out);
    }
}
