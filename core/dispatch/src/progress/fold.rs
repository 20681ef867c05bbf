//! A plan as chunks of the ledger, and back.

use super::{HOLE, Progress};
use mingluo_ledger::chunk::Chunk;
use mingluo_model::{clock::Timestamp, delivery::Standing, mode::Mode, plan::PlanStatus};
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

    /// A delivery of a folded plan moved after all: its counts follow. Its chunk is written anew by whoever tells.
    pub fn amend(&mut self, ordinal: u32, from: Standing, to: Standing, at: Timestamp) {
        if self.status == PlanStatus::Closed {
            self.tally.shift(ordinal, Some(from), to, at);
            self.moves_made += 1;
        }
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

#[cfg(test)]
mod tests {
    use super::super::{
        Progress,
        tests::{END, START, answer, progress, receipt, state, taken},
    };
    use crate::tally::SHOWN;
    use mingluo_ledger::event::{Answer, Fact, PartReceipt};
    use mingluo_model::{
        channel::Repeat,
        delivery::{DeliveryState, Reason, Standing},
        grade::Grade,
        mode::Live,
        receipt::ReceiptStatus,
    };
    use std::time::Duration;

    #[test]
    fn a_box_that_is_away_keeps_its_plan_in_memory_until_the_order_ends() {
        let mut progress = progress(1, 1, Grade::Red);
        progress.rules.repeat = Repeat::ActsOnce;
        progress.pick(1, START);
        progress.apply(&progress.give_up_answers(START).unwrap(), START);
        assert_eq!(state(&progress, 100), DeliveryState::Unknown);
        assert!(progress.is_settled(START) && !progress.may_be_folded(START, Duration::ZERO));
        assert!(progress.may_be_folded(END, Duration::ZERO));
    }

    #[test]
    fn what_is_unknown_for_good_is_kept_in_memory_for_as_long_as_receipts_may_come() {
        let mut progress = progress(1, 1, Grade::Red);
        progress.pick(1, START);
        answer(&mut progress, 100, 0, Answer::Lost, START);
        let receipts = END.since(START) * 2;
        assert!(progress.is_settled(END) && !progress.may_be_folded(END, receipts));
        assert!(progress.may_be_folded(START.plus(receipts), receipts));
        receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
        assert!(progress.may_be_folded(END, receipts));
    }

    #[test]
    fn a_closed_plan_keeps_its_counts_and_the_times_that_are_shown() {
        let mut progress = progress(20, 1, Grade::Red);
        progress.pick(20, START);
        for ordinal in 100..120 {
            let at = START.plus(Duration::from_secs(u64::from(ordinal)));
            progress.apply(
                &Fact::Receipts(vec![PartReceipt { ordinal, part: 0, status: ReceiptStatus::Delivered }]),
                at,
            );
        }
        let times = |progress: &Progress<Live>| SHOWN.map(|share| progress.tally().total().reached(share));
        let before = times(&progress);
        progress.close();
        assert_eq!(times(&progress), before);
        assert_eq!(progress.tally().total().of(DeliveryState::Delivered), 20);
        assert_eq!(progress.plan().target.recipients(), 0, "who is who is in its chunks now");
    }

    #[test]
    fn a_folded_plan_unfolds_to_the_same_counts_and_people() {
        let mut run = progress(9, 1, Grade::Red);
        run.pick(5, START);
        for ordinal in 100..104 {
            answer(&mut run, ordinal, 0, taken(), START);
        }
        receipt(&mut run, 101, 0, ReceiptStatus::Delivered);
        run.apply(&run.give_up_receipts(START).unwrap(), END);
        let mut again = progress(9, 1, Grade::Red);
        again.unfold(&run.chunk_numbers().map(|chunk_no| run.fold_chunk(chunk_no)).collect::<Vec<_>>());
        assert_eq!((again.reached(), again.unconfirmed()), (run.reached(), run.unconfirmed()));
        assert_eq!(again.first_byte(), run.first_byte());
        for state in DeliveryState::ALL {
            assert_eq!(again.tally().total().of(state), run.tally().total().of(state), "{state:?}");
        }
    }

    #[test]
    fn what_a_folded_plan_is_told_moves_its_counts_alone() {
        let mut run = progress(2, 1, Grade::Red);
        run.pick(2, START);
        (100..102).for_each(|ordinal| answer(&mut run, ordinal, 0, taken(), START));
        let (from, to) =
            (run.standing(100).unwrap(), Standing::new(DeliveryState::Failed, Reason::BadAddress));
        run.amend(100, from, to, START);
        assert_eq!(run.tally().total().of(DeliveryState::Failed), 0, "an open plan is moved by its log");
        run.close();
        run.amend(100, from, to, START.plus(Duration::from_hours(100)));
        let counts = run.tally().total();
        assert_eq!((counts.of(DeliveryState::Accepted), counts.of(DeliveryState::Failed)), (1, 1));
    }
}
