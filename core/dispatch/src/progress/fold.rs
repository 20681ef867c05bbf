//! A plan as chunks of the ledger, and back.

use super::{HOLE, Progress};
use mingluo_ledger::chunk::Chunk;
use mingluo_model::{delivery::Standing, mode::Mode, plan::PlanStatus};
use std::{ops::Range, time::Duration};

impl<M: Mode> Progress<M> {
    /// Takes up the fold of a closed plan, so that it can be looked at again.
    pub fn unfold(&mut self, chunks: &[Chunk]) {
        for chunk in chunks {
            for index in 0..chunk.standings.len() {
                let Some(offset) = self.offset(chunk.chunk_no * Chunk::SIZE + index as u32) else { continue };
                let Some(standing) = Standing::from_byte(chunk.standings[index]) else { continue };
                self.cells.attempts[offset] = chunk.attempts[index];
                self.cells.submit_ms[offset] = chunk.t_submit_ms[index];
                let at = |ms: u32| self.plan.not_before.plus(Duration::from_millis(u64::from(ms)));
                let (submitted, last) = (at(chunk.t_submit_ms[index]), at(chunk.t_final_ms[index]));
                if chunk.t_submit_ms[index] != Chunk::NEVER {
                    self.first_byte = Some(self.first_byte.map_or(submitted, |first| first.min(submitted)));
                }
                self.set(offset, standing, last);
            }
        }
        self.status = PlanStatus::Closed;
    }

    /// The numbers of the chunks of 4,096 ordinals into which the plan is folded.
    pub fn chunk_numbers(&self) -> Range<u32> {
        let (first, span) = self.places.span();
        first / Chunk::SIZE..(first + span).div_ceil(Chunk::SIZE)
    }

    /// One chunk of the folded plan, for the ledger.
    pub fn fold_chunk(&self, chunk_no: u32) -> Chunk {
        let ordinals = chunk_no * Chunk::SIZE..(chunk_no + 1) * Chunk::SIZE;
        let offsets: Vec<Option<usize>> = ordinals.map(|ordinal| self.offset(ordinal)).collect();
        Chunk {
            chunk_no,
            standings: column(&offsets, &self.cells.standing, HOLE),
            attempts: column(&offsets, &self.cells.attempts, 0),
            t_submit_ms: column(&offsets, &self.cells.submit_ms, u32::MAX),
            t_final_ms: offsets
                .iter()
                .map(|offset| offset.map_or(u32::MAX, |offset| self.final_ms(offset)))
                .collect(),
        }
    }

    fn final_ms(&self, offset: usize) -> u32 {
        if self.at(offset).state().is_open() { u32::MAX } else { self.cells.since_ms[offset] }
    }
}

fn column<T: Copy>(offsets: &[Option<usize>], cells: &[T], none: T) -> Vec<T> {
    offsets.iter().map(|offset| offset.map_or(none, |offset| cells[offset])).collect()
}
