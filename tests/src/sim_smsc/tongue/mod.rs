//! The words of the four protocols, as a gateway says and hears them. A desk judges what was said; here it is only
//! read and written.

mod cmpp;
mod sgip;
mod smgp;
mod smpp;

use bytes::BytesMut;
use mingluo_channels::sms::{
    cmpp::Version,
    sgip::Sequence,
    smpp::{Address, AddressDigits},
    wire::{COctets, Coding, Octets, Stamp},
};
use mingluo_model::receipt::ProviderId;
use serde::{Deserialize, Serialize};

use super::{arrival::Arrival, log::Arrived, postbag::Receipt, slip::Slip};

pub(super) use sgip::call;

/// Which protocol a simulator speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, clap::ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// SMPP 3.4.
    #[default]
    Smpp,
    /// CMPP 3.0 and 2.0 (中国移动).
    Cmpp,
    /// SMGP 3.0 (中国电信).
    Smgp,
    /// SGIP 1.2 (中国联通); its receipts go to `--report-to`.
    Sgip,
}

/// The words of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    Smpp,
    Cmpp(Version),
    Smgp,
    Sgip,
}

/// What names a request: SGIP's twelve octets; of the others the counter alone.
pub(super) type Key = Sequence;

/// What a client said.
pub(super) enum Said {
    /// A part of a message.
    Submit(Submit),
    /// It took the receipt of this sequence.
    Took(u32),
    /// It asks whether we live.
    Probe(Key),
    /// It wants to part.
    Goodbye(Key),
    /// What it asks is refused with these octets.
    Refused(BytesMut),
    /// What wants no answer.
    Nothing,
    /// The stream is out of step; these octets say so where the protocol has words for it.
    OutOfStep(BytesMut),
}

/// A part as it came.
pub(super) struct Submit {
    pub(super) key: Key,
    pub(super) arrival: Arrival,
    pub(super) source: Address,
    pub(super) destination: Address,
    pub(super) wants_receipt: bool,
}

/// Why a part is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Over the licence.
    Throttled,
    /// The queue is full.
    Full,
    /// Something is broken just now.
    Temporary,
    /// A bad destination.
    Refused,
    /// Nothing may be sent at this hour.
    Closed,
}

/// Who logged in.
pub(super) struct Guest {
    pub(super) account: String,
    /// Whether receipts may go to this session.
    pub(super) hears: bool,
    pub(super) tongue: Tongue,
}

/// What a login is answered, and who came if it is let in.
pub(super) type Greeting = (BytesMut, Option<Guest>);

/// What a simulator asks of who logs in.
pub(super) struct Lock<'a> {
    pub(super) password: Option<&'a str>,
    /// The highest CMPP that is spoken.
    pub(super) version: Version,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Smpp, Self::Cmpp, Self::Smgp, Self::Sgip];

    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Smpp => "smpp",
            Self::Cmpp => "cmpp",
            Self::Smgp => "smgp",
            Self::Sgip => "sgip",
        }
    }

    /// The name by which client and gateway know a part that was taken, as the client keeps it: the gateway's id in the
    /// octets of the wire, or of SGIP, which gives none, the twelve octets of the client's own sequence.
    pub fn name_of(self, arrived: &Arrived) -> ProviderId {
        match self {
            Self::Smpp => ProviderId::new(arrived.id.to_string().as_bytes()),
            Self::Cmpp => ProviderId::new(&arrived.id.to_be_bytes()),
            Self::Smgp => ProviderId::new(&smgp::msg_id(arrived.id).0),
            Self::Sgip => {
                let [node, stamp] = arrived.prefix;
                ProviderId::new(&Key { node, stamp: Stamp(stamp), counter: arrived.sequence }.to_bytes())
            }
        }
    }

    /// Reads a login; `None` until it is whole.
    ///
    /// # Errors
    /// When something else was said.
    pub(super) fn greet(self, heard: &mut BytesMut, lock: &Lock<'_>) -> Result<Option<Greeting>, NoLogin> {
        match self {
            Self::Smpp => smpp::greet(heard, lock),
            Self::Cmpp => cmpp::greet(heard, lock),
            Self::Smgp => smgp::greet(heard, lock),
            Self::Sgip => sgip::greet(heard, lock),
        }
    }
}

/// What was said first is no login.
#[derive(Debug)]
pub(super) struct NoLogin;

impl Tongue {
    /// Takes one whole request or answer off what was heard.
    pub(super) fn hear(self, heard: &mut BytesMut) -> Option<Said> {
        match self {
            Self::Smpp => smpp::hear(heard),
            Self::Cmpp(version) => cmpp::hear(version, heard),
            Self::Smgp => smgp::hear(heard),
            Self::Sgip => sgip::hear(heard),
        }
    }

    /// A part is taken under this id.
    pub(super) fn take(self, key: Key, id: u64, out: &mut BytesMut) {
        match self {
            Self::Smpp => smpp::take(key, id, out),
            Self::Cmpp(version) => cmpp::take(version, key, id, out),
            Self::Smgp => smgp::take(key, id, out),
            Self::Sgip => sgip::take(key, out),
        }
    }

    /// A part is not taken.
    pub(super) fn turn_away(self, key: Key, why: Why, out: &mut BytesMut) {
        match self {
            Self::Smpp => smpp::turn_away(key, why, out),
            Self::Cmpp(version) => cmpp::turn_away(version, key, why, out),
            Self::Smgp => smgp::turn_away(key, why, out),
            Self::Sgip => sgip::turn_away(key, why, out),
        }
    }

    /// We live.
    pub(super) fn alive(self, key: Key, out: &mut BytesMut) {
        match self {
            Self::Smpp => smpp::alive(key, out),
            Self::Cmpp(version) => cmpp::alive(version, key, out),
            Self::Smgp => smgp::alive(key, out),
            Self::Sgip => {}
        }
    }

    /// We part too.
    pub(super) fn farewell(self, key: Key, out: &mut BytesMut) {
        match self {
            Self::Smpp => smpp::farewell(key, out),
            Self::Cmpp(version) => cmpp::farewell(version, key, out),
            Self::Smgp => smgp::farewell(key, out),
            Self::Sgip => sgip::farewell(key, out),
        }
    }

    /// A receipt, or what its recipient writes back, under a sequence of ours.
    pub(super) fn report(
        self,
        receipt: &Receipt,
        sequence: u32,
        now_us: i64,
        slip: &mut Slip,
        out: &mut BytesMut,
    ) {
        if let Some(words) = &receipt.wrote {
            return match self {
                Self::Smpp => smpp::reply(receipt, words, sequence, out),
                Self::Cmpp(version) => cmpp::reply(version, receipt, words, sequence, out),
                Self::Smgp => smgp::reply(receipt, words, sequence, now_us, out),
                Self::Sgip => sgip::reply(receipt, words, sequence, now_us, out),
            };
        }
        match self {
            Self::Smpp => slip.write(receipt, sequence, now_us, out),
            Self::Cmpp(version) => cmpp::report(version, receipt, sequence, now_us, out),
            Self::Smgp => smgp::report(receipt, sequence, now_us, out),
            Self::Sgip => sgip::report(receipt, sequence, now_us, out),
        }
    }
}

/// Words as the residents' phones write them: UCS-2.
fn ucs2<const N: usize>(words: &str) -> Octets<N> {
    let written = Coding::UCS2.write(words).unwrap_or_default();
    Octets::new("words", written).unwrap_or_default()
}

/// A key that is a counter alone.
pub(super) fn counter(counter: u32) -> Key {
    Key { counter, ..Key::default() }
}

/// The digits of a fixed field, as SMPP's address without type and plan.
fn address(digits: &str) -> Address {
    let digits: AddressDigits = COctets::new("number", digits).unwrap_or_default();
    Address { digits, ..Address::default() }
}
