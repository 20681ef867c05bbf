//! The fold of a closed plan: what became of 4,096 neighbouring deliveries, in a few kilobytes.

use crate::codec::{CodecError, Reader, Writer};

/// What became of the deliveries with ordinals `chunk_no * 4096 ..` of a plan. All columns have one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Ordinal divided by [`Chunk::SIZE`].
    pub chunk_no: u32,
    /// A [`mingluo_model::delivery::Standing`] byte per ordinal; [`Chunk::NOT_IN_PLAN`] where the plan leaves it out.
    pub standings: Vec<u8>,
    /// Tries made.
    pub attempts: Vec<u8>,
    /// Milliseconds from the plan's release to the first submission; [`Chunk::NEVER`] if there was none.
    pub t_submit_ms: Vec<u32>,
    /// Milliseconds from the plan's release to the final state; [`Chunk::NEVER`] if there was none.
    pub t_final_ms: Vec<u32>,
}

impl Chunk {
    /// Deliveries in a full chunk.
    pub const SIZE: u32 = 4096;
    /// The standing of an ordinal that is not in the plan.
    pub const NOT_IN_PLAN: u8 = 0xff;
    /// The time of what never happened.
    pub const NEVER: u32 = u32::MAX;

    /// The bytes to keep. The chunk's number is kept beside them.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(64 + 4 * self.standings.len());
        writer.number(self.standings.len() as u64);
        write_runs(&mut writer, &self.standings);
        write_runs(&mut writer, &self.attempts);
        write_times(&mut writer, &self.t_submit_ms);
        write_times(&mut writer, &self.t_final_ms);
        writer.finish()
    }

    /// Reads kept bytes.
    ///
    /// # Errors
    /// [`CodecError`] for bytes that [`Self::encode`] did not write.
    pub fn decode(chunk_no: u32, bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes)?;
        let value = reader.number("length")?;
        if value > u64::from(Self::SIZE) {
            return Err(CodecError::Value { field: "length", value });
        }
        let length = value as usize;
        let chunk = Self {
            chunk_no,
            standings: read_runs(&mut reader, length)?,
            attempts: read_runs(&mut reader, length)?,
            t_submit_ms: read_times(&mut reader, length)?,
            t_final_ms: read_times(&mut reader, length)?,
        };
        reader.finish()?;
        Ok(chunk)
    }
}

/// Runs of equal bytes: how many, then which.
fn write_runs(writer: &mut Writer, column: &[u8]) {
    for run in column.chunk_by(u8::eq) {
        writer.number(run.len() as u64);
        writer.byte(run[0]);
    }
}

fn read_runs(reader: &mut Reader<'_>, length: usize) -> Result<Vec<u8>, CodecError> {
    let mut column = Vec::with_capacity(length);
    while column.len() < length {
        let run: usize = reader.narrow("run")?;
        if run == 0 || run > length - column.len() {
            return Err(CodecError::Value { field: "run", value: run as u64 });
        }
        column.resize(column.len() + run, reader.byte("run")?);
    }
    Ok(column)
}

/// Steps from the time before; "never" is 0 and every time is one more, so that the common cases stay small.
fn write_times(writer: &mut Writer, column: &[u32]) {
    let mut last = 0;
    for time in column {
        let next = u64::from(time.wrapping_add(1));
        writer.step(last, next);
        last = next;
    }
}

fn read_times(reader: &mut Reader<'_>, length: usize) -> Result<Vec<u32>, CodecError> {
    let mut column = Vec::with_capacity(length);
    let mut last = 0;
    for _ in 0..length {
        let time: u32 = reader.step("time", last)?;
        column.push(time.wrapping_sub(1));
        last = u64::from(time);
    }
    Ok(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn any_chunk()(length in 0_usize..300)(
            chunk_no in any::<u32>(),
            standings in prop::collection::vec(any::<u8>(), length),
            attempts in prop::collection::vec(0_u8..3, length),
            t_submit_ms in prop::collection::vec(any::<u32>(), length),
            t_final_ms in prop::collection::vec(prop_oneof![Just(u32::MAX), 0_u32..9], length),
        ) -> Chunk {
            Chunk { chunk_no, standings, attempts, t_submit_ms, t_final_ms }
        }
    }

    proptest! {
        #[test]
        fn every_chunk_comes_back(chunk in any_chunk()) {
            prop_assert_eq!(Chunk::decode(chunk.chunk_no, &chunk.encode()), Ok(chunk));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut writer = Writer::new(0);
            writer.bytes(&bytes);
            let _ = Chunk::decode(0, &writer.finish());
            prop_assert!(Chunk::decode(0, &bytes).is_err());
        }
    }

    #[test]
    fn a_quiet_chunk_is_small() {
        let full = Chunk::SIZE as usize;
        let chunk = Chunk {
            chunk_no: 0,
            standings: vec![4; full],
            attempts: vec![1; full],
            t_submit_ms: (0..Chunk::SIZE).map(|ordinal| ordinal * 2).collect(),
            t_final_ms: (0..Chunk::SIZE).map(|ordinal| ordinal * 2 + 900).collect(),
        };
        assert!(chunk.encode().len() < 3 * full);
    }
}
