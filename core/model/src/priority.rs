//! The order of sending. Whatever is compared first here overtakes everything compared later.

use crate::{grade::Grade, region::Level};
use serde::{Deserialize, Serialize};

/// The class of a message (播发类别), lowest first.
///
/// Source: emergency-broadcast terminal command 0x04, class field (emergency before drills before daily).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmergencyClass {
    /// 日常.
    Daily,
    /// 演练.
    Drill,
    /// 应急.
    Emergency,
}

/// Whose turn it is (优先级). Derived order, field by field: a greater value goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Priority {
    /// A lift or a correction overtakes even red: people act on what is wrong or over.
    pub withdraws: Withdraws,
    /// Emergency before daily.
    pub class: EmergencyClass,
    /// Red before blue.
    pub grade: Grade,
    /// The higher issuer before the lower (上级优先).
    pub tier: Level,
    /// Responsible persons before residents: they knock at doors.
    pub hearers: Hearers,
}

/// Whether a message takes an earlier one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Withdraws {
    /// 发布或更新.
    No,
    /// 解除或更正.
    Yes,
}

/// Who hears a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hearers {
    /// 公众.
    Residents,
    /// 责任人.
    Responsible,
}

/// What a message is sent on: which of an account's own rules hold for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// How grave it is.
    pub grade: Grade,
    /// Whether it takes an earlier one back.
    pub withdraws: Withdraws,
}

impl Priority {
    /// The occasion of a plan.
    pub const fn occasion(self) -> Occasion {
        Occasion { grade: self.grade, withdraws: self.withdraws }
    }

    /// The order as one number for the ledger: greater goes first, compared like [`Ord`].
    pub fn packed(self) -> i64 {
        let digits = [
            i64::from(self.withdraws == Withdraws::Yes),
            match self.class {
                EmergencyClass::Daily => 0,
                EmergencyClass::Drill => 1,
                EmergencyClass::Emergency => 2,
            },
            i64::from(self.grade.rank()),
            match self.tier {
                Level::Village => 0,
                Level::Township => 1,
                Level::County => 2,
                Level::City => 3,
                Level::Province => 4,
            },
            i64::from(self.hearers == Hearers::Responsible),
        ];
        digits.into_iter().fold(0, |packed, digit| packed * 16 + digit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_priority() -> impl Strategy<Value = Priority> {
        let withdraws = prop_oneof![Just(Withdraws::No), Just(Withdraws::Yes)];
        let class = prop_oneof![
            Just(EmergencyClass::Daily),
            Just(EmergencyClass::Drill),
            Just(EmergencyClass::Emergency)
        ];
        let tier = prop_oneof![Just(Level::Village), Just(Level::County), Just(Level::Province)];
        let hearers = prop_oneof![Just(Hearers::Residents), Just(Hearers::Responsible)];
        (withdraws, class, prop::sample::select(&Grade::ALL[..]), tier, hearers).prop_map(
            |(withdraws, class, grade, tier, hearers)| Priority { withdraws, class, grade, tier, hearers },
        )
    }

    proptest! {
        #[test]
        fn the_ledger_orders_as_the_model_does(one in any_priority(), other in any_priority()) {
            prop_assert_eq!(one.cmp(&other), one.packed().cmp(&other.packed()));
        }
    }
}
