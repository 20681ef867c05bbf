//! Additions (闪信): what leaves beside a message with its first try. They are paced, paid and kept like parts, and nothing
//! hangs on them.

use super::Progress;
use mingluo_ledger::event::Answer;
use mingluo_model::{channel::ADDITION, mode::Mode};
use serde::Serialize;

/// What became of a plan's additions (闪信), which move no delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Additions {
    /// Taken by the gateway; nothing more is known of any.
    pub taken: u32,
    /// Refused, or not answered.
    pub not_taken: u32,
}

impl Additions {
    /// So many in a row from the first on that were not taken tell that none will be.
    const BELIEVED: u32 = 10;

    const fn are_in_vain(self) -> bool {
        self.taken == 0 && self.not_taken >= Self::BELIEVED
    }
}

impl<M: Mode> Progress<M> {
    /// What was said to an addition says nothing of the message, which it only announces and which waits for nothing that
    /// it is answered. It leaves once; and where the far side takes none at all, no more are sent.
    pub(super) fn apply_answer_to_addition(&mut self, offset: usize, answer: &Answer) {
        self.cells.flying[offset] &= !(1 << ADDITION);
        match answer {
            Answer::Busy => return,
            Answer::Accepted(_) => self.additions.taken += 1,
            Answer::Temporary(_) | Answer::Permanent(_) | Answer::Lost => self.additions.not_taken += 1,
        }
        self.cells.accepted[offset] |= 1 << ADDITION;
        if self.additions.are_in_vain() && self.has_addition {
            self.has_addition = false;
            tracing::error!(plan.id = %self.plan.id, account = %self.plan.account, "the gateway takes no flash messages: no more are sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            WITHDRAWN,
            tests::{START, answer, progress, receipt, state, taken},
        },
        *,
    };
    use mingluo_ledger::event::IntentParcel;
    use mingluo_model::{
        clock::Timestamp,
        delivery::{DeliveryState, Reason},
        grade::Grade,
        receipt::ReceiptStatus,
    };

    #[test]
    fn a_flash_leaves_with_the_first_try_and_nothing_hangs_on_it() {
        for said in
            [taken(), Answer::Permanent(Reason::Content), Answer::Temporary(Reason::FarFault), Answer::Lost]
        {
            let mut progress = progress(2, 2, Grade::Red).with_addition(true);
            assert_eq!(progress.units(), 3);
            assert!(progress.pick(2, START).is_empty(), "a message leaves whole or not at all");
            let first = progress.pick(5, START);
            assert_eq!(first, [IntentParcel { ordinal: 100, attempt: 1, part_set: 0b11 | 1 << ADDITION }]);
            answer(&mut progress, 100, 0, taken(), START);
            answer(&mut progress, 100, 1, taken(), START);
            assert_eq!(state(&progress, 100), DeliveryState::Accepted, "its flash is not waited for");
            answer(&mut progress, 100, ADDITION, said, START);
            receipt(&mut progress, 100, ADDITION, ReceiptStatus::Failed(Reason::NotAllowed));
            assert_eq!((state(&progress, 100), progress.resent_in_doubt()), (DeliveryState::Accepted, 0));
            receipt(&mut progress, 100, 0, ReceiptStatus::Delivered);
            receipt(&mut progress, 100, 1, ReceiptStatus::Delivered);
            assert_eq!(state(&progress, 100), DeliveryState::Delivered);
        }
    }

    #[test]
    fn a_flash_is_not_sent_again_but_where_it_was_answered_busy() {
        let later = Timestamp(START.0 + 200);
        for (said, part_set) in [(taken(), 0b11), (Answer::Busy, 0b11 | 1 << ADDITION)] {
            let mut progress = progress(1, 2, Grade::Red).with_addition(true);
            progress.pick(3, START);
            answer(&mut progress, 100, ADDITION, said, START);
            answer(&mut progress, 100, 0, Answer::Busy, START);
            answer(&mut progress, 100, 1, Answer::Busy, START);
            assert_eq!(progress.pick(3, later), [IntentParcel { ordinal: 100, attempt: 1, part_set }]);
        }
        let mut progress = progress(1, 1, Grade::Red).with_addition(true);
        progress.pick(2, START);
        answer(&mut progress, 100, ADDITION, Answer::Lost, START);
        answer(&mut progress, 100, 0, Answer::Lost, START);
        let again = progress.pick(2, Timestamp(START.0 + 2_000));
        assert_eq!(again, [IntentParcel { ordinal: 100, attempt: 2, part_set: 0b1 }]);
    }

    #[test]
    fn whoever_was_shown_a_flash_is_told_of_a_lift_also_where_the_message_itself_was_put_off() {
        let mut progress = progress(1, 1, Grade::Red).with_addition(true);
        progress.pick(2, START);
        answer(&mut progress, 100, ADDITION, taken(), START);
        answer(&mut progress, 100, 0, Answer::Busy, START);
        progress.stop();
        progress.withdraw();
        progress.apply(&progress.give_up_rest(WITHDRAWN).unwrap(), START);
        assert!(progress.reached().contains(100));
    }

    #[test]
    fn where_the_gateway_takes_no_flash_no_more_are_sent_and_a_replay_knows_it() {
        let mut progress = progress(40, 1, Grade::Red).with_addition(true);
        for parcel in progress.pick(20, START) {
            answer(&mut progress, parcel.ordinal, 0, taken(), START);
            answer(&mut progress, parcel.ordinal, ADDITION, Answer::Permanent(Reason::NotAllowed), START);
        }
        assert_eq!((progress.units(), progress.additions()), (1, Additions { taken: 0, not_taken: 10 }));
        assert!(progress.pick(5, START).iter().all(|parcel| parcel.part_set == 0b1));
    }

    #[test]
    fn a_late_answer_to_a_flash_sends_no_message_earlier_than_it_is_due() {
        let mut progress = progress(1, 1, Grade::Red).with_addition(true);
        progress.pick(2, START);
        answer(&mut progress, 100, 0, Answer::Busy, START);
        answer(&mut progress, 100, ADDITION, Answer::Lost, START);
        answer(&mut progress, 100, ADDITION, taken(), START);
        assert!(progress.pick(9, START).is_empty());
        assert_eq!(progress.pick(9, Timestamp(START.0 + 200)).len(), 1);
    }
}
