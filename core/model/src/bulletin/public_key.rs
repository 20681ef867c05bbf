//! Public keys (验签公钥) of both algorithms: which bytes may be one, and whether a signature fits. What is read here is only
//! checked for its form, the same in every build, so that boxes read one key set alike, whatever they can check.

use super::Alg;
use crate::signer::Purpose;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use std::fmt;

/// A public key, and by its kind the algorithm that its signatures are made with.
#[derive(Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519 (RFC 8032, 5.1.5).
    Ed25519(Ed25519Key),
    /// SM2 (国密).
    Sm2(Sm2Point),
}

/// The bytes of an Ed25519 key, read once: finding its point takes a tenth of what checking a signature does.
#[derive(Clone)]
pub struct Ed25519Key {
    bytes: [u8; 32],
    // None of what is no point and of a weak one, with which one signature fits many messages: nothing fits it.
    point: Option<Box<VerifyingKey>>,
}

impl Ed25519Key {
    fn new(bytes: [u8; 32]) -> Self {
        let point = VerifyingKey::from_bytes(&bytes).ok().filter(|point| !point.is_weak());
        Self { bytes, point: point.map(Box::new) }
    }

    /// Its bytes, as RFC 8032 writes them.
    pub const fn bytes(&self) -> [u8; 32] {
        self.bytes
    }

    fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Some(point), Ok(signature)) = (&self.point, Signature::from_slice(signature)) else {
            return false;
        };
        point.verify(message, &signature).is_ok()
    }
}

impl PartialEq for Ed25519Key {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Ed25519Key {}

/// The bytes of a point of SM2's curve: `04`, x and y, or `02` or `03` and x alone. Whether the curve holds it is asked when
/// a signature is checked, and by whoever signs a key set.
///
/// Source: GB/T 32918.1-2016, 4.2.8, uncompressed and compressed form.
#[derive(Clone, PartialEq, Eq)]
pub struct Sm2Point(Box<[u8]>);

/// Bytes that are no public key of this algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes are no public key of {alg}: {}", rule(*alg))]
pub struct BadPublicKey {
    /// The algorithm.
    pub alg: Alg,
    /// How many bytes there are.
    pub length: usize,
}

const fn rule(alg: Alg) -> &'static str {
    match alg {
        Alg::Ed25519 => "it has 32",
        Alg::Sm2 => "it has 65 that begin with 04, or 33 that begin with 02 or 03",
    }
}

impl PublicKey {
    /// The key of these bytes.
    ///
    /// # Errors
    /// [`BadPublicKey`] when the algorithm's keys have another length or beginning.
    pub fn new(alg: Alg, bytes: &[u8]) -> Result<Self, BadPublicKey> {
        let bad = BadPublicKey { alg, length: bytes.len() };
        match (alg, bytes) {
            (Alg::Ed25519, _) => bytes.try_into().map(Self::ed25519).map_err(|_| bad),
            (Alg::Sm2, [4, point @ ..]) if point.len() == 64 => Ok(Self::Sm2(Sm2Point(bytes.into()))),
            (Alg::Sm2, [2 | 3, x @ ..]) if x.len() == 32 => Ok(Self::Sm2(Sm2Point(bytes.into()))),
            (Alg::Sm2, _) => Err(bad),
        }
    }

    /// The Ed25519 key of these bytes.
    pub fn ed25519(bytes: [u8; 32]) -> Self {
        Self::Ed25519(Ed25519Key::new(bytes))
    }

    /// How it signs.
    pub const fn alg(&self) -> Alg {
        match self {
            Self::Ed25519(_) => Alg::Ed25519,
            Self::Sm2(_) => Alg::Sm2,
        }
    }

    /// Whether a signature of this purpose fits. Nothing fits a weak Ed25519 key, and no signature changed by adding to its S
    /// does (RFC 8032, 5.1.7: S is below the group's order); of SM2 only the 64 bytes r and s do, never their DER form. Nothing
    /// fits a key that this build cannot check.
    pub fn fits(&self, purpose: Purpose, bytes: &[u8], signature: &[u8]) -> bool {
        let message = purpose.message(bytes);
        match self {
            Self::Ed25519(key) => key.fits(&message, signature),
            Self::Sm2(point) => fits_sm2(point, &message, signature),
        }
    }

    /// Whether this build can check its signatures and it can have any: an SM2 key must lie on the curve.
    pub fn is_usable(&self) -> bool {
        match self {
            Self::Ed25519(_) => true,
            Self::Sm2(point) => is_on_curve(point),
        }
    }
}

#[cfg(feature = "sm2")]
fn fits_sm2(point: &Sm2Point, message: &[u8], signature: &[u8]) -> bool {
    super::sm2::fits(super::sm2::USER_ID, &point.0, message, signature)
}

#[cfg(feature = "sm2")]
fn is_on_curve(point: &Sm2Point) -> bool {
    super::sm2::is_point(&point.0)
}

#[cfg(not(feature = "sm2"))]
const fn fits_sm2(_: &Sm2Point, _: &[u8], _: &[u8]) -> bool {
    false
}

#[cfg(not(feature = "sm2"))]
const fn is_on_curve(_: &Sm2Point) -> bool {
    false
}

impl AsRef<[u8]> for PublicKey {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => &key.bytes,
            Self::Sm2(point) => &point.0,
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({} {})", self.alg(), hex::encode(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;

    #[test]
    fn a_key_of_the_wrong_length_or_beginning_is_told_what_it_should_be() {
        let refused = |alg, bytes: &[u8]| PublicKey::new(alg, bytes).unwrap_err().to_string();
        assert_eq!(refused(Alg::Ed25519, &[4; 33]), "33 bytes are no public key of ed25519: it has 32");
        for bytes in [&[4; 64][..], &[4; 33], &[2; 65], &[5; 65], &[0; 33], &[]] {
            let told = refused(Alg::Sm2, bytes);
            assert!(told.starts_with(&format!("{} bytes", bytes.len())) && told.contains("65"), "{told}");
        }
        for bytes in [&[4; 65][..], &[2; 33], &[3; 33]] {
            let key = PublicKey::new(Alg::Sm2, bytes).unwrap();
            assert_eq!((key.alg(), key.as_ref()), (Alg::Sm2, bytes));
        }
    }

    #[test]
    fn a_weak_key_fits_nothing_and_no_signature_can_be_turned_into_another() {
        // The neutral point: with R the same and S zero every message would fit.
        let neutral: [u8; 32] = std::array::from_fn(|place| u8::from(place == 0));
        let mut zero = [0; 64];
        zero[..32].copy_from_slice(&neutral);
        assert!(!PublicKey::ed25519(neutral).fits(Purpose::Bulletin, b"rain", &zero));

        let pair = SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::ed25519(pair.verifying_key().to_bytes());
        let mut signature = pair.sign(&Purpose::Bulletin.message(b"rain")).to_bytes();
        assert!(key.fits(Purpose::Bulletin, b"rain", &signature));
        let mut carry = 0;
        for (octet, of_order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*octet) + u16::from(of_order) + carry;
            (*octet, carry) = (sum as u8, sum >> 8);
        }
        assert!(
            !key.fits(Purpose::Bulletin, b"rain", &signature),
            "S and the order are the same number of steps"
        );
    }

    /// The group's order, the lowest octet first (RFC 8032, 5.1: 2^252 + 27742317777372353535851937790883648493).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    proptest! {
        #[test]
        fn no_bytes_make_a_key_that_panics_or_fits(
            is_sm2 in any::<bool>(), head in prop::option::of(2_u8..5), tail in prop::collection::vec(any::<u8>(), 0..70),
            length in prop::sample::select(vec![32, 33, 65, 66]), signature in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut bytes: Vec<u8> = head.into_iter().chain(tail).collect();
            bytes.resize(length, 7);
            if let Ok(key) = PublicKey::new(if is_sm2 { Alg::Sm2 } else { Alg::Ed25519 }, &bytes) {
                prop_assert!(!key.fits(Purpose::Bulletin, b"rain", &signature));
                prop_assert_eq!(key.as_ref(), &bytes[..]);
            }
        }
    }
}
