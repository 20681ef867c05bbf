//! Small rosters for the tests of this crate.

use super::{EditionBuilder, EditionDraft};
use crate::roster::Recipient;
use mingluo_model::address::Address;
use proptest::prelude::*;

/// Village, groups, and whether there is a telephone (else a box).
pub(crate) type Someone<'a> = (&'a str, u32, bool);

/// Villages of the sample gazetteer.
pub(crate) const VILLAGES: [&str; 4] = ["210403103201", "210423100001", "210423100201", "210423101201"];

pub(crate) fn edition(roster: &[Someone<'_>]) -> EditionDraft {
    let mut builder = EditionBuilder::default();
    for (at, (village, groups, telephone)) in roster.iter().enumerate() {
        let mut recipient = Recipient { groups: *groups, ..Recipient::new(village.parse().unwrap()) };
        if *telephone {
            recipient.sms = Some(Address::new(format!("+8619730{at:06}")));
            recipient.wechat = (at % 3 == 0).then(|| Address::new(format!("o-{at:026}")));
        } else {
            recipient.speaker = Some(Address::new(format!("34{village}{at:09}")));
        }
        builder.push(&recipient).unwrap();
    }
    builder.finish()
}

pub(crate) fn any_roster() -> impl Strategy<Value = Vec<Someone<'static>>> {
    proptest::collection::vec((prop::sample::select(&VILLAGES), 0_u32..16, any::<bool>()), 1..120)
}
