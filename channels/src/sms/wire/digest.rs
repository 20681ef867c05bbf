//! The digest of a login.

use std::fmt;

use md5::{Digest, Md5};

/// Proof that one side knows the secret (AuthenticatorSource, AuthenticatorISMG, AuthenticatorClient,
/// AuthenticatorServer). `Debug` hides it: a short secret can be guessed from it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Authenticator(pub [u8; 16]);

impl Authenticator {
    /// MD5 of `pieces` one after the other; no choice of ours, the carriers' standards fix it.
    pub(in crate::sms) fn md5(pieces: &[&[u8]]) -> Self {
        Self(pieces.iter().fold(Md5::new(), Md5::chain_update).finalize().into())
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<digest>")
    }
}
