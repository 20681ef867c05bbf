//! Whether ledger and gateway say the same, person by person and id by id. Pure: two books in, what differs out.

use super::{
    book::{Book, Entry},
    far::{Far, There},
};
use mingluo_model::delivery::{DeliveryState, Reason};
use serde::Serialize;
use std::collections::BTreeMap;

/// What may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wrong {
    /// Something is still to be done.
    Open,
    /// Never came to the gateway, and the ledger does not say that it may not have.
    Lost,
    /// More copies came than tries whose outcome was unknown explain.
    Doubled,
    /// The gateway was told that its receipt of arrival is kept, and the ledger does not have it.
    ArrivalForgotten,
    /// The same of a receipt of failure.
    FailureForgotten,
    /// The ledger says delivered, and the gateway never did.
    DeliveredByNobody,
    /// The ledger says failed, and the gateway neither refused it nor said so.
    FailedByNobody,
    /// The ledger says that no receipt came, and none was withheld.
    ReceiptVanished,
    /// Unknown, and no reason is named.
    NoReason,
    /// The gateway took it under an id that the ledger does not know, although all was answered.
    IdUnknown,
    /// The ledger has the id at another person.
    IdElsewhere,
    /// The ledger has an id that the gateway never gave.
    IdInvented,
    /// The gateway got a message for somebody whom this account was not to warn.
    Stray,
}

/// What one account comes to.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Equal {
    pub(super) people: u64,
    pub(super) delivered: u64,
    pub(super) failed: u64,
    pub(super) without_receipt: u64,
    /// Unknown for good, by reason.
    pub(super) unknown: BTreeMap<&'static str, u64>,
    /// Tries that left and were never answered.
    pub(super) answers_lost: u64,
    /// Ids that the ledger never heard, each of a try whose answer was lost.
    pub(super) ids_unheard: u64,
    pub(super) ids: u64,
    /// Copies too many, each of a try whose outcome was unknown.
    pub(super) twice: u64,
    pub(super) resent_in_doubt: u64,
    pub(super) wrong: BTreeMap<Wrong, u64>,
}

/// Compares the books of one account.
pub(super) fn equal(book: &Book, far: &Far, first: u32) -> Equal {
    let mut equal = Equal {
        people: book.people.len() as u64,
        resent_in_doubt: book.resent_in_doubt.into(),
        ..Equal::default()
    };
    for (entry, there) in book.people.iter().zip(&far.people) {
        equal.count(*entry, *there);
        for wrong in wrongs(*entry, *there) {
            equal.found(wrong);
        }
    }
    equal.ids(book, far, first);
    if far.strays > 0 {
        *equal.wrong.entry(Wrong::Stray).or_default() += far.strays;
    }
    equal
}

/// What is wrong about one person.
fn wrongs(entry: Entry, there: There) -> impl Iterator<Item = Wrong> {
    let (state, reason) = (entry.standing.state(), entry.standing.reason());
    let doubled = (there.copies > 1 + entry.lost).then_some(Wrong::Doubled);
    let gone = there.copies == 0 && there.refused == 0 && state != DeliveryState::Unknown;
    let standing = match state {
        _ if gone && !state.is_open() => Some(Wrong::Lost),
        DeliveryState::Delivered => (!there.said_arrived).then_some(Wrong::DeliveredByNobody),
        _ if there.arrived => Some(Wrong::ArrivalForgotten),
        DeliveryState::Failed => {
            let refused = reason == Reason::BadAddress && there.refused > 0;
            (!refused && !there.said_failed).then_some(Wrong::FailedByNobody)
        }
        DeliveryState::Unknown => (reason == Reason::None).then_some(Wrong::NoReason),
        _ if there.failed => Some(Wrong::FailureForgotten),
        DeliveryState::Accepted if reason == Reason::NoReceipt => {
            (!there.withheld).then_some(Wrong::ReceiptVanished)
        }
        _ => Some(Wrong::Open),
    };
    doubled.into_iter().chain(standing)
}

impl Equal {
    /// Whether nothing differs.
    pub(super) fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    fn found(&mut self, wrong: Wrong) {
        *self.wrong.entry(wrong).or_default() += 1;
    }

    fn count(&mut self, entry: Entry, there: There) {
        match entry.standing.state() {
            DeliveryState::Delivered => self.delivered += 1,
            DeliveryState::Failed => self.failed += 1,
            DeliveryState::Accepted => self.without_receipt += 1,
            DeliveryState::Unknown => {
                *self.unknown.entry(entry.standing.reason().word()).or_default() += 1;
            }
            _ => {}
        }
        self.answers_lost += u64::from(entry.lost);
        self.twice += u64::from(there.copies.saturating_sub(1));
    }

    /// Every id on both sides, at the same person.
    fn ids(&mut self, book: &Book, far: &Far, first: u32) {
        self.ids = far.ids.len() as u64;
        for (id, ordinal) in &far.ids {
            match book.ids.get(id) {
                Some(known) if known == ordinal => {}
                Some(_) => self.found(Wrong::IdElsewhere),
                None => {
                    let person = ordinal.wrapping_sub(first) as usize;
                    match book.people.get(person) {
                        Some(entry) if entry.lost > 0 => self.ids_unheard += 1,
                        _ => self.found(Wrong::IdUnknown),
                    }
                }
            }
        }
        let invented = book.ids.keys().filter(|id| !far.ids.contains_key(*id)).count();
        if invented > 0 {
            *self.wrong.entry(Wrong::IdInvented).or_default() += invented as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{delivery::Standing, receipt::ProviderId};

    const ARRIVED: There = There {
        copies: 1,
        refused: 0,
        said_arrived: true,
        arrived: true,
        said_failed: false,
        failed: false,
        withheld: false,
    };

    fn said(state: DeliveryState, reason: Reason, lost: u16, there: There) -> Vec<Wrong> {
        wrongs(Entry { standing: Standing::new(state, reason), lost }, there).collect()
    }

    fn nothing() -> There {
        There::default()
    }

    #[test]
    fn who_was_told_and_confirmed_is_delivered_and_nothing_else() {
        use DeliveryState::{Accepted, Delivered, Failed, Unknown};
        assert_eq!(said(Delivered, Reason::None, 0, ARRIVED), []);
        for (state, reason) in
            [(Unknown, Reason::SessionLost), (Accepted, Reason::NoReceipt), (Failed, Reason::Unreachable)]
        {
            assert_eq!(said(state, reason, 1, ARRIVED), [Wrong::ArrivalForgotten]);
        }
        let unanswered = There { arrived: false, ..ARRIVED };
        assert_eq!(said(Delivered, Reason::None, 0, unanswered), [], "the answer may have been lost");
        let silent = There { said_arrived: false, ..unanswered };
        assert_eq!(said(Delivered, Reason::None, 0, silent), [Wrong::DeliveredByNobody]);
    }

    #[test]
    fn who_never_came_to_the_gateway_is_lost_unless_that_is_said_to_be_unknown() {
        use DeliveryState::{Accepted, Delivered, Queued, Unknown};
        assert_eq!(said(Delivered, Reason::None, 0, nothing()), [Wrong::Lost]);
        assert_eq!(said(Accepted, Reason::NoReceipt, 0, nothing()), [Wrong::Lost]);
        assert_eq!(said(Unknown, Reason::SessionLost, 1, nothing()), []);
        assert_eq!(said(Unknown, Reason::None, 1, nothing()), [Wrong::NoReason]);
        assert_eq!(said(Queued, Reason::None, 0, nothing()), [Wrong::Open]);
    }

    #[test]
    fn a_copy_too_many_needs_a_try_whose_outcome_was_unknown() {
        let twice = There { copies: 2, ..ARRIVED };
        assert_eq!(said(DeliveryState::Delivered, Reason::None, 1, twice), []);
        assert_eq!(said(DeliveryState::Delivered, Reason::None, 0, twice), [Wrong::Doubled]);
    }

    #[test]
    fn failures_and_silence_have_somebody_who_said_so_or_did_not() {
        use DeliveryState::{Accepted, Failed};
        let refused = There { refused: 1, ..nothing() };
        assert_eq!(said(Failed, Reason::BadAddress, 0, refused), []);
        assert_eq!(said(Failed, Reason::Quota, 0, refused), [Wrong::FailedByNobody]);
        let taken = There { copies: 1, ..nothing() };
        let withheld = There { withheld: true, ..taken };
        assert_eq!(said(Accepted, Reason::NoReceipt, 0, withheld), []);
        assert_eq!(said(Accepted, Reason::NoReceipt, 0, taken), [Wrong::ReceiptVanished]);
        assert_eq!(said(Accepted, Reason::None, 0, withheld), [Wrong::Open], "its receipt is still awaited");
        let failed = There { said_failed: true, failed: true, ..taken };
        assert_eq!(said(Accepted, Reason::NoReceipt, 0, failed), [Wrong::FailureForgotten]);
        assert_eq!(said(Failed, Reason::Unreachable, 0, failed), []);
    }

    #[test]
    fn ids_are_at_the_same_person_on_both_sides() {
        let id = |number: u32| ProviderId::new(&number.to_be_bytes());
        let standing = Standing::new(DeliveryState::Delivered, Reason::None);
        let people = vec![Entry { standing, lost: 0 }, Entry { standing, lost: 1 }];
        let far = Far::that_saw(vec![ARRIVED; 2], [(id(7), 50), (id(8), 51), (id(9), 51)].into());
        let wrong = |ids: &[(u32, u32)]| {
            let ids = ids.iter().map(|(number, ordinal)| (id(*number), *ordinal)).collect();
            equal(&Book { people: people.clone(), ids, resent_in_doubt: 0 }, &far, 50).wrong
        };
        assert!(wrong(&[(7, 50), (8, 51)]).is_empty(), "the answer to 9 was lost");
        assert_eq!(wrong(&[(8, 51)]), [(Wrong::IdUnknown, 1)].into());
        assert_eq!(wrong(&[(7, 51), (8, 51)]), [(Wrong::IdElsewhere, 1)].into());
        assert_eq!(wrong(&[(7, 50), (8, 51), (6, 50)]), [(Wrong::IdInvented, 1)].into());
    }
}
