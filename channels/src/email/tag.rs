//! Names of deliveries that leave with a mail and come back: in its return path (VERP) and in the address where its
//! reader unsubscribes. They name no person, and nobody can make one who does not know the account's key: else a
//! stranger could take people off by pretended bounces.

use crate::account::{Secret, same};
use hmac::{Hmac, Mac};
use mingluo_model::{id::PlanId, receipt::ProviderId};
use sha2::Sha256;

/// Letters of base32 (RFC 4648 section 6), small ones: some relays turn all letters of a mailbox small.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Octets of plan, ordinal and attempt.
const NAME: usize = 16 + 4 + 1;
/// Octets of the proof: one guess in 2^64 is right, and each costs a mail or a request.
const PROOF: usize = 8;
/// Letters of a tag.
pub(super) const LENGTH: usize = ((NAME + PROOF) * 8).div_ceil(5);

/// One try of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// The plan.
    pub plan: PlanId,
    /// The recipient in the plan's edition.
    pub ordinal: u32,
    /// Which try, from 1.
    pub attempt: u8,
}

/// What a tag is for: one that was seen in a return path unsubscribes nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The return path.
    Bounce,
    /// The address to unsubscribe at.
    Unsubscribe,
}

impl Purpose {
    const fn word(self) -> &'static [u8] {
        match self {
            Self::Bounce => b"bounce",
            Self::Unsubscribe => b"unsubscribe",
        }
    }
}

impl Tag {
    /// The name under which reports of this try come back.
    pub(super) fn provider_id(self) -> ProviderId {
        ProviderId::new(&self.octets())
    }

    fn octets(self) -> [u8; NAME] {
        let mut octets = [0; NAME];
        octets[..16].copy_from_slice(&self.plan.bytes());
        octets[16..20].copy_from_slice(&self.ordinal.to_be_bytes());
        octets[20] = self.attempt;
        octets
    }

    fn of(octets: [u8; NAME]) -> Self {
        let (plan, rest) = octets.split_first_chunk().expect("sixteen of twenty-one octets");
        let (ordinal, rest) = rest.split_first_chunk().expect("four of five octets");
        Self { plan: PlanId::from_bytes(*plan), ordinal: u32::from_be_bytes(*ordinal), attempt: rest[0] }
    }
}

/// Writes and reads the tags of one account.
#[derive(Clone)]
pub(super) struct Tagger(Secret);

impl Tagger {
    pub(super) const fn new(key: Secret) -> Self {
        Self(key)
    }

    pub(super) fn write(&self, purpose: Purpose, tag: Tag) -> String {
        let name = tag.octets();
        letters(&[&name[..], &self.proof(purpose, &name)].concat())
    }

    /// `None` for what is no tag, or one that we did not make for this.
    pub(super) fn read(&self, purpose: Purpose, text: &str) -> Option<Tag> {
        let octets: [u8; NAME + PROOF] = octets(text)?.try_into().ok()?;
        let (name, proof) = octets.split_first_chunk().expect("twenty-one of twenty-nine octets");
        same(&self.proof(purpose, name), proof).then(|| Tag::of(*name))
    }

    fn proof(&self, purpose: Purpose, name: &[u8; NAME]) -> [u8; PROOF] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes()).expect("a key of any length will do");
        mac.update(purpose.word());
        mac.update(name);
        *mac.finalize().into_bytes().first_chunk().expect("eight of thirty-two octets")
    }
}

fn letters(octets: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::with_capacity(LENGTH), 0_u32, 0);
    for octet in octets {
        held = held << 8 | u32::from(*octet);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    text
}

/// Capitals are read as well; `None` for what is none of the letters, or has bits beyond the last octet.
fn octets(text: &str) -> Option<Vec<u8>> {
    let (mut octets, mut held, mut bits) = (Vec::with_capacity(NAME + PROOF), 0_u32, 0);
    if text.len() != LENGTH {
        return None;
    }
    for letter in text.bytes().map(|letter| letter.to_ascii_lowercase()) {
        let value = LETTERS.iter().position(|one| *one == letter)?;
        held = (held << 5 | value as u32) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            octets.push((held >> bits) as u8);
        }
    }
    (held & ((1 << bits) - 1) == 0).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    fn tagger() -> Tagger {
        Tagger::new(Secret::new("a key"))
    }

    fn tag() -> Tag {
        Tag { plan: PLAN.parse().unwrap(), ordinal: 7, attempt: 2 }
    }

    #[test]
    fn a_tag_comes_back_whatever_a_relay_does_to_its_letters() {
        let text = tagger().write(Purpose::Bounce, tag());
        assert_eq!(text.len(), LENGTH);
        assert_eq!(tagger().read(Purpose::Bounce, &text), Some(tag()));
        assert_eq!(tagger().read(Purpose::Bounce, &text.to_uppercase()), Some(tag()));
    }

    #[test]
    fn nobody_makes_one_without_the_key() {
        let text = tagger().write(Purpose::Bounce, tag());
        assert_eq!(Tagger::new(Secret::new("another")).read(Purpose::Bounce, &text), None);
        assert_eq!(tagger().read(Purpose::Unsubscribe, &text), None, "a bounce unsubscribes nobody");
        for at in 0..LENGTH {
            let other = if &text[at..=at] == "b" { "c" } else { "b" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(tagger().read(Purpose::Bounce, &changed), None, "letter {at}");
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        let vectors =
            [("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("foobar", "mzxw6ytboi")];
        for (plain, coded) in vectors {
            assert_eq!(letters(plain.as_bytes()), coded);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_a_panic(text in any::<String>(), long in "[a-z2-7]{47}") {
            prop_assert_eq!(tagger().read(Purpose::Bounce, &text), None);
            prop_assert_eq!(tagger().read(Purpose::Unsubscribe, &long), None);
        }
    }
}
