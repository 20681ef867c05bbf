//! SM2 with SM3 (国密): the curve and the hash are a library's, here stands only how this house uses them. The nonce is made
//! from key and message (RFC 6979 with SM3), so a bad source of chance cannot give a key away.
//!
//! Source: GB/T 32918.2-2016 (signature), GB/T 32918.5-2017 (curve), GB/T 32905-2016 (SM3).

use ::sm2::{
    Scalar,
    dsa::{
        Signature, SigningKey, VerifyingKey,
        signature::{Signer as _, Verifier as _},
    },
    elliptic_curve::sec1::ToSec1Point as _,
};

/// The user id (用户身份标识) that is hashed before each message. A bulletin names its key itself, so the id need not.
///
/// Source: GM/T 0009-2012, chapter 10: the id where nothing else is agreed; OpenSSL and other programs ask for it by name.
pub const USER_ID: &str = "1234567812345678";

/// Whether these 64 bytes, r and s, are a signature by this key under this id. Zero and whatever is not below the group's
/// order is no r and no s (GB/T 32918.2-2016, 7.1, B1 and B2).
pub(super) fn fits(id: &str, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(id, point);
    let (Ok(key), Ok(signature)) = (key, Signature::from_slice(signature)) else { return false };
    key.verify(message, &signature).is_ok()
}

/// Whether the curve holds this point, and it is not the one at infinity.
pub(super) fn is_point(bytes: &[u8]) -> bool {
    VerifyingKey::from_sec1_bytes(USER_ID, bytes).is_ok()
}

/// A private key.
pub(crate) struct Secret(SigningKey);

impl Secret {
    /// The key of this number, big-endian; `None` unless it is from 1 to n-2 (GB/T 32918.1-2016, 6.1).
    pub(crate) fn from_number(number: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_slice(USER_ID, number).ok()?;
        // A signature divides by one more than the key.
        let is_last = **key.as_nonzero_scalar() == -Scalar::ONE;
        (!is_last).then_some(Self(key))
    }

    /// The public half, uncompressed.
    pub(crate) fn public(&self) -> Vec<u8> {
        self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    /// Signs: r and s, 64 bytes.
    ///
    /// # Panics
    /// When r, s or r + k is zero, which one of 2^254 messages comes to.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.try_sign(message).expect("r, s and r + k are not zero").to_bytes().to_vec()
    }
}

#[cfg(test)]
#[path = "sm2_tests.rs"]
mod tests;
