//! The receipts of one session: those to be sent, and those sent and not answered, which come again.

use std::{collections::VecDeque, sync::Arc};

use bytes::BytesMut;
use mingluo_channels::sms::smpp::{Address, MessageState};

use super::{
    slip::Slip,
    tongue::{Key, Tongue},
};

/// A sequence on the wire has 31 bits (clause 3.2).
const WIRE: u32 = 0x7FFF_FFFF;

/// One receipt, wherever it is.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    pub(super) id: u64,
    pub(super) state: MessageState,
    /// The session that brought the message.
    pub(super) session: u32,
    /// When it was taken.
    pub(super) taken_us: i64,
    /// The message's sender, to whom the receipt goes.
    pub(super) to: Address,
    /// The message's recipient, from whom the receipt comes.
    pub(super) from: Address,
    /// What named the submit, which is all that SGIP names it by.
    pub(super) key: Key,
    /// It is no receipt but what the recipient writes back (上行).
    pub(super) wrote: Option<Arc<str>>,
}

/// A receipt on the wire.
struct Flying {
    receipt: Receipt,
    sent_us: i64,
}

/// The receipts of one session.
pub(super) struct Postbag {
    backlog: VecDeque<Receipt>,
    /// By sequence from `first`; a place is empty when it was answered.
    flying: VecDeque<Option<Flying>>,
    first: u32,
    unanswered: usize,
}

impl Default for Postbag {
    fn default() -> Self {
        Self { backlog: VecDeque::new(), flying: VecDeque::new(), first: 1, unanswered: 0 }
    }
}

impl Postbag {
    /// Puts a receipt behind those that wait.
    pub(super) fn put(&mut self, receipt: Receipt) {
        self.backlog.push_back(receipt);
    }

    /// The next receipt to send, while fewer than `window` are unanswered.
    pub(super) fn next(&mut self, window: usize) -> Option<Receipt> {
        if self.unanswered < window { self.backlog.pop_front() } else { None }
    }

    /// Writes a receipt and remembers it until it is answered.
    pub(super) fn send(
        &mut self,
        receipt: Receipt,
        tongue: Tongue,
        now_us: i64,
        slip: &mut Slip,
        out: &mut BytesMut,
    ) {
        let sequence = self.first.wrapping_add(self.flying.len() as u32) & WIRE;
        tongue.report(&receipt, sequence, now_us, slip, out);
        self.flying.push_back(Some(Flying { receipt, sent_us: now_us }));
        self.unanswered += 1;
    }

    /// The client took the receipt of `sequence`; which it was, the first time.
    pub(super) fn answer(&mut self, sequence: u32) -> Option<Receipt> {
        let place = (sequence.wrapping_sub(self.first) & WIRE) as usize;
        let flying = self.flying.get_mut(place)?.take()?;
        self.unanswered -= 1;
        self.forget_answered();
        Some(flying.receipt)
    }

    /// Puts what was sent before `until_us` and not answered back among those to send.
    pub(super) fn give_up_before(&mut self, until_us: i64) {
        while let Some(Some(flying)) =
            self.flying.pop_front_if(|place| place.as_ref().is_some_and(|flying| flying.sent_us <= until_us))
        {
            self.first = self.first.wrapping_add(1) & WIRE;
            self.unanswered -= 1;
            self.backlog.push_back(flying.receipt);
            self.forget_answered();
        }
    }

    /// Everything that was not answered, oldest first.
    pub(super) fn empty(self) -> impl Iterator<Item = Receipt> {
        self.flying.into_iter().flatten().map(|flying| flying.receipt).chain(self.backlog)
    }

    fn forget_answered(&mut self) {
        while self.flying.pop_front_if(|place| place.is_none()).is_some() {
            self.first = self.first.wrapping_add(1) & WIRE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(id: u64) -> Receipt {
        let address = Address::default();
        let key = Key::default();
        let state = MessageState::Delivered;
        Receipt { id, state, session: 1, taken_us: 0, to: address, from: address, key, wrote: None }
    }

    fn took(bag: &mut Postbag, sequence: u32) -> Option<u64> {
        bag.answer(sequence).map(|receipt| receipt.id)
    }

    fn sent(bag: &mut Postbag, window: usize, now_us: i64) -> usize {
        let mut count = 0;
        while let Some(receipt) = bag.next(window) {
            bag.send(receipt, Tongue::Smpp, now_us, &mut Slip::default(), &mut BytesMut::new());
            count += 1;
        }
        count
    }

    #[test]
    fn no_more_than_the_window_is_unanswered() {
        let mut bag = Postbag::default();
        (1..=5).for_each(|id| bag.put(receipt(id)));
        assert_eq!(sent(&mut bag, 2, 0), 2);
        assert_eq!((took(&mut bag, 2), took(&mut bag, 2), took(&mut bag, 9)), (Some(2), None, None));
        assert_eq!(sent(&mut bag, 2, 0), 1);
    }

    #[test]
    fn what_is_not_answered_in_time_comes_again_under_another_sequence() {
        let mut bag = Postbag::default();
        (1..=2).for_each(|id| bag.put(receipt(id)));
        sent(&mut bag, 9, 100);
        assert_eq!(took(&mut bag, 1), Some(1));
        bag.give_up_before(99);
        assert_eq!(sent(&mut bag, 9, 200), 0);
        bag.give_up_before(100);
        assert_eq!(sent(&mut bag, 9, 200), 1);
        assert_eq!((took(&mut bag, 2), took(&mut bag, 3)), (None, Some(2)));
    }

    #[test]
    fn a_session_that_ends_leaves_all_that_was_not_answered() {
        let mut bag = Postbag::default();
        (1..=4).for_each(|id| bag.put(receipt(id)));
        sent(&mut bag, 3, 0);
        took(&mut bag, 2);
        assert_eq!(bag.empty().map(|receipt| receipt.id).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
