//! One record of the log and its octets, little-endian, each kind with a length of its own.

/// What became of a part that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// Taken.
    Taken = 0,
    /// Taken; its receipt will say DELIVRD, which is a lie.
    Lied = 1,
    /// Over the licence.
    Throttled = 2,
    /// Sent away for being busy, or left without an answer.
    Busy = 3,
    /// Refused for good.
    Refused = 4,
}

impl Verdict {
    const ALL: [Self; 5] = [Self::Taken, Self::Lied, Self::Throttled, Self::Busy, Self::Refused];

    /// Whether it was answered as taken.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Taken | Self::Lied)
    }
}

/// What was done with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PostedAs {
    /// Put on the wire.
    Sent = 0,
    /// Never to be sent.
    Withheld = 1,
    /// The client took it.
    Answered = 2,
}

impl PostedAs {
    const ALL: [Self; 3] = [Self::Sent, Self::Withheld, Self::Answered];
}

/// A part came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// When, in microseconds since 1970.
    pub at_us: i64,
    /// The session that brought it, from 1 in the program's life.
    pub session: u32,
    /// Its sequence there.
    pub sequence: u32,
    /// What SGIP puts before the sequence: the client's node and its time; zeros in the other protocols.
    pub prefix: [u32; 2],
    /// The message id it was given; 0 for none.
    pub id: u64,
    /// The destination's digits as a number, without 86 before eleven digits; 0 for what is no number.
    pub destination: u64,
    /// Which part, from 1.
    pub part: u8,
    /// Of how many.
    pub total: u8,
    /// A fingerprint of header and text.
    pub text: u32,
    /// What became of it.
    pub verdict: Verdict,
}

/// Something was done with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// When, in microseconds since 1970.
    pub at_us: i64,
    /// The session it went over; for a withheld one, the session of the submit.
    pub session: u32,
    /// The message it is about.
    pub id: u64,
    /// What was done.
    pub how: PostedAs,
    /// The state it reports, by its number on the wire (SMPP 3.4 clause 5.2.28); 0 when withheld.
    pub state: u8,
}

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// A part came.
    Arrived(Arrived),
    /// Something was done with a receipt.
    Posted(Posted),
}

/// A record that this program did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strange;

const ARRIVED: u8 = 1;
const POSTED: u8 = 2;

/// Octets of a record behind its four small fields.
const ARRIVED_REST: usize = 44;
const POSTED_REST: usize = 20;

impl Record {
    /// Appends the record's octets.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Arrived(Arrived {
                at_us,
                session,
                sequence,
                prefix: [node, stamp],
                id,
                destination,
                part,
                total,
                text,
                verdict,
            }) => {
                out.extend([ARRIVED, *verdict as u8, *part, *total]);
                for word in [*session, *sequence, *text, *node, *stamp] {
                    out.extend(word.to_le_bytes());
                }
                out.extend(at_us.to_le_bytes());
                out.extend(id.to_le_bytes());
                out.extend(destination.to_le_bytes());
            }
            Self::Posted(Posted { at_us, session, id, how, state }) => {
                out.extend([POSTED, *how as u8, *state, 0]);
                out.extend(session.to_le_bytes());
                out.extend(at_us.to_le_bytes());
                out.extend(id.to_le_bytes());
            }
        }
    }

    /// Takes the first record off; `None` when it is not whole yet.
    pub(super) fn take(octets: &mut &[u8]) -> Result<Option<Self>, Strange> {
        let Some(([kind, small @ ..], rest)) = octets.split_first_chunk::<4>() else { return Ok(None) };
        let (record, rest) = match *kind {
            ARRIVED => match rest.split_first_chunk::<ARRIVED_REST>() {
                Some((fields, rest)) => (Self::Arrived(arrived(*small, fields)?), rest),
                None => return Ok(None),
            },
            POSTED => match rest.split_first_chunk::<POSTED_REST>() {
                Some((fields, rest)) => (Self::Posted(posted(*small, fields)?), rest),
                None => return Ok(None),
            },
            _ => return Err(Strange),
        };
        *octets = rest;
        Ok(Some(record))
    }
}

fn arrived([verdict, part, total]: [u8; 3], fields: &[u8; ARRIVED_REST]) -> Result<Arrived, Strange> {
    Ok(Arrived {
        verdict: *Verdict::ALL.get(usize::from(verdict)).ok_or(Strange)?,
        part,
        total,
        session: word(fields, 0),
        sequence: word(fields, 4),
        text: word(fields, 8),
        prefix: [word(fields, 12), word(fields, 16)],
        at_us: long(fields, 20) as i64,
        id: long(fields, 28),
        destination: long(fields, 36),
    })
}

fn posted([how, state, _]: [u8; 3], fields: &[u8; POSTED_REST]) -> Result<Posted, Strange> {
    Ok(Posted {
        how: *PostedAs::ALL.get(usize::from(how)).ok_or(Strange)?,
        state,
        session: word(fields, 0),
        at_us: long(fields, 4) as i64,
        id: long(fields, 12),
    })
}

fn word(fields: &[u8], at: usize) -> u32 {
    fields[at..].first_chunk().map_or(0, |octets| u32::from_le_bytes(*octets))
}

fn long(fields: &[u8], at: usize) -> u64 {
    fields[at..].first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::sim_smsc::log) fn any_record() -> impl Strategy<Value = Record> {
        let arrived = (any::<(i64, u32, u32, [u32; 2], u64, u64, u8, u8, u32)>(), 0..5_usize).prop_map(
            |(any, verdict)| {
                let (at_us, session, sequence, prefix, id, destination, part, total, text) = any;
                let verdict = Verdict::ALL[verdict];
                Record::Arrived(Arrived {
                    at_us,
                    session,
                    sequence,
                    prefix,
                    id,
                    destination,
                    part,
                    total,
                    text,
                    verdict,
                })
            },
        );
        let posted =
            (any::<(i64, u32, u64, u8)>(), 0..3_usize).prop_map(|((at_us, session, id, state), how)| {
                Record::Posted(Posted { at_us, session, id, how: PostedAs::ALL[how], state })
            });
        prop_oneof![arrived, posted]
    }

    fn all(mut octets: &[u8]) -> Vec<Record> {
        std::iter::from_fn(|| Record::take(&mut octets).unwrap()).collect()
    }

    proptest! {
        /// A log that ends anywhere holds every record that is whole.
        #[test]
        fn what_was_written_is_read_as_far_as_it_goes(records in prop::collection::vec(any_record(), 0..20), cut: prop::sample::Index) {
            let mut octets = Vec::new();
            let mut ends = Vec::new();
            for record in &records {
                record.put(&mut octets);
                ends.push(octets.len());
            }
            prop_assert_eq!(all(&octets), records.clone());
            let length = cut.index(octets.len() + 1);
            let whole = ends.iter().filter(|end| **end <= length).count();
            prop_assert_eq!(all(&octets[..length]), &records[..whole]);
        }

        #[test]
        fn noise_is_read_in_peace(noise: Vec<u8>) {
            let mut octets = &noise[..];
            while let Ok(Some(_)) = Record::take(&mut octets) {}
        }
    }
}
