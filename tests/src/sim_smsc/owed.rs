//! What an earlier run of the program took and still owes a receipt for, read from its log: a centre that is killed and
//! started again goes on where it stopped, as a real one does. What fell to chance then falls the same way now.

use std::{collections::BTreeMap, path::Path};

use mingluo_channels::sms::{
    smpp::{Address, AddressDigits},
    wire::{COctets, Stamp},
};

use super::{
    Faults, Protocol,
    dice::Dice,
    log::{Arrived, LogError, Posted, PostedAs, Record, Tail},
    postbag::Receipt,
    tongue::Key,
};

/// Numbers of so many digits are mainland mobile numbers, whose country code the log leaves out.
const MOBILE: usize = 11;

/// Type of number and numbering plan of an international number (SMPP 3.4 clauses 5.2.5 and 5.2.6).
const INTERNATIONAL: u8 = 1;

/// An earlier log.
#[derive(Default)]
pub(super) struct Earlier {
    /// Where its last whole record ends.
    pub(super) end: u64,
    /// The receipts that it owes, each with its time in microseconds since 1970.
    pub(super) owed: Vec<(i64, Receipt)>,
    /// The last session that it names; those of now are counted on from there.
    pub(super) last_session: u32,
}

/// Reads an earlier log; one that is not there owes nothing.
///
/// # Errors
/// [`LogError`] when it cannot be read or is none of ours.
pub(super) fn earlier(path: &Path, protocol: Protocol, faults: &Faults) -> Result<Earlier, LogError> {
    let mut owing: BTreeMap<u64, Arrived> = BTreeMap::new();
    let (mut tail, mut last_session) = (Tail::new(path), 0);
    tail.read(|record| match record {
        Record::Arrived(arrived) => {
            last_session = last_session.max(arrived.session);
            if arrived.verdict.is_taken() {
                owing.insert(arrived.id, arrived);
            }
        }
        Record::Posted(Posted { id, how: PostedAs::Withheld | PostedAs::Answered, .. }) => {
            owing.remove(&id);
        }
        Record::Posted(_) => {}
    })?;
    let owed = owing.into_values().map(|arrived| owed(&arrived, protocol, faults)).collect();
    Ok(Earlier { end: tail.whole(), owed, last_session })
}

fn owed(arrived: &Arrived, protocol: Protocol, faults: &Faults) -> (i64, Receipt) {
    let Arrived { id, at_us, sequence, prefix: [node, stamp], destination, part, .. } = *arrived;
    let dice = Dice::new(faults.seed, destination, part);
    let receipt = Receipt {
        id,
        state: faults.state(dice),
        // Its session is gone with the earlier run.
        session: 0,
        taken_us: at_us,
        // The log does not have the sender; the account's number is known to the account.
        to: Address::default(),
        from: number(destination, protocol),
        key: Key { node, stamp: Stamp(stamp), counter: sequence },
        wrote: None,
    };
    (faults.due_us(dice, at_us), receipt)
}

/// A number in the form that the protocol has it in.
pub(super) fn number(destination: u64, protocol: Protocol) -> Address {
    let plain = destination.to_string();
    let with_country = matches!(protocol, Protocol::Smpp | Protocol::Sgip) && plain.len() == MOBILE;
    let digits = if with_country { format!("86{plain}") } else { plain };
    let digits: AddressDigits = COctets::new("number", &digits).unwrap_or_default();
    Address { ton: INTERNATIONAL, npi: INTERNATIONAL, digits }
}
