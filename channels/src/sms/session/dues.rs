//! Receipts that were told and are not answered yet: what their answer needs, by token.

use std::collections::VecDeque;

use mingluo_model::channel::ReceiptToken;

/// Tokens are consecutive, so a ring is enough. It holds no more than the gateway leaves unanswered.
#[derive(Debug)]
pub(in crate::sms) struct Dues<D> {
    first: u64,
    ring: VecDeque<Option<D>>,
}

impl<D> Default for Dues<D> {
    fn default() -> Self {
        Self { first: 1, ring: VecDeque::new() }
    }
}

impl<D> Dues<D> {
    /// Remembers what an answer needs.
    pub(in crate::sms) fn owe(&mut self, due: D) -> ReceiptToken {
        let token = ReceiptToken(self.first + self.ring.len() as u64);
        self.ring.push_back(Some(due));
        token
    }

    /// Gives it back, once.
    pub(in crate::sms) fn settle(&mut self, token: ReceiptToken) -> Option<D> {
        let index = usize::try_from(token.0.checked_sub(self.first)?).ok()?;
        let due = self.ring.get_mut(index)?.take();
        self.close_up();
        due
    }

    /// Forgets what can be answered no more.
    pub(in crate::sms) fn forget(&mut self, void: impl Fn(&D) -> bool) {
        for place in &mut self.ring {
            place.take_if(|due| void(due));
        }
        self.close_up();
    }

    fn close_up(&mut self) {
        while self.ring.pop_front_if(|place| place.is_none()).is_some() {
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_due_is_settled_once_in_any_order() {
        let mut dues = Dues::default();
        let [one, two, three] = ["a", "b", "c"].map(|due| dues.owe(due));
        assert_eq!((dues.settle(two), dues.settle(two), dues.settle(one)), (Some("b"), None, Some("a")));
        assert_eq!(
            (dues.settle(one), dues.settle(ReceiptToken(9)), dues.settle(three)),
            (None, None, Some("c"))
        );
        assert!(dues.ring.is_empty());
        let [four, five] = ["d", "e"].map(|due| dues.owe(due));
        assert_eq!(four, ReceiptToken(4));
        dues.forget(|due| *due == "d");
        assert_eq!((dues.settle(four), dues.settle(five)), (None, Some("e")));
    }
}
