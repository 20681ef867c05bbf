//! The bytes of a fact. Ordinals are steps from the one before, provider ids share the beginning of the one
//! before, so that a delivery costs some ten to twenty-five bytes over its whole life.

use super::{Answer, Fact, Intent, IntentParcel, Moved, PartAnswer, PartReceipt};
use crate::codec::{CodecError, Reader, Writer, stepped, zigzag};
use mingluo_model::{
    delivery::{Reason, Standing},
    receipt::{ProviderId, ReceiptStatus},
};

const INTENT: i16 = 1;
const ANSWERS: i16 = 2;
const RECEIPTS: i16 = 3;
const MOVED: i16 = 4;

impl Fact {
    /// The number of the kind of fact, kept beside the bytes: 1 intent, 2 answers, 3 receipts, 4 moved.
    pub const fn kind(&self) -> i16 {
        match self {
            Self::Intent(_) => INTENT,
            Self::Answers(_) => ANSWERS,
            Self::Receipts(_) => RECEIPTS,
            Self::Moved(_) => MOVED,
        }
    }

    /// The bytes to keep.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Intent(intent) => write_intent(intent),
            Self::Answers(answers) => write_answers(answers),
            Self::Receipts(receipts) => write_receipts(receipts),
            Self::Moved(moves) => write_moves(moves),
        }
    }

    /// Reads kept bytes of this kind.
    ///
    /// # Errors
    /// [`CodecError`] for bytes that [`Self::encode`] did not write.
    pub fn decode(kind: i16, bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes)?;
        let fact = match kind {
            INTENT => Self::Intent(read_intent(&mut reader)?),
            ANSWERS => Self::Answers(read_answers(&mut reader)?),
            RECEIPTS => Self::Receipts(read_receipts(&mut reader)?),
            MOVED => Self::Moved(read_moves(&mut reader)?),
            other => {
                return Err(CodecError::Value { field: "kind", value: u64::from(other.cast_unsigned()) });
            }
        };
        reader.finish()?;
        Ok(fact)
    }
}

/// A parcel that differs from the one before in its ordinal only takes one number: the step, and a low bit of 0.
fn write_intent(intent: &Intent) -> Vec<u8> {
    let mut writer = Writer::new(16 + 2 * intent.parcels.len());
    writer.number(intent.first_key);
    writer.number(u64::from(intent.parts));
    writer.number(intent.parcels.len() as u64);
    let mut last = IntentParcel { ordinal: 0, attempt: 1, part_set: 1 };
    for parcel in &intent.parcels {
        let other = (parcel.attempt, parcel.part_set) != (last.attempt, last.part_set);
        let step = zigzag(u64::from(last.ordinal), u64::from(parcel.ordinal));
        writer.number(step << 1 | u64::from(other));
        if other {
            writer.byte(parcel.attempt);
            writer.number(u64::from(parcel.part_set));
        }
        last = *parcel;
    }
    writer.finish()
}

fn read_intent(reader: &mut Reader<'_>) -> Result<Intent, CodecError> {
    let first_key = reader.number("first key")?;
    let parts = reader.narrow("parts")?;
    let count = reader.count("parcels")?;
    let mut parcels = Vec::with_capacity(count);
    let mut last = IntentParcel { ordinal: 0, attempt: 1, part_set: 1 };
    for _ in 0..count {
        let packed = reader.number("ordinal")?;
        let value = stepped(u64::from(last.ordinal), packed >> 1);
        last.ordinal = u32::try_from(value).map_err(|_| CodecError::Value { field: "ordinal", value })?;
        if packed & 1 == 1 {
            last.attempt = reader.byte("attempt")?;
            last.part_set = reader.narrow("part set")?;
        }
        parcels.push(last);
    }
    Ok(Intent { first_key, parts, parcels })
}

fn write_answers(answers: &[PartAnswer]) -> Vec<u8> {
    let mut writer = Writer::new(16 + 12 * answers.len());
    writer.number(answers.len() as u64);
    let (mut last, mut id): (u64, &[u8]) = (0, &[]);
    for PartAnswer { ordinal, part, answer } in answers {
        writer.step(last, u64::from(*ordinal));
        last = u64::from(*ordinal);
        writer.number(u64::from(*part) << 3 | u64::from(answer_tag(answer)));
        match answer {
            Answer::Accepted(Some(next)) => {
                write_id(&mut writer, id, next.bytes());
                id = next.bytes();
            }
            Answer::Temporary(reason) | Answer::Permanent(reason) => writer.byte(*reason as u8),
            Answer::Accepted(None) | Answer::Busy | Answer::Lost => {}
        }
    }
    writer.finish()
}

const fn answer_tag(answer: &Answer) -> u8 {
    match answer {
        Answer::Accepted(None) => 0,
        Answer::Accepted(Some(_)) => 1,
        Answer::Busy => 2,
        Answer::Temporary(_) => 3,
        Answer::Permanent(_) => 4,
        Answer::Lost => 5,
    }
}

fn write_id(writer: &mut Writer, last: &[u8], id: &[u8]) {
    let shared = last.iter().zip(id).take_while(|(one, other)| one == other).count();
    writer.byte(shared as u8);
    writer.byte((id.len() - shared) as u8);
    writer.bytes(&id[shared..]);
}

fn read_answers(reader: &mut Reader<'_>) -> Result<Vec<PartAnswer>, CodecError> {
    let count = reader.count("answers")?;
    let mut answers = Vec::with_capacity(count);
    let (mut last, mut id) = (0, Vec::new());
    for _ in 0..count {
        let ordinal = reader.step("ordinal", last)?;
        last = u64::from(ordinal);
        let packed = reader.number("part")?;
        let part =
            u8::try_from(packed >> 3).map_err(|_| CodecError::Value { field: "part", value: packed >> 3 })?;
        let answer = match packed & 7 {
            0 => Answer::Accepted(None),
            1 => Answer::Accepted(Some(read_id(reader, &mut id)?)),
            2 => Answer::Busy,
            3 => Answer::Temporary(read_reason(reader)?),
            4 => Answer::Permanent(read_reason(reader)?),
            5 => Answer::Lost,
            value => return Err(CodecError::Value { field: "answer", value }),
        };
        answers.push(PartAnswer { ordinal, part, answer });
    }
    Ok(answers)
}

/// Replaces the end of the id before by the bytes that differ.
fn read_id(reader: &mut Reader<'_>, id: &mut Vec<u8>) -> Result<ProviderId, CodecError> {
    let shared = reader.byte("provider id")?;
    let length = usize::from(reader.byte("provider id")?);
    let too_much = CodecError::Value { field: "provider id", value: u64::from(shared) };
    if usize::from(shared) > id.len() || usize::from(shared) + length > ProviderId::LONGEST {
        return Err(too_much);
    }
    id.truncate(usize::from(shared));
    id.extend_from_slice(reader.bytes("provider id", length)?);
    Ok(ProviderId::new(id))
}

fn read_reason(reader: &mut Reader<'_>) -> Result<Reason, CodecError> {
    let value = reader.byte("reason")?;
    Reason::ALL
        .get(usize::from(value))
        .copied()
        .ok_or(CodecError::Value { field: "reason", value: u64::from(value) })
}

fn write_receipts(receipts: &[PartReceipt]) -> Vec<u8> {
    let mut writer = Writer::new(16 + 4 * receipts.len());
    writer.number(receipts.len() as u64);
    let mut last = 0;
    for receipt in receipts {
        writer.step(last, u64::from(receipt.ordinal));
        writer.byte(receipt.part);
        writer.byte(receipt.status.byte());
        last = u64::from(receipt.ordinal);
    }
    writer.finish()
}

fn read_receipts(reader: &mut Reader<'_>) -> Result<Vec<PartReceipt>, CodecError> {
    let count = reader.count("receipts")?;
    let mut receipts = Vec::with_capacity(count);
    let mut last = 0;
    for _ in 0..count {
        let ordinal = reader.step("ordinal", last)?;
        last = u64::from(ordinal);
        let part = reader.byte("part")?;
        let value = reader.byte("status")?;
        let status = ReceiptStatus::from_byte(value)
            .ok_or(CodecError::Value { field: "status", value: u64::from(value) })?;
        receipts.push(PartReceipt { ordinal, part, status });
    }
    Ok(receipts)
}

fn write_moves(moves: &[Moved]) -> Vec<u8> {
    let mut writer = Writer::new(16 + 8 * moves.len());
    writer.number(moves.len() as u64);
    let mut last = 0;
    for step in moves {
        writer.step(last, u64::from(step.first));
        writer.number(u64::from(step.count));
        writer.byte(step.standing.byte());
        last = u64::from(step.first);
    }
    writer.finish()
}

fn read_moves(reader: &mut Reader<'_>) -> Result<Vec<Moved>, CodecError> {
    let count = reader.count("moves")?;
    let mut moves = Vec::with_capacity(count);
    let mut last = 0;
    for _ in 0..count {
        let first = reader.step("ordinal", last)?;
        last = u64::from(first);
        let count = reader.narrow("count")?;
        let value = reader.byte("standing")?;
        let standing = Standing::from_byte(value)
            .ok_or(CodecError::Value { field: "standing", value: u64::from(value) })?;
        moves.push(Moved { first, count, standing });
    }
    Ok(moves)
}

#[cfg(test)]
mod tests;
