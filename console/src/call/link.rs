//! The links by which people answer: signed, so that nobody makes one; they name mode, channel and ask, and no person. When
//! they end, and that they count once, the ledger knows.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use mingluo_model::{audience::ChannelKind, id::AskId, mode::ModeKind};
use sha2::Sha256;
use std::fmt;

/// Octets of mode, channel and ask.
const NAME: usize = 1 + 1 + 16;
/// Octets of the proof: one guess in 2^96 is right.
const PROOF: usize = 12;

/// What the proof is made over besides the name, so that no other use of the key makes one.
const PURPOSE: &[u8] = b"mingluo/call/link/1";

/// What a link names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Live or drill.
    pub mode: ModeKind,
    /// The channel of the message that it stands in.
    pub channel: ChannelKind,
    /// What is answered.
    pub ask: AskId,
}

/// Writes and reads links. `Debug` hides the key.
pub struct Links {
    base: String,
    key: Vec<u8>,
}

impl Links {
    /// Links below an address, proven with a key.
    pub const fn new(base: String, key: Vec<u8>) -> Self {
        Self { base, key }
    }

    /// The whole address.
    pub fn write(&self, link: Link) -> String {
        let name = octets(link);
        let token = URL_SAFE_NO_PAD.encode([&name[..], &self.proof(&name)[..PROOF]].concat());
        format!("{}/a/{token}", self.base)
    }

    /// What its last part names; `None` for what we did not write.
    pub fn read(&self, token: &str) -> Option<Link> {
        let octets: [u8; NAME + PROOF] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let (name, proof) = octets.split_first_chunk::<NAME>()?;
        self.mac(name).verify_truncated_left(proof).ok()?;
        let [mode, channel, ask @ ..] = *name;
        Some(Link {
            mode: ModeKind::from_number(mode)?,
            channel: ChannelKind::from_number(channel)?,
            ask: AskId::from_bytes(ask),
        })
    }

    fn proof(&self, name: &[u8; NAME]) -> [u8; 32] {
        self.mac(name).finalize().into_bytes().into()
    }

    fn mac(&self, name: &[u8; NAME]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length will do");
        mac.update(PURPOSE);
        mac.update(name);
        mac
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

fn octets(link: Link) -> [u8; NAME] {
    let mut octets = [0; NAME];
    octets[0] = link.mode.number();
    octets[1] = link.channel.number();
    octets[2..].copy_from_slice(&link.ask.bytes());
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(key: &str) -> Links {
        Links::new("https://warn.example".to_owned(), key.as_bytes().to_vec())
    }

    fn link() -> Link {
        let ask = AskId(uuid::Uuid::from_u128(0x0190_163d_8694_739b_aea5_966c_26f8_ad91));
        Link { mode: ModeKind::Live, channel: ChannelKind::Email, ask }
    }

    fn token(link: &str) -> &str {
        link.rsplit('/').next().unwrap()
    }

    #[test]
    fn a_link_comes_back_and_stays_short() {
        let written = links("a key").write(link());
        assert!(written.starts_with("https://warn.example/a/"), "{written}");
        assert_eq!(token(&written).len(), 40, "short messages are paid by their length");
        assert_eq!(links("a key").read(token(&written)), Some(link()));
    }

    #[test]
    fn nobody_makes_one_without_the_key() {
        let written = links("a key").write(link());
        let token = token(&written);
        assert_eq!(links("another").read(token), None);
        for at in 0..token.len() {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(links("a key").read(&changed), None, "letter {at}");
        }
        for nothing in ["", "A", "////", "收到", &"A".repeat(40), &"A".repeat(4_000)] {
            assert_eq!(links("a key").read(nothing), None);
        }
        assert!(!format!("{:?}", links("a key")).contains("key:"));
    }
}
